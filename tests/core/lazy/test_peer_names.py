"""Names, options and simplifications that `core.lazy` has in common with autoray.lazy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core import lazy


def test_a_reshape_of_a_reshape_is_one_operation() -> None:
    x = lazy.array(np.arange(24.0).reshape(2, 3, 4))
    y = lazy.reshape(lazy.reshape(x, (6, 4)), (-1,))
    assert y.args[0] is x
    np.testing.assert_array_equal(y.compute(), np.arange(24.0))


def test_a_reshape_of_a_copy_keeps_the_copy() -> None:
    x = lazy.array(np.zeros(4))
    copy = lazy.reshape(x, (2, 2), copy=True)
    assert lazy.reshape(copy, (4,)).args[0] is copy


def test_a_transpose_of_a_transpose_is_one_operation() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    x = lazy.array(values)
    y = lazy.transpose(lazy.transpose(x, (1, 2, 0)), (0, 2, 1))
    assert y.args[0] is x
    np.testing.assert_array_equal(y.compute(), values.transpose(1, 2, 0).transpose(0, 2, 1))


def test_combined_views_of_a_modified_array_have_its_present_values() -> None:
    x = lazy.array(np.arange(6.0)) * 1
    y = lazy.reshape(x, (2, 3))
    x += 1
    np.testing.assert_array_equal(
        lazy.reshape(y, (3, 2)).compute(), np.arange(1.0, 7.0).reshape(3, 2)
    )


def test_swapping_an_axis_with_itself_is_no_operation() -> None:
    x = lazy.Variable((2, 3))
    assert lazy.swapaxes(x, 1, -1) is x


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_cumulative_functions_flatten_by_default(name: str, axis: int | None) -> None:
    x = np.arange(1.0, 7.0).reshape(2, 3)
    found = getattr(lazy, name)(lazy.array(x), axis=axis)
    np.testing.assert_array_equal(found.compute(), getattr(np, name)(x, axis=axis))


def test_take_flattens_by_default() -> None:
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(
        lazy.take(lazy.array(x), [[4, 0]]).compute(), np.take(x, [[4, 0]])
    )


@pytest.mark.parametrize("convert", [np.asarray, torch.asarray])
@pytest.mark.parametrize("optimize", [False, True, "greedy"])
def test_einsum_takes_interleaved_axes_and_optimize(convert: Any, optimize: Any) -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    x, y = lazy.array(convert(a)), lazy.array(convert(b))
    for found in (
        lazy.einsum(x, [0, 1], y, [1, 2], [0, 2], optimize=optimize),
        lazy.einsum("ij,jk", x, y, optimize=optimize),
        lazy.einsum(x, [..., 0], y, [0, 1], optimize=optimize),
    ):
        assert found.shape == (2, 4)
        np.testing.assert_array_equal(np.asarray(found.compute()), a @ b)


def test_a_node_can_be_written_as_an_assignment() -> None:
    x = lazy.array(np.asarray([1.0, 2.0]))
    y = lazy.clip(x * 2, 0, 3)
    names: dict[str, Any] = {}
    source = y.as_string(names)
    assert source.startswith(f"x{id(y)} = clip(x{id(y.deps[0])}")
    names[f"x{id(y.deps[0])}"] = y.deps[0]._materialize()
    exec(source, names)
    np.testing.assert_array_equal(names[f"x{id(y)}"], [2.0, 3.0])


@pytest.mark.parametrize("color_by", ["function", "variables", "id"])
@pytest.mark.parametrize("layout", ["layers", "spring"])
def test_pictures_have_layouts_and_colors(color_by: Any, layout: str) -> None:
    x, y = lazy.Variable((2,)), lazy.array([1.0, 2.0])
    z = lazy.exp(x) + y * 2
    _, ax = z.plot_graph(color_by=color_by, initial_layout=layout, variables=[y])
    kinds = {"function": 4, "variables": 2, "id": 5}
    assert len({tuple(dots.get_facecolor()[0]) for dots in ax.collections}) == kinds[color_by]
    _, ax = z.plot_circuit(color_by=color_by)
    assert len({tuple(dots.get_facecolor()[0]) for dots in ax.collections}) == kinds[color_by]


def test_unknown_layouts_and_colors_are_refused() -> None:
    x = lazy.Variable((2,))
    with pytest.raises(ValueError, match="no layout called 'none'"):
        x.plot_graph(initial_layout="none")
    with pytest.raises(ValueError, match="color_by must be"):
        x.plot_circuit(color_by="shape")
