"""In-place operations on traced arrays give NumPy's results, through other names and views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import core
from core import autojit, lazy

Case = Callable[[Any, Any], Any]
CASES: list[Case] = []


def case(function: Case) -> Case:
    CASES.append(function)
    return function


@case
def another_name(xp: Any, w: Any) -> Any:
    u = w
    w += 1
    return u, w


@case
def operands_recorded_before_keep_their_values(xp: Any, w: Any) -> Any:
    before = w * 2
    w -= 3
    return before, w * 2


@case
def a_write_to_a_slice_changes_its_base(xp: Any, w: Any) -> Any:
    t = w[:1]
    t += 10
    return w, t


@case
def a_write_to_the_base_changes_its_slices(xp: Any, w: Any) -> Any:
    t = w[1:, ::2]
    w *= 3
    return t, w


@case
def rows_in_a_loop(xp: Any, w: Any) -> Any:
    for i, row in enumerate(w):
        row -= i  # noqa: PLW2901
    return w


@case
def arrays_in_a_loop(xp: Any, w: Any) -> Any:
    both = [w * 1, w * 2]
    for one in both:
        one -= 1  # noqa: PLW2901
    return both[0] + both[1]


@case
def overlapping_and_separate_slices(xp: Any, w: Any) -> Any:
    a, b, c = w[:2], w[1:], w[2:]
    a += 1
    c *= 2
    b -= a[1:]
    return a, b, c, w


@case
def columns(xp: Any, w: Any) -> Any:
    x, y = w[:, 0], w[:, 1]
    x -= y
    y += 1
    return x, y, x + y


@case
def views_of_views(xp: Any, w: Any) -> Any:
    t = xp.permute_dims(w, (1, 0))[1:, :]
    s = xp.flip(xp.expand_dims(t, axis=0))
    s += 7
    return w, t, xp.squeeze(s, axis=0), w.T


@case
def an_unstacked_array(xp: Any, w: Any) -> Any:
    first, *_ = xp.unstack(w, axis=1)
    first *= -1
    return w, first


@case
def a_reshaped_vector(xp: Any, w: Any) -> Any:
    v = w[0, :]
    t = xp.reshape(v, (1, -1, 1))
    t += 2
    return w, v, t


@case
def copies_have_their_own_memory(xp: Any, w: Any) -> Any:
    a, b, c = xp.asarray(w, copy=True), xp.astype(w, w.dtype), w[[0, 1], :]
    a += 1
    b += 2
    c += 3
    return w, a, b, c


@case
def scalars_are_immutable(xp: Any, w: Any) -> Any:
    s = w[0, 0]
    u, t = s, xp.sum(w)
    s += 1
    t += s
    return w, s, u, t


@case
def scalars_of_the_same_dtype_are_immutable(xp: Any, w: Any) -> Any:
    s = xp.astype(xp.sum(w), xp.float64)
    t = s
    s += 1
    return s, t


@case
def a_count_is_an_array(xp: Any, w: Any) -> Any:
    count = np.asarray(np.count_nonzero(w)) if xp is np else xp.count_nonzero(w)
    name = count[...]
    count += 1
    return count, name


@case
def arrays_without_axes_are_mutable(xp: Any, w: Any) -> Any:
    s = w[0, 0, ...]
    u = s
    s += 1
    z = xp.asarray(3.0)
    v = z
    z *= 2
    return w, s, u, v


@case
def the_dtype_is_kept(xp: Any, w: Any) -> Any:
    small = xp.astype(w, xp.float32)
    small += w / 3
    return small


@case
def every_operator(xp: Any, w: Any) -> Any:
    u = w
    w += 5
    w -= 2
    w *= 3
    w /= 2
    w //= 1
    w %= 7
    w **= 2
    m = xp.astype(w, xp.int64)
    n = m
    m &= 7
    m |= 8
    m ^= 3
    m <<= 2
    m >>= 1
    k = w[:3, :3]
    k @= xp.ones((3, 3))
    return u, w, n, m, k


@pytest.mark.parametrize("function", CASES, ids=lambda function: function.__name__)
@pytest.mark.parametrize("way", ["computed", "compiled", "blocked", "autojit"])
def test_in_place_operations_give_the_values_of_numpy(function: Case, way: str) -> None:
    x = np.arange(12.0).reshape(4, 3)
    expected = function(np, x * 1)

    def traceable(x: Any) -> Any:
        return function(x.__array_namespace__(), x * 1)

    if way == "autojit":
        found = autojit(traceable, backend="lazy")(x)
    elif way == "computed":
        array = lazy.array(x)
        found = lazy.compute(traceable(array))
    else:
        trace = core.trace(traceable, x)
        found = lazy.Function(trace.inputs, trace.outputs, blocked=way == "blocked")(x)
    if not isinstance(expected, tuple):
        expected, found = (expected,), (found,)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize("operation", ["sum", "add", "concat", "index", "method", "where", "to"])
def test_every_use_of_a_modified_array_has_its_present_values(operation: str) -> None:
    x = lazy.array(np.asarray([1.0, 2.0]))
    y = x * 1
    name = y
    y += 1
    xp = lazy.namespace("numpy")
    uses: dict[str, Any] = {
        "sum": lambda: xp.sum(name),
        "add": lambda: x + name,
        "concat": lambda: xp.concat([name, x]),
        "index": lambda: name[0],
        "method": lambda: name.reshape(2, 1),
        "where": lambda: xp.where(name > 2, name, 0),
        "to": lambda: x.to(np.add, (x, name)),
    }
    expected = {
        "sum": 5.0,
        "add": [3.0, 5.0],
        "concat": [2.0, 3.0, 1.0, 2.0],
        "index": 2.0,
        "method": [[2.0], [3.0]],
        "where": [0.0, 3.0],
        "to": [3.0, 5.0],
    }
    np.testing.assert_array_equal(uses[operation]().compute(), expected[operation])


def larger(y: Any) -> None:
    y += lazy.Variable((3, 2), "numpy", dtype="int64")


def of_a_higher_kind(y: Any) -> None:
    y += 1.5


def to_a_read_only_view(y: Any) -> None:
    view = lazy.broadcast_to(y, (3, 2))
    view += 1


@pytest.mark.parametrize("change", [larger, of_a_higher_kind, to_a_read_only_view])
def test_what_numpy_refuses_in_place_is_refused(change: Callable[[Any], None]) -> None:
    x = lazy.Variable((2,), "numpy", dtype="int64")
    with pytest.raises((TypeError, ValueError), match=r"in.place"):
        change(x * 1)


def test_numpys_out_argument_is_refused_at_the_line() -> None:
    x = lazy.Variable((2,), "numpy")
    with pytest.raises(lazy.DataDependentError, match=r"numpy.add\(\)"):
        np.add(x, 1, out=x)
    array = np.zeros(2)
    with pytest.raises(lazy.DataDependentError, match=r"numpy.add\(\)"):
        array += x


def test_a_view_that_depends_on_the_layout_is_an_error_at_the_line() -> None:
    def function(x: Any) -> Any:
        w = x * 1
        t = w.T.reshape(-1)
        t += 1
        return w + 1

    with pytest.raises(lazy.DataDependentError, match=r"in-place .* at .*test_in_place.py:\d+"):
        core.trace(function, np.ones((2, 2)))


def test_immutable_arrays_are_bound_again() -> None:
    x = lazy.Variable((2,), "jax", dtype="float32")
    name = x
    x += 1
    assert name is not x
    assert (name * 1).args[0] is name


def test_a_write_to_a_view_of_another_library_is_not_silently_lost() -> None:
    def function(x: Any) -> Any:
        w = x * 1
        t = w[:1]
        t += 1
        return w

    with pytest.raises(lazy.DataDependentError, match="in-place"):
        core.trace(function, torch.ones(2))


def test_rows_of_another_library_are_views_too() -> None:
    def function(x: Any) -> Any:
        w = x * 1
        for row in w:
            row += 1  # noqa: PLW2901
        return w

    with pytest.raises(lazy.DataDependentError, match="in-place"):
        core.trace(function, torch.ones(2))
