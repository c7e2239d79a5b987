"""A report as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from sphinx_xpcaps.advise.model import Finding, Report, UnknownCall


def render(report: Report, sources: Mapping[str, str]) -> str:
    """Return a report as a JSON object with findings, unknown calls and counts."""
    content = {
        "findings": [_finding(one) for one in report.findings],
        "unknown": [_unknown(one) for one in report.unknown],
        "counts": report.counts,
    }
    encoded = msgspec.json.encode(content, order="deterministic")
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def _finding(one: Finding) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(one)
    return {**plain.pop("place"), **plain}


def _unknown(one: UnknownCall) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(one)
    return {**plain.pop("place"), **plain}
