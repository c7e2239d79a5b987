"""Write findings as JSON for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from sphinx_xpcaps.declared.model import Findings


def write(findings: Findings, path: Path) -> None:
    """Write `findings` as JSON; the same facts on_result the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(findings), indent=1) + b"\n")


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a report."""
    return msgspec.json.schema(Findings)
