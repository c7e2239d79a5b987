"""A report as text for readers: one line for each finding, or with the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sphinx_xpcaps.advise.model import Finding, Place, Report
from sphinx_xpcaps.results.labels import one_line
from sphinx_xpcaps.results.text import escape


def concise(report: Report, sources: Mapping[str, str]) -> str:
    """Return one line for each finding."""
    return "".join(
        f"{location(one.place)}: {one.code} {one_line(one.message)}\n" for one in report.findings
    )


def full(report: Report, sources: Mapping[str, str]) -> str:
    """Return each finding with its source and notes."""
    blocks = ["\n".join(_lines(one, sources)) + "\n" for one in report.findings]
    return "\n".join(blocks) + ("\n" if blocks else "")


def location(place: Place) -> str:
    """Return a place as editors read it."""
    return f"{place.path}:{place.line}:{place.column}"


def _lines(finding: Finding, sources: Mapping[str, str]) -> Iterator[str]:
    place = finding.place
    yield f"{finding.code} {one_line(finding.message)}"
    margin = " " * len(str(place.line))
    yield f"{margin}--> {location(place)}"
    source = sources.get(place.path, "").split("\n")
    if place.line <= len(source) and source[place.line - 1].strip():
        line = escape(source[place.line - 1])
        last = place.end_column if place.end_line == place.line else len(line) + 1
        marks = " " * (place.column - 1) + "^" * max(last - place.column, 1)
        yield f"{margin} |"
        yield f"{place.line} | {line}"
        yield f"{margin} | {marks}"
        yield f"{margin} |"
    for label, content in _notes(finding):
        yield f"{margin} = {label}: {one_line(content, 400)}"


def _notes(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.note:
        yield "note", finding.note
    if finding.since:
        yield "versions", finding.since
    if finding.measured:
        yield "measured", f"with {finding.measured}"
    if finding.remedy:
        yield "help", finding.remedy
