"""What a declaration should say: the declared capabilities, corrected by what was measured."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

from core.backends import backends, get_backend
from core.testing import Capabilities, Limit
from sphinx_xpcaps.declared.compare import compare_target
from sphinx_xpcaps.declared.interpret import mode_keyword
from sphinx_xpcaps.declared.model import Comparison, Declaration, Verdict
from sphinx_xpcaps.measure.batch import REFERENCE
from sphinx_xpcaps.results.model import Status
from sphinx_xpcaps.results.view import Table

Of = tuple[str, str, str]
"""A backend, a device and a mode."""

_MOST_STEPS = 50
"""More corrections than a table has cells and modes mean that they undo one another."""


def corrected(declaration: Declaration, table: Table, *, accepted: Set[Of]) -> Capabilities | None:
    """Return capabilities that no measurement contradicts, or None if no arguments say all of it.

    Parameters
    ----------
    declaration : Declaration
        What is declared now; all of it that is not contradicted stays.
    table : Table
        What was measured of the target.
    accepted : set
        Backend, device and mode of differences that are known, and stay.
    """
    declared = declaration.capabilities or Capabilities()
    found = _steps(replace(declaration, capabilities=declared), table, accepted)
    if found is None and declared.np_only:
        spelt = replace(declaration, capabilities=_without_np_only(declared))
        found = _steps(spelt, table, accepted)
    return found


def _steps(declaration: Declaration, table: Table, accepted: Set[Of]) -> Capabilities | None:
    """Correct one difference after the other: each may show another in a further mode."""
    found = declaration.capabilities
    assert found is not None
    for _ in range(_MOST_STEPS):
        comparisons = compare_target(replace(declaration, capabilities=found), table)
        wrong = [
            c for c in comparisons if c.verdict.differs and not c.expected and of(c) not in accepted
        ]
        if not wrong:
            return found
        found = _corrected(found, min(wrong, key=lambda c: c.verdict is not Verdict.WORKS))
    return None


def _without_np_only(declared: Capabilities) -> Capabilities:
    """Return capabilities that skip each backend by name, as its exceptions are of all devices."""
    reason = declared.reason or ""
    others = [name for name in backends() if name not in (REFERENCE, *declared.exceptions)]
    skipped = tuple(Limit(name, reason) for name in others if declared.obstacle(name, "cpu"))
    return replace(declared, np_only=False, skip_backends=(*declared.skip_backends, *skipped))


def of(comparison: Comparison) -> Of:
    """Return what a comparison is of, within its target."""
    return comparison.backend, comparison.device, comparison.mode


def _corrected(declared: Capabilities, measured: Comparison) -> Capabilities:
    works = measured.status is Status.SUPPORTED
    backend = measured.backend
    keyword = mode_keyword(backend, measured.mode)
    if keyword is not None:
        value: dict[str, Any] = {keyword.name: keyword.works if works else not keyword.works}
        said = (backend, keyword.words)
        warnings = tuple(w for w in declared.warnings if (w.backend, w.reason) != said)
        return replace(declared, warnings=warnings, **value)
    if works:
        return _allow(declared, measured)
    if backend in declared.exceptions and (declared.np_only or measured.device != "cpu"):
        rest = tuple(name for name in declared.exceptions if name != backend)
        return replace(declared, exceptions=rest)
    if measured.device != "cpu" and "cpu" in get_backend(backend).columns:
        return _on_cpu_only(declared, backend)
    limit = Limit(backend, measured.notes[0] if measured.notes else str(measured.status))
    return replace(declared, skip_backends=(*declared.skip_backends, limit))


def _allow(declared: Capabilities, measured: Comparison) -> Capabilities:
    """Take away what keeps a backend from working on a device."""
    backend = measured.backend

    def stays(limit: Limit) -> bool:
        return limit.backend != backend or not limit.applies(measured.version)

    found = replace(
        declared,
        skip_backends=tuple(filter(stays, declared.skip_backends)),
        xfail_backends=tuple(filter(stays, declared.xfail_backends)),
    )
    if found.obstacle(backend, measured.device, version=measured.version):
        found = replace(found, exceptions=(*found.exceptions, backend))
    return found


def _on_cpu_only(declared: Capabilities, backend: str) -> Capabilities:
    """Declare that a backend fails on accelerators, and let others be as they are."""
    others = [
        name
        for name, adapter in backends().items()
        if name != backend and "gpu" in adapter.columns and not declared.obstacle(name, "gpu")
    ]
    # A stand-in's device is no accelerator that a declaration speaks of.
    named = [name for name in others if get_backend(name).columns["gpu"] == "gpu"]
    exceptions = dict.fromkeys([*declared.exceptions, *named])
    return replace(declared, cpu_only=True, exceptions=tuple(exceptions))
