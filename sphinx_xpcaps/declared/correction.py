"""Correct declared capabilities so that they agree with the measurements."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

from core.backends import backends, get_backend
from core.notes import MODE_NOTES
from core.testing import Capabilities, Limit
from sphinx_xpcaps.declared.compare import compare_target
from sphinx_xpcaps.declared.interpret import mode_keyword
from sphinx_xpcaps.declared.model import Comparison, Declaration, Verdict
from sphinx_xpcaps.results.model import Status
from sphinx_xpcaps.results.view import Table

ComparisonKey = tuple[str, str, str]
"""A backend, a device and a mode."""

_MOST_STEPS = 50
"""Limit on corrections; more than there are cells and modes means that they alternate."""


def corrected(
    declaration: Declaration, table: Table, *, accepted: Set[ComparisonKey]
) -> Capabilities | None:
    """Return capabilities that no measurement contradicts, or None if there are none.

    Parameters
    ----------
    declaration : Declaration
        The current declaration, which changes only where it is contradicted.
    table : Table
        The measurements of the target.
    accepted : set
        Backend, device and mode of known differences, which are not corrected.
    """
    declared = declaration.capabilities or Capabilities()
    found = _steps(replace(declaration, capabilities=declared), table, accepted)
    if found is None and declared.np_only:
        explicit = replace(declaration, capabilities=_without_np_only(declared))
        found = _steps(explicit, table, accepted)
    return found


def _steps(
    declaration: Declaration, table: Table, accepted: Set[ComparisonKey]
) -> Capabilities | None:
    """Correct one difference at a time, since a correction may lead to another difference."""
    found = declaration.capabilities
    assert found is not None
    for _ in range(_MOST_STEPS):
        comparisons = compare_target(replace(declaration, capabilities=found), table)
        wrong = [
            c
            for c in comparisons
            if c.verdict.differs and not c.expected and key_of(c) not in accepted
        ]
        if not wrong:
            return found
        found = _corrected(found, min(wrong, key=lambda c: c.verdict is not Verdict.WORKS))
    return None


def _without_np_only(declared: Capabilities) -> Capabilities:
    """Return capabilities without ``np_only``, whose exceptions apply to all devices."""
    reason = declared.reason or ""
    others = [
        name
        for name, adapter in backends().items()
        if not adapter.is_reference and name not in declared.exceptions
    ]
    skipped = tuple(Limit(name, reason) for name in others if declared.obstacle(name, "cpu"))
    return replace(declared, np_only=False, skip_backends=(*declared.skip_backends, *skipped))


def key_of(comparison: Comparison) -> ComparisonKey:
    """Return the backend, device and mode of a comparison."""
    return comparison.backend, comparison.device, comparison.mode


def _corrected(declared: Capabilities, measured: Comparison) -> Capabilities:
    works = measured.status is Status.SUPPORTED
    backend = measured.backend
    keyword = mode_keyword(backend, measured.mode)
    if keyword is not None:
        value: dict[str, Any] = {keyword.name: keyword.works if works else not keyword.works}
        note = (backend, MODE_NOTES[measured.mode])
        warnings = tuple(w for w in declared.warnings if (w.backend, w.reason) != note)
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
    """Remove limits so that a backend is declared to work on a device."""
    backend = measured.backend

    def keep(limit: Limit) -> bool:
        return limit.backend != backend or not limit.applies(measured.version)

    found = replace(
        declared,
        skip_backends=tuple(filter(keep, declared.skip_backends)),
        xfail_backends=tuple(filter(keep, declared.xfail_backends)),
    )
    if found.obstacle(backend, measured.device, version=measured.version):
        found = replace(found, exceptions=(*found.exceptions, backend))
    return found


def _on_cpu_only(declared: Capabilities, backend: str) -> Capabilities:
    """Declare that a backend fails on accelerators; do not change other backends."""
    others = [
        name
        for name, adapter in backends().items()
        if name != backend and "gpu" in adapter.columns and not declared.obstacle(name, "gpu")
    ]
    # Declarations do not cover substitute devices, such as the second one of array-api-strict.
    named = [name for name in others if get_backend(name).columns["gpu"] == "gpu"]
    exceptions = dict.fromkeys([*declared.exceptions, *named])
    return replace(declared, cpu_only=True, exceptions=tuple(exceptions))
