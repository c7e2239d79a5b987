"""A report as annotations of GitHub Actions: workflow commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sphinx_xpcaps.advise.model import Finding, Report
from sphinx_xpcaps.results.labels import one_line


def render(report: Report, sources: Mapping[str, str]) -> str:
    """Return one command ``::warning`` for each finding."""
    return "".join(_command(one) for one in report.findings)


def _command(finding: Finding) -> str:
    place = finding.place
    properties = {
        "title": f"sphinx-xpcaps ({finding.code})",
        "file": Path(place.path).as_posix(),
        "line": place.line,
        "col": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    text = f"{place.path}:{place.line}:{place.column}: {finding.code} {one_line(finding.message)}"
    return f"::warning {listed}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
