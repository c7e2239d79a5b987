"""The mode ``vmap``: whether mapping over a new axis equals stacking the results of calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends import Backend
from sphinx_xpcaps.cases.model import Leaf, LeafKind, Variant, VariantName
from sphinx_xpcaps.exceptions import exception_message
from sphinx_xpcaps.measure.judging.compare import compare
from sphinx_xpcaps.measure.modes.array_call import ArrayCall, InapplicableError, WrongResultError
from sphinx_xpcaps.results.model import Outcome

_FACTOR = 1 - 2.0**-10
"""The factor of the arrays of the second call: small enough for most functions' domains."""


def check_vmap(function: Callable[..., Any], backend: Backend, device: str) -> Callable[..., Any]:
    """Return `function` with its mapping over a new axis checked in each call.

    All arrays among the arguments get a new first axis.

    Raises
    ------
    InapplicableError
        There is no array among the arguments or none in the result, or the call is not
        reproducible.
    WrongResultError
        The mapped call does not return the stacked results of single calls.
    Exception
        Raised by the library when the function is mapped.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        array_call = ArrayCall(function, args, kwargs, backend, lambda dtype: True)
        _check(array_call, backend, device)
        return function(*args, **kwargs)

    return call


def _check(array_call: ArrayCall, backend: Backend, device: str) -> None:
    given = [backend.to_numpy(x) for x in array_call.arrays]
    if not given:
        raise InapplicableError("there is no array to map over")

    def single(arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
        found = array_call([backend.from_numpy(x, device) for x in arrays])
        return [backend.to_numpy(x) for x in found]

    first = _reproduced(single, given)
    second = _second_call(single, given, first)
    others, expected = second if second is not None else (given, first)
    stacked = [
        backend.from_numpy(np.stack(pair), device) for pair in zip(given, others, strict=True)
    ]
    found = backend.vmap(array_call, stacked)
    leaves = tuple(
        Leaf((i,), LeafKind.ARRAY, np.stack(pair))
        for i, pair in enumerate(zip(first, expected, strict=True))
    )
    if len(found) != len(leaves):
        raise WrongResultError(f"{len(found)} arrays where a single call returns {len(leaves)}")
    dtypes = frozenset(x.dtype.name for x in given)
    compared = compare(
        found,
        Variant(VariantName.AS_WRITTEN, {}, leaves),
        backend,
        device,
        inputs=dtypes,
        expected_from="single calls return",
    )
    if compared.outcome is not Outcome.PASS:
        raise WrongResultError(compared.message)


def _reproduced(
    single: Callable[[list[NDArray[Any]]], list[NDArray[Any]]], given: list[NDArray[Any]]
) -> list[NDArray[Any]]:
    """Return the result of a single call, which must be reproducible."""
    try:
        first, second = single(given), single(given)
    except Exception as error:
        raise InapplicableError(f"it cannot be repeated: {exception_message(error)}") from error
    if not first:
        raise InapplicableError("it returns no array")
    same = len(first) == len(second) and all(
        a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
        for a, b in zip(first, second, strict=True)
    )
    if not same:
        raise InapplicableError("it is not reproducible")
    return first


def _second_call(
    single: Callable[[list[NDArray[Any]]], list[NDArray[Any]]],
    given: list[NDArray[Any]],
    first: list[NDArray[Any]],
) -> tuple[list[NDArray[Any]], list[NDArray[Any]]] | None:
    """Return other arrays and their results, or None if these cannot be stacked."""
    arrays = [x * x.dtype.type(_FACTOR) if x.dtype.kind in "fc" else x for x in given]
    try:
        results = single(arrays)
    except Exception:  # outside the domain of the function
        return None
    fits = [(x.shape, x.dtype) for x in results] == [(x.shape, x.dtype) for x in first]
    return (arrays, results) if fits else None
