"""When a result equals NumPy's."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from core.backends import get_backend
from sphinx_xpcaps.cases.model import Leaf, Variant
from sphinx_xpcaps.cases.reference import _leaf
from sphinx_xpcaps.cases.trees import result_leaves
from sphinx_xpcaps.measure.judging.compare import ComparedResult, compare
from sphinx_xpcaps.results.model import Outcome

Pair = namedtuple("Pair", ["first", "second"])


@dataclass
class Result:
    x: Any
    nested: Any = None


def compared(
    actual: Any,
    expected: Any,
    *,
    inputs: str = "float64",
    reproducible: bool = True,
    sensitivity: float = 0.0,
) -> ComparedResult:
    """Compare array-api-strict's result with NumPy's."""
    found = result_leaves(expected, lambda x: isinstance(x, np.ndarray))
    leaves = [_leaf(path, value) for path, value in found]
    leaves = [Leaf(leaf.path, leaf.kind, leaf.value, sensitivity) for leaf in leaves]
    variant = Variant("as written", {}, tuple(leaves), reproducible)
    backend = get_backend("array-api-strict")
    return compare(actual, variant, backend, "cpu", inputs=frozenset({inputs}))


@pytest.fixture
def xp() -> Any:
    return pytest.importorskip("array_api_strict")


def test_equal_arrays_pass(xp: Any) -> None:
    assert compared(xp.asarray([1.0, 2.0]), np.array([1.0, 2.0])).outcome is Outcome.PASS


def test_a_zero_dimensional_array_passes_for_a_numpy_scalar(xp: Any) -> None:
    assert compared(xp.asarray(1.5), np.float64(1.5)).outcome is Outcome.PASS


def test_rounding_errors_pass_and_larger_ones_do_not(xp: Any) -> None:
    assert compared(xp.asarray([1.0, 1e-17]), np.array([1.0, 0.0])).outcome is Outcome.PASS
    found = compared(xp.asarray([1.0, 1e-3]), np.array([1.0, 0.0]))
    assert found.outcome is Outcome.WRONG_VALUES
    assert "differ from NumPy's by 1.0e-03" in found.message


def test_the_tolerance_is_that_of_the_coarser_dtype(xp: Any) -> None:
    single = xp.asarray([1.0003], dtype=xp.float32)
    assert compared(single, np.array([1.0], np.float32), inputs="float32").outcome is Outcome.PASS
    double = xp.asarray([1.0003])
    assert compared(double, np.array([1.0])).outcome is Outcome.WRONG_VALUES


def test_nan_and_infinity_must_be_in_the_same_places(xp: Any) -> None:
    values = [np.nan, np.inf, 1.0]
    assert compared(xp.asarray(values), np.array(values)).outcome is Outcome.PASS
    other = [np.inf, np.nan, 1.0]
    assert compared(xp.asarray(other), np.array(values)).outcome is Outcome.WRONG_VALUES


def test_numpy_arrays_are_foreign_output(xp: Any) -> None:
    assert compared(np.ones(2), np.ones(2)).outcome is Outcome.FOREIGN_OUTPUT
    mixed = (xp.ones(2), np.ones(2))
    assert compared(mixed, (np.ones(2), np.ones(2))).outcome is Outcome.FOREIGN_OUTPUT


def test_an_array_on_another_device_is_foreign_output(xp: Any) -> None:
    moved = xp.ones(2, device=xp.Device("device1"))
    found = compared(moved, np.ones(2))
    assert found.outcome is Outcome.FOREIGN_OUTPUT
    assert "on other" in found.message


def test_shapes_must_be_equal(xp: Any) -> None:
    found = compared(xp.ones((2, 1)), np.ones(2))
    assert found.message == "shape (2, 1) where NumPy returns (2,)"


def test_kinds_of_dtypes_must_be_equal_but_not_the_widths_of_integers(xp: Any) -> None:
    narrow = xp.asarray([1], dtype=xp.int32)
    assert compared(narrow, np.array([1])).outcome is Outcome.PASS
    assert compared(narrow, np.array([1.0])).outcome is Outcome.WRONG_VALUES


def test_a_dtype_that_only_the_library_widens_is_reported(xp: Any) -> None:
    found = compared(xp.ones(2), np.ones(2, np.float32), inputs="float32")
    assert found.outcome is Outcome.PASS
    assert str(found.dtype_change) == "float32 → float64"


def test_results_are_compared_leaf_by_leaf(xp: Any) -> None:
    def make(ns: Any, last: float) -> Any:
        inner = {"values": [ns.asarray([1.0]), ns.asarray([last])]}
        return Pair(ns.asarray([0.0]), Result(x=ns.asarray([5.0]), nested=inner))

    assert compared(make(xp, 2.0), make(np, 2.0)).outcome is Outcome.PASS
    found = compared(make(xp, 3.0), make(np, 2.0))
    assert found.message.startswith("in 1.nested.values.1: values differ")


def test_arrays_inside_an_array_of_objects_are_compared(xp: Any) -> None:
    ragged = np.empty(2, dtype=object)
    ragged[0], ragged[1] = np.ones(2), np.ones(3)
    assert compared(ragged, ragged).outcome is Outcome.FOREIGN_OUTPUT
    assert compared([xp.ones(2), xp.ones(3)], ragged).outcome is Outcome.PASS


def test_numbers_in_an_array_of_objects_are_compared_as_numbers() -> None:
    dask = pytest.importorskip("dask.array")
    objects = np.asarray([2.0, 3.0], dtype=object)
    made = dask.from_array(objects, chunks=1)
    leaf = _leaf((), objects)
    variant = Variant("as written", {}, (leaf,), True)
    backend = get_backend("dask")
    found = compare(made, variant, backend, "cpu", inputs=frozenset({"float64"}))
    assert found.outcome is Outcome.PASS
    wrong = dask.from_array(objects + 1, chunks=1)
    found = compare(wrong, variant, backend, "cpu", inputs=frozenset({"float64"}))
    assert found.outcome is Outcome.WRONG_VALUES


def test_a_missing_leaf_is_wrong(xp: Any) -> None:
    found = compared((xp.ones(2),), (np.ones(2), np.ones(3)))
    assert found.message == "in 1: nothing where NumPy returns an array of float64, shape (3,)"


def test_random_values_are_compared_by_shape_and_dtype_only(xp: Any) -> None:
    passed = compared(xp.asarray([0.3]), np.array([0.7]), reproducible=False)
    assert passed.outcome is Outcome.PASS
    failed = compared(xp.asarray([[0.3]]), np.array([0.7]), reproducible=False)
    assert failed.outcome is Outcome.WRONG_VALUES


def test_the_tolerance_of_an_ill_conditioned_result_is_its_sensitivity(xp: Any) -> None:
    assert compared(xp.asarray([1.001]), np.array([1.0]), sensitivity=1e-4).outcome is Outcome.PASS
    assert (
        compared(xp.asarray([1.1]), np.array([1.0]), sensitivity=1e-4).outcome is not Outcome.PASS
    )
