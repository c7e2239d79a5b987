"""Tests as in SciPy's guide to the array API standard, with other imports only."""

from __future__ import annotations

from typing import Any

import pytest
from array_api_compat import array_namespace

from core.testing import (
    lazy_xp_function,
    make_xp_pytest_marks,
    make_xp_pytest_param,
    make_xp_test_case,
    xp_assert_close,
    xp_assert_equal,
    xp_assert_less,
    xp_capabilities,
)

skip_xp_backends = pytest.mark.skip_xp_backends
xfail_xp_backends = pytest.mark.xfail_xp_backends
capabilities_table: dict[Any, Any] = {}


@xp_capabilities(capabilities_table=capabilities_table)
def toto(a: Any, b: Any) -> Any:
    xp = array_namespace(a, b)
    a = xp.asarray(a)
    b = xp.asarray(b, copy=True)
    return xp.sum(a) - xp.prod(b)


@xp_capabilities(
    cpu_only=True,
    exceptions=["jax.numpy", "cupy"],
    allow_dask_compute=1,
    jax_jit=False,
    skip_backends=[("array_api_strict", "has no sort of NumPy's")],
    capabilities_table=capabilities_table,
)
def order(x: Any) -> Any:
    import numpy as np

    xp = array_namespace(x)
    return xp.asarray(np.sort(np.asarray(x)))


@xp_capabilities(np_only=True, capabilities_table=capabilities_table)
def eager(x: Any) -> Any:
    return x.tolist()


lazy_xp_function(toto)


@skip_xp_backends(np_only=True, reason="skip reason")
def test_toto1(xp: Any) -> None:
    a = xp.asarray([1, 2, 3])
    b = xp.asarray([0, 2, 5])
    xp_assert_equal(toto(a, b), xp.asarray(6)[()])


@skip_xp_backends("array_api_strict", reason="skip reason 1")
@skip_xp_backends("cupy", reason="skip reason 2")
def test_toto2(xp: Any) -> None:
    x = xp.asarray([1.0, 2.0])
    xp_assert_close(toto(x, x), xp.asarray(1.0)[()])


@skip_xp_backends(cpu_only=True, exceptions=["jax.numpy"])
@skip_xp_backends("array_api_strict", reason="skip reason 1")
@skip_xp_backends("cupy", reason="skip reason 2")
class TestToto:
    def test_less(self, xp: Any) -> None:
        x = xp.asarray([1.0, 2.0])
        xp_assert_less(toto(x, x), xp.asarray(1.5)[()])

    @xfail_xp_backends(eager_only=True, reason="is not the same array under jit")
    def test_identity(self, xp: Any, xp_backend: Any) -> None:
        assert xp_backend.modes == ("eager",)


@make_xp_test_case(order, capabilities_table=capabilities_table)
def test_order(xp: Any) -> None:
    xp_assert_equal(order(xp.asarray([2, 1])), xp.asarray([1, 2]))


@pytest.mark.parametrize(
    ("func", "expected"),
    [
        make_xp_pytest_param(order, [1, 2], capabilities_table=capabilities_table),
        make_xp_pytest_param(eager, [2, 1], capabilities_table=capabilities_table),
    ],
)
def test_functions(func: Any, expected: list[int], xp: Any) -> None:
    assert list(func(xp.asarray([2, 1]))) == expected


class TestEager:
    pytestmark = make_xp_pytest_marks(eager, order, capabilities_table=capabilities_table)

    def test_namespace(self, xp: Any) -> None:
        assert eager(order(xp.asarray([2, 1]))) == [1, 2]
