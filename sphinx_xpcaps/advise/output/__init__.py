"""Print a report: as text, JSON, GitHub annotations or SARIF."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from sphinx_xpcaps.advise.model import Report
from sphinx_xpcaps.advise.output import github, json, sarif, text

Sources = Mapping[str, str]
"""The source of each file with findings, by path."""


class Format(StrEnum):
    """How a report is printed."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


_FORMATS: Mapping[Format, Callable[[Report, Sources], str]] = {
    Format.FULL: text.full,
    Format.CONCISE: text.concise,
    Format.JSON: json.render,
    Format.GITHUB: github.render,
    Format.SARIF: sarif.render,
}


def render(report: Report, sources: Sources, style: Format) -> str:
    """Return a report as text in a format."""
    return _FORMATS[style](report, sources)
