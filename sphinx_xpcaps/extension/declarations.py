"""Compare what a library declares about its functions with the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.declared import findings_file, known_differences, messages
from sphinx_xpcaps.declared.compare import compare
from sphinx_xpcaps.declared.load import DeclaredError, declarations
from sphinx_xpcaps.declared.model import Findings
from sphinx_xpcaps.extension.domain import TableRequest
from sphinx_xpcaps.extension.warnings import Diagnostic, logger
from sphinx_xpcaps.results.view import Table


def compare_declarations(
    folder: Path, config: Config, requests: Sequence[TableRequest], tables: Mapping[str, Table]
) -> list[Diagnostic]:
    """Return the differences, or write them to the report that the options name.

    Parameters
    ----------
    folder : Path
        The folder of ``conf.py``.
    config : Config
        The options.
    requests : sequence of TableRequest
        Requests of the targets whose declarations are compared.
    tables : mapping of str to Table
        The tables by target.
    """
    first = {request.target: request for request in reversed(requests)}
    path = Path(config.declared_known)
    try:
        known = known_differences.read(path) if config.declared_known else ()
        declared = declarations(sorted(first), config.declared, config)
    except known_differences.KnownError as error:
        return [_option_problem("xpcaps_declared_known", error, folder)]
    except DeclaredError as error:
        return [_option_problem("xpcaps_declared", error, folder)]
    compared = compare(declared, tables)
    findings = known_differences.classify(config.declared, compared, known, date.today())
    if config.declared_report:
        try:
            findings_file.write(findings, Path(config.declared_report))
        except OSError as error:
            return [_option_problem("xpcaps_declared_report", error, folder)]
        logger.info("declared and measured: %s", messages.summary(findings))
        return []
    return _problems(findings, first, path)


def _problems(
    findings: Findings, requests: Mapping[str, TableRequest], known: Path
) -> list[Diagnostic]:
    differences = [
        Diagnostic(kind="mismatch", message=line, request=requests[target])
        for target, line in messages.lines(findings.differences)
    ]
    outdated = [
        Diagnostic(kind="mismatch", message=messages.stale_line(stale), file=known)
        for stale in findings.stale
    ]
    return [*differences, *outdated]


def _option_problem(option: str, error: Exception, folder: Path) -> Diagnostic:
    return Diagnostic(kind="option", message=f"{option}: {error}", file=folder / "conf.py")
