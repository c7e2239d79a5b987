"""Warns, or writes a report, where a declaration says something else than was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.declared import known_differences as known_file
from sphinx_xpcaps.declared import messages, report
from sphinx_xpcaps.declared.compare import compare
from sphinx_xpcaps.declared.load import DeclaredError, declarations
from sphinx_xpcaps.declared.model import Findings
from sphinx_xpcaps.extension.domain import TableRequest
from sphinx_xpcaps.extension.locations import warn_at
from sphinx_xpcaps.extension.warnings import logger, warn
from sphinx_xpcaps.results.view import Table

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def warn_of_declarations(
    app: Sphinx, config: Config, wishes: Sequence[TableRequest], tables: Mapping[str, Table]
) -> None:
    """Hold the declarations of all targets that the documentation shows against their tables."""
    conf = Path(app.confdir) / "conf.py"
    first = {wish.target: wish for wish in reversed(wishes)}
    try:
        known = known_file.read(Path(config.declared_known)) if config.declared_known else ()
        declared = declarations(sorted(first), config.declared, config)
    except known_file.KnownError as error:
        warn("option", f"xpcaps_declared_known: {error}", conf)
        return
    except DeclaredError as error:
        warn("option", f"xpcaps_declared: {error}", conf)
        return
    findings = known_file.classify(config.declared, compare(declared, tables), known, date.today())
    if config.declared_report:
        report.write(findings, Path(config.declared_report))
        logger.info("declared and measured: %s", messages.summary(findings))
        return
    for target, line in messages.lines(findings.differences):
        warn_at(app, first[target], "mismatch", line)
    _warn_of_stale(findings, Path(config.declared_known))


def _warn_of_stale(findings: Findings, path: Path) -> None:
    for stale in findings.stale:
        warn("mismatch", messages.stale_line(stale), path)
