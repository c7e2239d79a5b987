"""Start the command line: ``sphinx-xpcaps``, or ``python -m sphinx_xpcaps``.

Before anything else is imported, this module checks that ``core`` is the package of this project.
"""

from __future__ import annotations

import sys

from sphinx_xpcaps.core_conflict import refusal


def main() -> None:
    """Run the command line, or exit if Python finds another package named ``core``."""
    message = refusal()
    if message is not None:
        print(f"Error: {message}", file=sys.stderr)
        raise SystemExit(2)
    from sphinx_xpcaps.cli import main as run

    run(prog_name="sphinx-xpcaps")


if __name__ == "__main__":
    main()
