"""The adapters of array libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.backends import Backend, get_backend

DTYPES = ["bool", "int32", "int64", "float32", "float64", "complex64", "complex128"]


@pytest.fixture(params=["cpu", "gpu"])
def target(request: pytest.FixtureRequest, xp: Any, xp_backend: Backend) -> tuple[Backend, str]:
    """Return an adapter and the device of a column; JAX has 64-bit numbers, as in measurements."""
    device = xp_backend.columns.get(request.param)
    if device is None:
        pytest.skip(f"{xp_backend.title} has no {request.param}")
    answer = xp_backend.availability(device)
    if not answer.usable:
        pytest.skip(answer.reason)
    return xp_backend, device


@pytest.mark.parametrize("dtype", DTYPES)
def test_array_keeps_values_shape_and_dtype(target: tuple[Backend, str], dtype: str) -> None:
    backend, device = target
    array = np.array([[1, 0, 2], [3, 4, 5]]).astype(dtype)
    x = backend.from_numpy(array, device)
    assert backend.owns(x)
    assert backend.device_of(x) == device
    assert backend.dtype_name(x) == dtype
    back = backend.to_numpy(x)
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, array)


def test_array_is_a_copy(target: tuple[Backend, str]) -> None:
    backend, device = target
    array = np.zeros(3)
    x = backend.from_numpy(array, device)
    array += 1
    np.testing.assert_array_equal(backend.to_numpy(x), np.zeros(3))


def test_arrays_of_other_libraries_are_not_owned(target: tuple[Backend, str]) -> None:
    backend, _ = target
    assert not backend.owns([1.0])
    assert backend.owns(np.ones(1)) == backend.is_reference


def test_namespace_creates_arrays_that_are_owned(target: tuple[Backend, str]) -> None:
    backend, _ = target
    assert backend.owns(backend.namespace().ones(2))


def test_conversion_to_numpy_is_counted_or_raises(target: tuple[Backend, str]) -> None:
    backend, device = target
    x = backend.from_numpy(np.ones(3), device)
    refused = False
    with backend.watch() as watch:
        try:
            np.asarray(x)
        except Exception:
            refused = True
    seen = watch.computes + watch.host_transfers > 0
    assert seen or refused or backend.is_reference


def test_nothing_is_counted_after_watching(target: tuple[Backend, str]) -> None:
    backend, device = target
    x = backend.from_numpy(np.ones(3), device)
    with backend.watch() as watch:
        pass
    before = (watch.computes, watch.host_transfers)
    backend.to_numpy(x)
    assert (watch.computes, watch.host_transfers) == before


def test_explicit_transfer_of_a_tensor_is_not_counted() -> None:
    torch = pytest.importorskip("torch")
    backend = get_backend("torch")
    with backend.watch() as watch:
        torch.ones(2).cpu().numpy()
    assert watch.host_transfers == 0
    with backend.watch() as watch:
        torch.ones(2).numpy()
    assert watch.host_transfers == 1


def test_conversions_by_jax_itself_are_not_counted() -> None:
    jax = pytest.importorskip("jax")
    x = jax.numpy.arange(3.0)
    with get_backend("jax").watch() as watch:
        float(x[0])
        jax.device_get(x)
        jax.numpy.roots(x)
    assert watch.host_transfers == 0
    with get_backend("jax").watch() as watch:
        np.asarray(x)
        np.sin(x)
    assert watch.host_transfers == 2
    assert memoryview(x).nbytes == x.nbytes


def test_computed_graph_is_counted() -> None:
    da = pytest.importorskip("dask.array")
    with get_backend("dask").watch() as watch:
        x = da.ones(4, chunks=2)
        bool((x + x).sum() > 0)
        float(x.sum())
    assert watch.computes == 2


def test_missing_library_is_reported_as_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = get_backend("torch")
    monkeypatch.setattr(backend, "module", "no_such_module_at_all", raising=False)
    answer = backend.availability("cpu")
    assert not answer.usable
    assert answer.reason == "torch is not installed"


def test_an_array_api_strict_without_devices_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(pytest.importorskip("array_api_strict"), "Device")
    answer = get_backend("array-api-strict").availability("cpu")
    assert not answer.usable
    assert answer.reason.endswith("but it has no devices; version 2.1 or newer is needed")


def test_missing_gpu_is_reported_in_one_line() -> None:
    answer = get_backend("cupy").availability("gpu")
    if not answer.usable:
        assert answer.reason.startswith("cupy")
        assert "\n" not in answer.reason


def test_jax_is_measured_with_the_flags_that_the_installed_version_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("jaxlib")
    from core.backends import jax

    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=folder")
    flags = get_backend("jax").worker_environment().get("XLA_FLAGS", "")
    known = jax._knows_flag(jax._CODE_GENERATOR)
    expected = f"--xla_dump_to=folder --{jax._CODE_GENERATOR}=false"
    assert flags == (expected if known else "")
    monkeypatch.setattr(jax, "_CODE_GENERATOR", "xla_no_such_flag")
    assert "XLA_FLAGS" not in get_backend("jax").worker_environment()
