"""Hypothesis strategies for records."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from sphinx_xpcaps.results.model import (
    Cell,
    Environment,
    Expected,
    Outcome,
    Reason,
    Record,
    RecordedCase,
    Status,
    Target,
    Tool,
    Unavailable,
)
from tests.results.make import cell, environment, record

BACKENDS = ("torch", "jax", "numpy")
DEVICES = ("cpu", "gpu")
CASE = RecordedCase(call="f(x)", setup="x = 1", expression="pkg.f(x)", arrays=("x",))
OTHER_CASE = RecordedCase(call="f(open(x))")

statuses = st.sampled_from([status for status in Status if status is not Status.CONFLICT])
dates = st.sampled_from(["2026-01-01", "2026-01-02", "2026-02-01"])
versions = st.sampled_from(["2.5.1", "2.6.0", "2.10.0", "unknown"])


@st.composite
def environments(draw: st.DrawFn) -> Environment:
    packages = {"torch": draw(versions), "jax": draw(versions)}
    return environment(
        draw(dates),
        packages=packages,
        accelerator=draw(st.sampled_from([None, "NVIDIA H100"])),
        processor=draw(st.sampled_from(["Xeon", "EPYC"])),
        variables=draw(st.sampled_from([{}, {"SWITCH": "1"}])),
    )


ANYWHERE = environments()


@st.composite
def cells(draw: st.DrawFn, backend: str, device: str) -> Cell:
    status = draw(statuses)
    reason = Reason(mode="jit", outcome=Outcome.RAISED, message=draw(st.sampled_from(["a", "b"])))
    expected = Expected(status=Status.SUPPORTED) if draw(st.booleans()) else None
    return cell(
        status,
        *draw(st.sampled_from([(), ("no JIT",)])),
        backend=backend,
        device=device,
        reasons=draw(st.sampled_from([(), (reason,)])),
        modes=draw(st.sampled_from([{}, {"eager": Status.SUPPORTED, "jit": status}])),
        cases=draw(st.sampled_from([(), (CASE,), (CASE, OTHER_CASE), (OTHER_CASE,)])),
        expected=None if status.measured else expected,
        date=draw(st.sampled_from([None, "2025-12-01"])),
        key=draw(st.sampled_from([None, "sha256:1", "sha256:1 + sha256:2 + sha256:3"])),
    )


@st.composite
def targets(draw: st.DrawFn) -> Target:
    positions = draw(
        st.sets(st.tuples(st.sampled_from(BACKENDS), st.sampled_from(DEVICES)), max_size=4)
    )
    return Target(
        kind=draw(st.sampled_from(["function", "ufunc", "missing"])),
        cells=tuple(draw(cells(*position)) for position in sorted(positions)),
    )


@st.composite
def records(draw: st.DrawFn, where: st.SearchStrategy[Environment] = ANYWHERE) -> Record:
    names = st.sampled_from(["pkg.f", "pkg.g", "other.h"])
    entries = st.builds(
        Unavailable,
        backend=st.sampled_from(BACKENDS),
        device=st.just("gpu"),
        reason=st.sampled_from(["no GPU", "not installed"]),
    )
    unavailable = draw(st.lists(entries, max_size=2, unique_by=lambda one: one.backend))
    return replace(
        record(draw(where), version=draw(st.sampled_from(["1.0", "2.0"]))),
        tool=Tool(name="sphinx-xpcaps", version=draw(st.sampled_from(["0.1.0", "0.2.0"]))),
        unavailable=tuple(sorted(unavailable, key=lambda one: one.backend)),
        targets=draw(st.dictionaries(names, targets(), max_size=3)),
    )


@st.composite
def lists_of_records(draw: st.DrawFn) -> list[Record]:
    """Return records of at most two machines, so that several have the same environment."""
    machines = st.sampled_from(draw(st.lists(environments(), min_size=1, max_size=2)))
    where = st.builds(lambda machine, date: replace(machine, date=date), machines, dates)
    return draw(st.lists(records(where), max_size=5))


several_records = lists_of_records()
