"""Warnings of a build: each has the type ``xpcaps.KIND`` and can be suppressed by that name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging

from sphinx_xpcaps.extension.domain import PackageRequest, TableRequest

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger("sphinx_xpcaps")

KINDS = {
    "option": "An option of a directive or in `conf.py` is unknown or has an invalid value.",
    "backend": "A backend is unknown.",
    "match": "A pattern matches no documented object, or a summary has no table.",
    "target": "A target cannot be imported, or is not callable.",
    "no_case": "No case could be made for one or more targets.",
    "body": "The code in a directive raises an exception, or does not call the target.",
    "record": "A record is missing or cannot be read.",
    "mismatch": "A committed record or a declaration differs from the measurement.",
    "report": "A file with the data of the report cannot be written.",
    "unstable": "A cell was different when it was measured again, because of `xpcaps_verify`.",
    "engine": "Measuring failed; all tables come from committed records.",
}
"""The meaning of each kind of warning; the guide shows this table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A problem that was found while tables were built; `report` turns it into a warning."""

    kind: str
    message: str
    request: TableRequest | PackageRequest | None = None
    """The request that the warning points to."""
    line: int | None = None
    """A line in the document of the request, if it is not that of the request."""
    file: Path | None = None
    """The file that the warning points to if there is no request."""


def warn_all(app: Sphinx, diagnostics: Iterable[Diagnostic]) -> None:
    """Emit a warning for each diagnostic."""
    for diagnostic in diagnostics:
        request = diagnostic.request
        location: tuple[str, int | None] | Path | None = diagnostic.file
        if request is not None:
            line = diagnostic.line or request.line
            if line is None and isinstance(request, TableRequest):
                line = _find_line(app.env, request)
            location = (request.docname, line)
        warn(diagnostic.kind, diagnostic.message, location)


def warn(kind: str, message: str, location: tuple[str, int | None] | Path | None = None) -> None:
    """Emit a one-line warning; `location` is a document name with a line, or a file."""
    assert kind in KINDS
    if isinstance(location, Path):  # Sphinx takes a string for the name of a document
        location, message = None, f"{location}: {message}"
    logger.warning("%s", message, type="xpcaps", subtype=kind, location=location)


def _find_line(env: BuildEnvironment, request: TableRequest) -> int | None:
    """Return the line that names the target of a request, or else an object that contains it.

    This is for targets that match a pattern: the descriptions that autodoc generates have the line
    of the docstring, not of the document.
    """
    try:
        lines = Path(env.doc2path(request.docname)).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return None
    for name in reversed(request.target.split(".")):
        directive = re.compile(rf"(::|\}})\s*([\w.]+\.)?{re.escape(name)}\s*(\(|$)")
        for number, line in enumerate(lines, 1):
            if directive.search(line):
                return number
    return None
