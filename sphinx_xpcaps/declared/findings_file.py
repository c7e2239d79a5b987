"""The file of findings: JSON for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from sphinx_xpcaps.declared.model import Findings
from sphinx_xpcaps.files import write_atomically


def write(findings: Findings, path: Path) -> None:
    """Write `findings` as JSON; equal findings give equal bytes."""
    content = msgspec.json.format(msgspec.json.encode(findings), indent=1) + b"\n"
    write_atomically(path, content)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    return msgspec.json.schema(Findings)
