"""Signatures of functions in NumPy's notation, on every library."""

from __future__ import annotations

from typing import Any

import dask.array as da
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from core import lazy_apply

MATMUL = np.matmul.signature


def value(x: Any) -> Any:
    return np.asarray(x)


@pytest.mark.parametrize("vectorize", [False, True])
@pytest.mark.parametrize(
    ("left", "right"),
    [((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (3,)), ((5, 2, 3), (3,))],
)
def test_optional_dimensions_may_be_missing(
    xp: Any, left: Any, right: Any, vectorize: bool
) -> None:
    a, b = np.arange(np.prod(left)).reshape(left), np.arange(np.prod(right)).reshape(right)
    found = lazy_apply(
        np.matmul,
        xp.asarray(a),
        xp.asarray(b),
        signature=MATMUL,
        vectorize=vectorize,
        as_numpy=True,
    )
    np.testing.assert_array_equal(value(found), a @ b)


@pytest.mark.parametrize("vmap", [jax.vmap, torch.func.vmap])
@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_axis_of_vmap_is_not_taken_for_a_missing_dimension(vmap: Any, axes: Any) -> None:
    xp = jnp if vmap is jax.vmap else torch
    a, b = np.arange(36.0).reshape(3, 4, 3), np.arange(9.0).reshape(3, 3)
    a, b = (x if axis == 0 else x[0] for x, axis in zip((a, b), axes, strict=True))

    def multiply(a: Any, b: Any) -> Any:
        return lazy_apply(np.matmul, a, b, signature=MATMUL, as_numpy=True)

    found = vmap(multiply, axes)(xp.asarray(a), xp.asarray(b))
    expected = np.stack(
        [(a[i] if axes[0] == 0 else a) @ (b[i] if axes[1] == 0 else b) for i in range(3)]
    )
    np.testing.assert_allclose(value(found), expected)


@pytest.mark.parametrize("vectorize", [False, True])
def test_fixed_lengths_are_checked(xp: Any, vectorize: bool) -> None:
    def cross(x: Any, y: Any) -> Any:
        return np.cross(x, y)

    options: Any = {"signature": "(3),(3)->(3)", "as_numpy": True, "vectorize": vectorize}
    x = xp.asarray(np.arange(6.0).reshape(2, 3))
    found = lazy_apply(cross, x, x[0, :], **options)
    np.testing.assert_allclose(value(found), np.cross(value(x), value(x)[0]))
    with pytest.raises(ValueError, match="is not 3 but 2"):
        lazy_apply(cross, x[:, :2], x[0, :], **options)


def test_lengths_that_dask_does_not_know_are_checked_when_the_graph_runs() -> None:
    x = da.arange(6)
    unknown = x[x % 2 == 0]
    options: Any = {"signature": "(3)->(3)"}
    assert value(lazy_apply(np.negative, unknown, **options).compute()).tolist() == [0, -2, -4]
    later = lazy_apply(np.negative, x[x > 1], **options)
    with pytest.raises(ValueError, match="is not 3 but 4"):
        later.compute()


@pytest.mark.parametrize(
    ("function", "signature", "message"),
    [
        (lambda x: x.sum(-1), "(n)->(n)", "does not consist of the loop dimensions"),
        (lambda x: x[..., :2], "(n)->(n)", "core dimension 'n' .* is both 3 and 2"),
        (lambda x: x, "(n)->(2)", "core dimension '2' .* is not 2 but 3"),
        (lambda x: x[..., 0], "(n)->()", None),
    ],
)
def test_results_are_compared_with_the_signature_at_once(
    function: Any, signature: str, message: str | None
) -> None:
    x = np.ones((2, 3))
    if message is None:
        assert lazy_apply(function, x, signature=signature).shape == (2,)
        return
    for array in (x, torch.asarray(x), jnp.asarray(x)):
        with pytest.raises(ValueError, match=message):
            lazy_apply(function, array, signature=signature)


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ("(n?),(n)->()", "both with and without '\\?'"),
        ("(2n)->()", "a core dimension is a name or a length, got '2n'"),
        ("(n)", "is not a signature in NumPy's notation"),
    ],
)
def test_invalid_notation_is_an_error(signature: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lazy_apply(np.negative, np.ones(2), signature=signature)


@pytest.mark.parametrize("ufunc", [np.matmul, np.vecdot, np.matvec, np.vecmat])
def test_signatures_of_numpy_are_accepted(ufunc: Any) -> None:
    x = np.arange(9.0).reshape(3, 3)
    found = lazy_apply(ufunc, da.asarray(x), da.asarray(x), signature=ufunc.signature)
    np.testing.assert_allclose(found.compute(), ufunc(x, x))
