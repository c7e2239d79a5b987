"""Every function of the standard, traced, compared with that of the eager libraries."""

from __future__ import annotations

import contextlib
import gc
import weakref
from typing import Any

import array_api_strict
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core import lazy
from core.backends import Backend
from core.lazy.dtypes import NAMES, as_dtype
from core.lazy.graph.tree import leaves as leaves_of
from core.lazy.library import backend_of, device_of, namespace_of
from core.lazy.namespace import FUNCTIONS
from tests.core.lazy.calls import CALLS

pytestmark = pytest.mark.slow

# Functions that return no array, or that take one of another library.
WITHOUT_ARRAYS = {
    "broadcast_shapes",
    "can_cast",
    "finfo",
    "from_dlpack",
    "iinfo",
    "isdtype",
    "result_type",
}
NOT_IN_STRICT = {"linalg.eig", "linalg.eigvals"}
NOT_IMPLEMENTED = {("torch", "unique_all")}
VALUES_UNDEFINED = {"empty", "empty_like"}
# Functions whose dtype in a library is not that of the standard.
OTHER_DTYPE = {
    ("jax", "cumulative_prod"),
    ("jax", "cumulative_sum"),
    ("jax", "searchsorted"),
    ("torch", "cumulative_prod"),
    ("torch", "prod"),
    ("torch", "sum"),
    ("torch", "cumulative_sum"),
}
# Factors are unique up to their sign: absolute values are compared.
UP_TO_SIGN = {"linalg.eigh", "linalg.qr", "linalg.svd"}


def function_of(xp: Any, name: str) -> Any:
    for part in name.split("."):
        xp = getattr(xp, part)
    return xp


def convert(value: Any, xp: Any) -> Any:
    if isinstance(value, np.ndarray):
        return xp.asarray(value)
    if isinstance(value, list):
        return [convert(one, xp) for one in value]
    return value


def dtypes_of(kwargs: dict[str, Any], xp: Any) -> dict[str, Any]:
    named = {**kwargs}
    if named.get("dtype") is not None:
        named["dtype"] = getattr(xp, named["dtype"])
    return named


def call(name: str, xp: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if name == "astype":
        args = (args[0], getattr(xp, args[1]))
    return function_of(xp, name)(*args, **dtypes_of(kwargs, xp))


def parts(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple | list) else [result]


def to_numpy(x: Any) -> Any:
    return np.asarray(x.detach().resolve_conj() if hasattr(x, "detach") else x)


def check(name: str, backend: str, drawn: Any) -> None:
    xp = namespace_of(backend)
    args, kwargs = drawn
    arrays = tuple(convert(one, xp) for one in args)
    if (backend, name) in NOT_IMPLEMENTED:
        with pytest.raises(NotImplementedError):
            call(name, xp, arrays, kwargs)
        return
    expected = parts(call(name, xp, arrays, kwargs))
    given: list[Any] = []

    def variable(x: Any) -> Any:
        if isinstance(x, list):
            return [variable(one) for one in x]
        if backend_of(x) is None or not hasattr(x, "shape"):
            return x
        given.append(x)
        return lazy.Variable(tuple(x.shape), backend, x.dtype, device_of(x))

    traced_args = [variable(x) for x in arrays]
    leaves = [x for x in leaves_of(traced_args) if isinstance(x, lazy.LazyArray)]
    xp_lazy = lazy.namespace(backend)
    traced = parts(call(name, xp_lazy, tuple(traced_args), kwargs))

    assert len(traced) == len(expected)
    for one, other in zip(traced, expected, strict=True):
        shape = tuple(other.shape)
        assert len(one.shape) == len(shape)
        assert all(m is None or m == n for m, n in zip(one.shape, shape, strict=True))
        if (backend, name) not in OTHER_DTYPE:
            assert one.dtype == as_dtype(other.dtype)
    if name in VALUES_UNDEFINED:
        return
    compiled = lazy.Function(leaves, list(traced))(*given)
    computed = lazy.compute(parts(call(name, xp_lazy, arrays, kwargs)))
    for one, other in zip([*compiled, *computed], [*expected, *expected], strict=True):
        assert type(one) is type(other) or np.isscalar(one)
        tolerance = 1e-4 if str(other.dtype).endswith(("float32", "complex64")) else 1e-11
        first, second = to_numpy(one), to_numpy(other)
        if name in UP_TO_SIGN:
            first, second = abs(first), abs(second)
        np.testing.assert_allclose(first, second, rtol=tolerance, atol=tolerance)


def test_every_function_of_array_api_strict_is_traced_and_tested() -> None:
    strict = {
        name
        for name in array_api_strict.__all__
        if callable(getattr(array_api_strict, name))
        and not isinstance(getattr(array_api_strict, name), type)
        and not name.startswith("_")
        and "flags" not in name
    } | {
        f"{extension}.{name}"
        for extension in ("linalg", "fft")
        for name in getattr(array_api_strict, extension).__all__
    }
    dtypes = {name for name in strict if name in NAMES or name == "Device"}
    assert strict - dtypes <= set(FUNCTIONS)
    assert set(FUNCTIONS) - WITHOUT_ARRAYS - NOT_IN_STRICT == set(CALLS)


@contextlib.contextmanager
def everything_strict() -> Any:
    array_api_strict.set_array_api_strict_flags(api_version="2025.12")
    try:
        yield
    finally:
        array_api_strict.reset_array_api_strict_flags()


@pytest.mark.skip_xp_backends("dask", reason="Dask arrays are lazy already")
@pytest.mark.parametrize("name", sorted(CALLS))
def test_traced_functions_agree_with_eager_ones(xp: Any, xp_backend: Backend, name: str) -> None:
    @settings(
        max_examples=2 if "jit" in xp_backend.modes else 5,  # each call is compiled
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(st.data())
    def run(data: Any) -> None:
        check(name, xp_backend.name, CALLS[name](data.draw))

    with everything_strict():
        run()


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_eigenvalues_of_general_matrices_agree_with_eager_ones(backend: str) -> None:
    xp = namespace_of(backend)
    x = xp.asarray(np.random.default_rng(0).random((2, 3, 3)))
    own = lazy.namespace(backend)
    traced = lazy.Variable((2, 3, 3), backend, x.dtype)
    results = [*own.linalg.eig(traced), own.linalg.eigvals(traced)]
    expected = [*xp.linalg.eig(x), xp.linalg.eigvals(x)]
    computed = lazy.Function([traced], results)(x)
    for one, other, known in zip(results, expected, computed, strict=True):
        assert (one.shape, one.dtype) == (tuple(other.shape), as_dtype(other.dtype))
        np.testing.assert_allclose(to_numpy(known), to_numpy(other))


def test_errors_about_arguments_name_the_function() -> None:
    x = lazy.Variable((3, 3))
    with pytest.raises(TypeError, match=r"^sum\(\) got an unexpected keyword argument 'keepdim'"):
        lazy.sum(x, keepdim=True)
    with pytest.raises(TypeError, match=r"^svd\(\) missing 1 required positional argument: 'x'"):
        lazy.linalg.svd()


def test_arrays_among_the_options_are_freed() -> None:
    rtol = lazy.Variable((), "numpy")
    held = weakref.ref(rtol)
    assert lazy.linalg.pinv(lazy.Variable((3, 3), "numpy"), rtol=rtol).kwargs["rtol"] is rtol
    del rtol
    gc.collect()
    assert held() is None
