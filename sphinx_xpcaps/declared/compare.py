"""Holds declarations against the tables that measurements add up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sphinx_xpcaps.declared.interpret import claim
from sphinx_xpcaps.declared.model import Comparison, Declaration, Declarations, Verdict
from sphinx_xpcaps.measure.batch import REFERENCE
from sphinx_xpcaps.results.model import Cell, Status
from sphinx_xpcaps.results.view import Shown, Table


def compare(declarations: Declarations, tables: Mapping[str, Table]) -> tuple[Comparison, ...]:
    """Return everything that is both declared, or should be, and measured.

    What was not measured gives nothing, nor does an outdated measurement or a conflict between
    records: neither says what is true now. An expectation gives a comparison that says so.
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


def _of_cell(declaration: Declaration, shown: Shown) -> Iterator[Comparison]:
    cell = shown.cell
    # A stand-in device, such as a second one of a strict implementation, is in no declaration.
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
        if mode != "eager" or cell.backend == REFERENCE:
            return None
        declared, why = None, ""
        verdict = Verdict.UNDECLARED if status is Status.SUPPORTED else Verdict.AGREES
    else:
        said = claim(declaration.capabilities, cell.backend, cell.device, mode, version)
        if said is None:
            return None
        declared, why = said.works, said.why
        verdict = _verdict(said.works, status)
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


def _verdict(declared: bool, status: Status) -> Verdict:
    """Only what works in no case contradicts "works", and only what always does "fails"."""
    if status is Status.PARTIAL:
        return Verdict.BETWEEN
    if declared == (status is Status.SUPPORTED):
        return Verdict.AGREES
    return Verdict.FAILS if declared else Verdict.WORKS
