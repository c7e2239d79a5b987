"""Compare declarations with the tables of measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.backends import backends
from sphinx_xpcaps.declared.interpret import declared_support
from sphinx_xpcaps.declared.model import Comparison, Declaration, Declarations, Verdict
from sphinx_xpcaps.results.model import Cell, Status
from sphinx_xpcaps.results.view import Table, TableCell


def compare(declarations: Declarations, tables: Mapping[str, Table]) -> tuple[Comparison, ...]:
    """Return the comparisons of all targets.

    Outdated measurements and conflicts between records are not compared, since the current status
    is not known. An expected status gives a comparison that is marked as expected.
    """
    return tuple(
        comparison
        for name, declaration in sorted(declarations.entries.items())
        if name in tables
        for comparison in compare_target(declaration, tables[name])
    )


def compare_target(declaration: Declaration, table: Table) -> tuple[Comparison, ...]:
    """Return the comparisons of one target; see `compare`."""
    return tuple(c for shown in table.cells for c in _of_cell(declaration, shown))


def _of_cell(declaration: Declaration, shown: TableCell) -> Iterator[Comparison]:
    cell = shown.cell
    # Declarations do not cover substitute devices, such as the second one of array-api-strict.
    if shown.outdated or cell.device != shown.column or cell.status is Status.CONFLICT:
        return
    version = shown.environment.packages.get(cell.backend) if shown.environment else None
    if cell.expected is not None:
        found = _compare(declaration, cell, "eager", cell.expected.status, version, expected=True)
        if found is not None and declaration.capabilities is not None:
            yield found
    if not cell.status.measured:
        return
    for mode, status in sorted(cell.modes.items()):
        found = _compare(declaration, cell, mode, status, version)
        if found is not None:
            yield found


def _compare(
    declaration: Declaration,
    cell: Cell,
    mode: str,
    status: Status,
    version: str | None,
    *,
    expected: bool = False,
) -> Comparison | None:
    if not status.measured:
        return None
    if declaration.capabilities is None:
        if mode != "eager" or _is_reference(cell.backend):
            return None
        declared, why = None, ""
        verdict = Verdict.UNDECLARED if status is Status.SUPPORTED else Verdict.AGREES
    else:
        support = declared_support(
            declaration.capabilities, cell.backend, cell.device, mode, version
        )
        if support is None:
            return None
        declared, why = support.works, support.why
        verdict = _verdict(support.works, status)
    notes = cell.notes
    if expected:
        reason = cell.expected.reason if cell.expected else None
        notes = (reason,) if reason else ()
    failed = status is not Status.SUPPORTED and not expected
    return Comparison(
        target=declaration.target,
        backend=cell.backend,
        device=cell.device,
        mode=mode,
        verdict=verdict,
        declared=declared,
        status=status,
        why=why,
        passed=cell.passed,
        total=cell.total,
        notes=notes,
        reasons=tuple(r for r in cell.reasons if r.mode == mode) if failed else (),
        version=version,
        expected=expected,
    )


def _is_reference(backend: str) -> bool:
    return backend in backends() and backends()[backend].is_reference


def _verdict(declared: bool, status: Status) -> Verdict:
    """Return the verdict; a partial status contradicts neither declaration."""
    if status is Status.PARTIAL:
        return Verdict.BETWEEN
    if declared == (status is Status.SUPPORTED):
        return Verdict.AGREES
    return Verdict.FAILS if declared else Verdict.WORKS
