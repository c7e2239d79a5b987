"""Marks and parameters of tests, created from declared and from measured capabilities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from core.testing import (
    Capabilities,
    Table,
    capabilities,
    make_marks,
    make_param,
    make_test_case,
    measured,
)
from sphinx_xpcaps.results.record import schema
from tests.core.testing import lazy_samples

TABLE = Table()


@capabilities(
    cpu_only=True,
    exceptions=["jax.numpy"],
    reason="compiled code",
    skip_backends=[("dask.array", "needs sorting")],
    xfail_backends=[("torch<1", "never here"), ("torch>=1", "a bug")],
    capabilities_table=TABLE,
)
def median(x: Any) -> Any:
    return x


@capabilities(np_only=True, capabilities_table=TABLE)
def ranks(x: Any) -> Any:
    return x


@capabilities(
    skip_backends=[("torch", "no means of integers", "integral")], capabilities_table=TABLE
)
def mean(x: Any) -> Any:
    return x


def described(marks: Any) -> list[tuple[Any, ...]]:
    uses, *others = marks
    assert (uses.name, uses.args) == ("uses_xp_capabilities", (True,))
    return [(one.name, one.args, one.kwargs) for one in others]


def test_marks_correspond_to_the_declared_capabilities() -> None:
    assert described(make_marks(median, ranks, capabilities_table=TABLE)) == [
        (
            "skip_xp_backends",
            (),
            {"cpu_only": True, "exceptions": ["jax"], "reason": "compiled code"},
        ),
        ("skip_xp_backends", ("dask",), {"reason": "needs sorting"}),
        ("xfail_xp_backends", ("torch", False), {"reason": "never here"}),
        ("xfail_xp_backends", ("torch",), {"reason": "a bug"}),
        ("skip_xp_backends", (), {"np_only": True, "exceptions": [], "reason": None}),
    ]


def test_a_limit_of_dtypes_becomes_a_condition() -> None:
    _, mark = make_marks(mean, capabilities_table=TABLE)
    assert mark.args[0] == "torch"
    assert eval(mark.args[1], {"dtype": "int32"})
    assert not eval(mark.args[1], {"dtype": "float32"})


@make_test_case(median, capabilities_table=TABLE)
def test_make_test_case_adds_the_marks_of_its_function(xp: Any, xp_backend: Any) -> None:
    assert xp_backend.name not in ("dask", "torch")


@pytest.mark.parametrize(
    ("function", "order"),
    [
        make_param(median, "any", capabilities_table=TABLE),
        make_param(ranks, "sorted", capabilities_table=TABLE),
    ],
)
def test_make_param_adds_the_marks_of_its_function(
    xp: Any, xp_backend: Any, function: Any, order: str, request: Any
) -> None:
    assert function.__name__ in request.node.name
    if order == "sorted":
        assert xp_backend.name == "numpy"
    else:
        assert xp_backend.name not in ("dask", "torch")


@make_test_case(
    lazy_samples.Data, capabilities_table={lazy_samples.Data: {"method_capabilities": {}}}
)
def test_a_dict_of_keywords_can_be_the_table(xp: Any) -> None:
    lazy_samples.Data(xp.asarray([1.0]))


def test_a_function_without_declared_capabilities_is_an_error() -> None:
    with pytest.raises(KeyError, match="described has no declared capabilities"):
        make_marks(described, capabilities_table=TABLE)


def cell(backend: str, device: str, status: str, **more: Any) -> dict[str, Any]:
    defaults = {
        "backend": backend,
        "device": device,
        "status": status,
        "notes": [],
        "modes": {},
        "origin": "docstring",
        "passed": 0,
        "total": 1,
        "reasons": [],
        "host_transfer": False,
        "computes": 0,
        "key": None,
    }
    return {**defaults, **more}


def record(path: Path, date: str, targets: dict[str, list[dict[str, Any]]]) -> Path:
    """Write a record that is valid according to the published schema."""
    content = {
        "schema": 1,
        "tool": {"name": "sphinx-xpcaps", "version": "0.1.0"},
        "package": {"name": "tests", "version": "1", "commit": None},
        "environment": {
            "python": "3.11",
            "platform": "linux-x86_64",
            "processor": "",
            "accelerator": None,
            "date": date,
            "packages": {},
            "variables": {},
        },
        "unavailable": [],
        "targets": {name: {"kind": "function", "cells": cells} for name, cells in targets.items()},
    }
    jsonschema.validate(content, schema())
    path.write_text(json.dumps(content))
    return path


RAISED = {
    "mode": "eager",
    "outcome": "raised",
    "exception": "TypeError",
    "message": "no sort",
    "call": None,
}
TARGET = "tests.core.testing.lazy_samples.needs_values"


def test_measured_capabilities_are_used_like_declared_ones(tmp_path: Path) -> None:
    cells = [
        cell("numpy", "cpu", "supported"),
        cell("numpy", "gpu", "not_applicable"),
        cell("cupy", "cpu", "not_applicable"),
        cell("cupy", "gpu", "unsupported", reasons=[RAISED]),
        cell("torch", "cpu", "partial", notes=["floating only", "2 of 3 cases"]),
        cell("torch", "gpu", "not_measured", expected={"status": "unsupported"}),
        cell("jax", "cpu", "partial", notes=["no JIT"], modes={"jit": "unsupported"}),
        cell("jax", "gpu", "not_measured"),
        cell("dask", "cpu", "partial", notes=["computes graph"], computes=1),
        cell("array-api-strict", "cpu", "unsupported", reasons=[RAISED]),
        cell("array-api-strict", "other", "unsupported", reasons=[RAISED]),
    ]
    table = measured(record(tmp_path / "one.json", "2026-01-01", {TARGET: cells}))
    assert table[lazy_samples.needs_values] == Capabilities.of(
        {
            "skip_backends": [
                ("cupy", "measured: TypeError: no sort"),
                ("torch", "floating only", ("bool", "integral")),
                ("array-api-strict", "measured: TypeError: no sort"),
            ],
            "cpu_only": True,
            "exceptions": ["array-api-strict", "cupy", "dask", "jax", "numpy"],
            "warnings": [("torch", "2 of 3 cases")],
            "jax_jit": False,
            "allow_dask_compute": True,
        }
    )
    assert list(table) == [lazy_samples.needs_values]
    with pytest.raises(KeyError):
        table[lazy_samples.inner]


def test_the_newest_measurement_is_used_and_cells_that_were_not_measured_are_ignored(
    tmp_path: Path,
) -> None:
    new = [cell("torch", "cpu", "supported"), cell("dask", "cpu", "not_measured")]
    old = [cell("torch", "cpu", "unsupported"), cell("dask", "cpu", "unsupported")]
    record(tmp_path / "a.json", "2026-02-01", {TARGET: new})
    record(tmp_path / "b.json", "2026-01-01", {TARGET: old})
    found = measured(tmp_path / "*.json")[lazy_samples.needs_values]
    assert found == Capabilities.of({"skip_backends": [("dask", "measured: unsupported")]})


def test_a_bundle_of_records_is_read(tmp_path: Path) -> None:
    environments = [
        {"date": "2026-01-01", "targets": {TARGET: [cell("torch", "cpu", "unsupported")]}},
        {"date": "2026-02-01", "targets": {TARGET: [cell("torch", "cpu", "supported")]}},
    ]
    records = []
    for each in environments:
        path = record(tmp_path / "one.json", each["date"], each["targets"])
        records.append(json.loads(Path(path).read_text("utf-8")))
    bundle = tmp_path / "all.json"
    bundle.write_text(json.dumps({"schema": 2, "records": records}), "utf-8")
    assert measured(bundle)[lazy_samples.needs_values] == Capabilities()


def test_methods_are_skipped_where_a_record_says_that_they_fail(tmp_path: Path) -> None:
    name = "tests.core.testing.lazy_samples.Data.needs_values"
    path = record(tmp_path / "a.json", "2026", {name: [cell("torch", "cpu", "unsupported")]})
    marks = make_marks((lazy_samples.Data, "needs_values"), capabilities_table=measured(path))
    assert described(marks) == [
        ("skip_xp_backends", ("torch",), {"reason": "measured: unsupported"})
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no record .* found"),
        ("{", "is not a record of measured capabilities"),
        ("[]", "is not a record of measured capabilities"),
        ('{"schema": 9}', "has schema 9; this version reads schemas 1 and 2"),
    ],
)
def test_the_error_for_an_invalid_record_names_the_file(
    tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "laptop.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=f"laptop.json {message}|{message}"):
        measured(path)
