"""Compile the message catalogues of the extension, after a .po file was edited.

usage: python .ci/compile_catalogues.py
"""

from __future__ import annotations

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parents[1] / "sphinx_xpcaps" / "locales"


def main() -> None:
    """Write the .mo file beside each .po file."""
    for path in sorted(LOCALES.glob("*/LC_MESSAGES/*.po")):
        with path.open("rb") as stream:
            catalogue = read_po(stream, locale=path.parts[-3])
        with path.with_suffix(".mo").open("wb") as stream:
            write_mo(stream, catalogue)


if __name__ == "__main__":
    main()
