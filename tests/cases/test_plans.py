"""Test which arguments of a call the plans convert."""

from __future__ import annotations

from typing import Any

import numpy as np

from sphinx_xpcaps.cases.model import Step
from sphinx_xpcaps.cases.parameters import parameters
from sphinx_xpcaps.cases.plans import cast_paths, plans_for


def documented(x, shape=None, weights=None, points=None, xp=None):  # type: ignore[no-untyped-def]
    """Do something.

    Parameters
    ----------
    x : array_like
        Values.
    shape : tuple of ints, optional
        A shape.
    weights : (N,) array_like, optional
        Weights.
    """


def squeezed(a: np.typing.ArrayLike, n: int) -> None:
    """Have annotations alone."""


def plans(*args: Any, **kwargs: Any) -> dict[str, set[Any]]:
    """Return the paths that each plan of a call converts, without the step's number."""
    found = plans_for([Step(documented, args, kwargs)], documented)
    return {plan.name: {path[1:] for path in plan.paths} for plan in found}


def test_arrays_are_converted_and_shapes_are_not() -> None:
    assert plans(np.ones(2), shape=(2, 2)) == {"arrays": {(0,)}}


def test_array_like_lists_are_converted_in_the_second_plan() -> None:
    found = plans(np.ones(2), weights=[1, 2])
    assert list(found.values()) == [{(0,)}, {(0,), ("weights",)}]


def test_array_like_scalars_are_converted_in_a_wider_plan() -> None:
    assert plans(2.5) == {"array-like": {(0,)}}


def test_lists_of_other_parameters_are_converted_last() -> None:
    found = plans(np.ones(2), points=[2, 2])
    assert found["all lists"] == {(0,), ("points",)}
    assert next(iter(found)) == "arrays"


def test_lists_of_sizes_are_not_converted() -> None:
    assert plans(np.ones(2), shape=[2, 2]) == {"arrays": {(0,)}}


def test_arrays_inside_tuples_and_dicts_are_found() -> None:
    found = plans((np.ones(2), {"a": np.ones(3)}))
    assert found["arrays"] == {(0, 0), (0, 1, "a")}


def test_call_without_arrays_gets_the_namespace_if_its_signature_has_xp() -> None:
    [plan] = plans_for([Step(documented, (), {"shape": (3,)})], documented)
    assert plan.pass_namespace
    assert not plan.pass_device


def test_dtypes_of_lists_that_may_be_axes_do_not_change() -> None:
    found = plans_for([Step(documented, (np.ones(2),), {"shape": [2]})], documented)
    assert cast_paths(found) == {(0, 0)}


def test_a_ufunc_has_the_parameters_that_its_docstring_names() -> None:
    assert [p.name for p in parameters(np.arctan2)] == ["x1", "x2", "out"]
    assert all(p.is_array_like for p in parameters(np.arctan2))


def test_annotations_are_used_if_the_docstring_has_no_types() -> None:
    first, second = parameters(squeezed)
    assert first.is_array_like
    assert not second.is_array_like
