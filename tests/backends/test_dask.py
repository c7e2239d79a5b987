"""The functions of Dask's namespace that graphs are executed with."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest

import core
from core import lazy
from core.backends import get_backend


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(4, 4), (1, 1), (2, 3, 3), (0, 3, 3)])
def test_cholesky_returns_the_factor_of_the_standard(shape: Any, dtype: str, upper: bool) -> None:
    a = np.ones(shape) * (1j if dtype.startswith("complex") else 1)
    a = np.triu(a) @ np.conj(np.swapaxes(np.triu(a), -1, -2)) + 1j * np.triu(a, 1)
    a = (a @ np.conj(np.swapaxes(a, -1, -2)) + np.eye(shape[-1])).astype("complex128")
    a = (a if dtype.startswith("complex") else a.real).astype(dtype)
    x = lazy.array(da.from_array(a, chunks=(*(1,) * (a.ndim - 2), 2, 2)))
    found = lazy.linalg.cholesky(x, upper=upper).compute()
    assert found.dtype == found.compute().dtype == dtype
    np.testing.assert_allclose(found.compute(), np.linalg.cholesky(a, upper=upper), rtol=1e-4)


def test_a_trace_of_numpy_runs_on_dask() -> None:
    a = np.asarray([[4.0, 2.0], [2.0, 3.0]])
    trace = core.trace(lambda x: x.__array_namespace__().linalg.cholesky(x), a)
    np.testing.assert_allclose(trace(da.from_array(a)).compute(), np.linalg.cholesky(a))


def test_corrections_do_not_change_the_namespace_of_measurements() -> None:
    backend = get_backend("dask")
    assert backend.namespace().linalg.cholesky is not backend.standard_namespace().linalg.cholesky
    assert backend.namespace().sum is backend.standard_namespace().sum
