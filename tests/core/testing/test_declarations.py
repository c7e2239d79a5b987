"""Declared capabilities and tables of them."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from core.testing import Capabilities, Limit, Table, capabilities, capabilities_table


class Multimethod:
    """A callable without a hash and without weak references."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __call__(self, x: object) -> object:
        return x


def test_declaring_does_not_change_the_function() -> None:
    def median(x: object) -> object:
        """Return the median."""
        return x

    declared = capabilities(np_only=True, extra_note="Not yet.")(median)
    assert declared is median
    assert median.__doc__ == "Return the median."
    assert capabilities_table[median] == Capabilities(np_only=True, extra_note="Not yet.")


def test_functions_without_hash_and_weak_references_can_be_keys() -> None:
    table = Table()
    first, second = Multimethod(), Multimethod()
    capabilities(cpu_only=True, capabilities_table=table)(first)
    capabilities(jax_jit=False, capabilities_table=table)(second)
    assert table[first].cpu_only
    assert not table[second].cpu_only
    assert [function is first for function in table] == [True, False]


def test_ufuncs_can_declare_capabilities() -> None:
    table = Table()
    double = np.frompyfunc(lambda x: 2 * x, 1, 1)
    assert capabilities(np_only=True, capabilities_table=table)(double) is double
    assert table[double].np_only


def test_a_wrapper_has_the_capabilities_of_the_wrapped_function() -> None:
    table = Table()

    @functools.cache
    @capabilities(jax_jit=False, capabilities_table=table)
    def window(n: int) -> int:
        return n

    assert not table[window].jax_jit


def test_methods_have_the_capabilities_declared_by_their_class_or_its_bases() -> None:
    table = Table()

    @capabilities(
        method_capabilities={"mean": {"cpu_only": True}, "var": {"jax_jit": False}},
        capabilities_table=table,
    )
    class Distribution:
        def mean(self) -> None: ...
        def var(self) -> None: ...

    class Normal(Distribution):
        pass

    table[Normal, "var"] = Capabilities(np_only=True)
    assert table[Normal, "mean"].cpu_only
    assert table[Normal, "var"].np_only
    assert not table[Distribution, "var"].jax_jit
    with pytest.raises(KeyError):
        table[Normal, "median"]


def test_a_function_without_declaration_is_not_in_the_table() -> None:
    assert (lambda: None) not in Table()


@pytest.mark.parametrize(
    ("keywords", "backend", "device", "reason"),
    [
        ({}, "torch", "gpu", None),
        ({"cpu_only": True}, "torch", "cpu", None),
        ({"cpu_only": True}, "torch", "gpu", "works on a CPU only"),
        ({"cpu_only": True, "reason": "compiled"}, "torch", "gpu", "compiled"),
        ({"cpu_only": True, "exceptions": ["jax.numpy"]}, "jax", "gpu", None),
        ({"np_only": True}, "numpy", "cpu", None),
        ({"np_only": True, "exceptions": ["torch"]}, "torch", "gpu", None),
        ({"out_of_scope": True}, "dask", "cpu", "works with NumPy only"),
        ({"skip_backends": [("dask.array", "needs sorting")]}, "dask", "cpu", "needs sorting"),
        ({"xfail_backends": [("array_api_strict", "a bug")]}, "array-api-strict", "cpu", "a bug"),
    ],
)
def test_obstacle_returns_the_limit_due_to_which_a_function_does_not_work(
    keywords: dict[str, object], backend: str, device: str, reason: str | None
) -> None:
    obstacle = Capabilities.of(keywords).obstacle(backend, device)
    assert (obstacle and obstacle.reason) == reason


def test_a_limit_of_versions_applies_to_these_versions_only() -> None:
    declared = Capabilities.of({"skip_backends": [("torch<2.6", "no quantile")]})
    assert declared.obstacle("torch", version="2.5.1")
    assert not declared.obstacle("torch", version="2.6.0")
    assert declared.obstacle("torch")


def test_a_limit_of_dtypes_applies_to_these_dtypes_only() -> None:
    declared = Capabilities.of({"skip_backends": [("torch", "no mean", ("integral", "bool"))]})
    assert declared.obstacle("torch", dtype="int32")
    assert not declared.obstacle("torch", dtype="float32")
    assert not declared.obstacle("torch")


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"skip_backends": [("nunpy", "")]}, ValueError, "unknown backend 'nunpy'; known are num"),
        ({"exceptions": ["tensorflow"]}, ValueError, "unknown backend 'tensorflow'"),
        ({"skip_backends": [("torch", "", "float8")]}, ValueError, "unknown dtype 'float8'"),
        ({"skip_backends": [("torch<new", "")]}, ValueError, "'<new' is not a version specifier"),
        ({"skip_backends": [()]}, ValueError, "a limit must be \\(backend, reason\\)"),
        ({"gpu_only": True}, TypeError, "unknown capabilities gpu_only; known are allow_dask"),
    ],
)
def test_an_invalid_declaration_is_an_error(
    keywords: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Capabilities.of(keywords)


def test_keywords_give_an_equal_declaration() -> None:
    declared = Capabilities.of(
        {
            "skip_backends": [("torch<2.6", "no quantile", "float32"), ("cupy", "")],
            "warnings": [("dask", "merges chunks")],
            "out_of_scope": True,
            "exceptions": ["jax.numpy"],
            "allow_dask_compute": 2,
            "method_capabilities": {"mean": {"jax_jit": False}},
        }
    )
    keywords = declared.keywords()
    assert json.loads(json.dumps(keywords))["method_capabilities"] == {"mean": {"jax_jit": False}}
    assert set(keywords) == {
        "skip_backends",
        "warnings",
        "out_of_scope",
        "exceptions",
        "allow_dask_compute",
        "method_capabilities",
    }
    assert Capabilities.of(keywords) == declared


def test_the_table_of_scipy_can_be_read() -> None:
    code = """
import scipy.fft, scipy.special, scipy.stats
from scipy._lib._array_api import xp_capabilities_table
from core.testing import Table
table = Table(xp_capabilities_table)
assert len(table) == len(xp_capabilities_table) > 300, len(table)
assert table[scipy.fft.fft].obstacle("torch", "gpu") is None
assert table[scipy.special.betainc].exceptions == ("jax", "cupy")
assert table[scipy.special.betainc].obstacle("torch", "gpu").reason == "works on a CPU only"
for declared in table.values():
    assert type(declared).of(declared.keywords()) == declared
"""
    variables = {**os.environ, "SCIPY_ARRAY_API": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=variables, timeout=120)


def test_a_limit_can_be_given_as_an_object() -> None:
    limit = Limit("torch", "slow")
    assert Capabilities.of({"warnings": [limit]}).warnings == (limit,)
