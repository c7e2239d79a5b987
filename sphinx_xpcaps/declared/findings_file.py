"""The file of findings: JSON for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from sphinx_xpcaps.declared.model import Findings
from sphinx_xpcaps.files import replace_own


class _Report(msgspec.Struct):
    """What reports of all versions have."""

    table: str
    compared: int
    differences: list[Any]
    schema: int


def write(findings: Findings, path: Path) -> None:
    """Write `findings` as JSON; equal findings give equal bytes.

    Raises
    ------
    OSError
        The file cannot be written, or has something else than findings.
    """
    content = msgspec.json.format(msgspec.json.encode(findings), indent=1) + b"\n"
    replace_own(path, content, _is_report)


def _is_report(content: bytes) -> bool:
    """Return whether the content of a file is a report, or empty."""
    try:
        return not content or bool(msgspec.json.decode(content, type=_Report))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    return msgspec.json.schema(Findings)
