"""What every adapter knows of its library."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from core.backends import Backend, get_backend

DTYPES = ["bool", "int32", "int64", "float32", "float64", "complex64", "complex128"]


@pytest.fixture(params=["cpu", "gpu"])
def place(request: pytest.FixtureRequest, xp: Any, xp_backend: Backend) -> tuple[Backend, str]:
    """Return an adapter, with JAX's precision as measuring has it, and the device of a column."""
    device = xp_backend.columns.get(request.param)
    if device is None:
        pytest.skip(f"{xp_backend.title} has no {request.param}")
    answer = xp_backend.availability(device)
    if not answer.usable:
        pytest.skip(answer.reason)
    return xp_backend, device


def test_importing_core_imports_no_array_library_but_numpy() -> None:
    code = (
        "import sys, core, core.backends; core.backends.backends();"
        "print(sorted({'torch', 'jax', 'dask', 'cupy', 'array_api_strict'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_array_comes_back_with_its_values_shape_and_dtype(
    place: tuple[Backend, str], dtype: str
) -> None:
    backend, device = place
    array = np.array([[1, 0, 2], [3, 4, 5]]).astype(dtype)
    x = backend.from_numpy(array, device)
    assert backend.owns(x)
    assert backend.device_of(x) == device
    assert backend.dtype_name(x) == dtype
    back = backend.to_numpy(x)
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, array)


def test_an_array_is_a_copy(place: tuple[Backend, str]) -> None:
    backend, device = place
    array = np.zeros(3)
    x = backend.from_numpy(array, device)
    array += 1
    np.testing.assert_array_equal(backend.to_numpy(x), np.zeros(3))


def test_arrays_of_others_are_not_owned(place: tuple[Backend, str]) -> None:
    backend, _ = place
    assert not backend.owns([1.0])
    assert backend.owns(np.ones(1)) == (backend.name == "numpy")


def test_the_namespace_makes_arrays_that_are_owned(place: tuple[Backend, str]) -> None:
    backend, _ = place
    assert backend.owns(backend.namespace().ones(2))


def test_a_conversion_to_numpy_is_seen_or_refused(place: tuple[Backend, str]) -> None:
    backend, device = place
    x = backend.from_numpy(np.ones(3), device)
    refused = False
    with backend.watch() as watch:
        try:
            np.asarray(x)
        except Exception:
            refused = True
    seen = watch.computes + watch.host_transfers > 0
    assert seen or refused or backend.name == "numpy"


def test_watching_ends(place: tuple[Backend, str]) -> None:
    backend, device = place
    x = backend.from_numpy(np.ones(3), device)
    with backend.watch() as watch:
        pass
    before = (watch.computes, watch.host_transfers)
    backend.to_numpy(x)
    assert (watch.computes, watch.host_transfers) == before


def test_an_explicit_transfer_from_a_tensor_is_not_counted() -> None:
    torch = pytest.importorskip("torch")
    backend = get_backend("torch")
    with backend.watch() as watch:
        torch.ones(2).cpu().numpy()
    assert watch.host_transfers == 0
    with backend.watch() as watch:
        torch.ones(2).numpy()
    assert watch.host_transfers == 1


def test_what_jax_itself_reads_from_an_array_is_not_counted() -> None:
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


def test_a_computed_graph_is_counted() -> None:
    da = pytest.importorskip("dask.array")
    with get_backend("dask").watch() as watch:
        x = da.ones(4, chunks=2)
        bool((x + x).sum() > 0)
        float(x.sum())
    assert watch.computes == 2


def test_a_library_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = get_backend("torch")
    monkeypatch.setattr(backend, "module", "no_such_module_at_all", raising=False)
    answer = backend.availability("cpu")
    assert not answer.usable
    assert answer.reason == "torch is not installed"


def test_a_missing_gpu_is_told_in_one_line() -> None:
    answer = get_backend("cupy").availability("gpu")
    if not answer.usable:
        assert answer.reason.startswith("cupy")
        assert "\n" not in answer.reason


@pytest.mark.parametrize("name", ["jax", "jax.numpy", "dask.array", "array_api_strict"])
def test_a_backend_goes_by_its_namespace_too(name: str) -> None:
    assert name in (get_backend(name).name, get_backend(name).module, *get_backend(name).aliases)


def test_an_unknown_backend_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match=r"unknown backend 'theano'; known are numpy, cupy, torch"):
        get_backend("theano")


def test_an_adapter_of_another_package_is_found(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.backends import registry

    (tmp_path / "other_lib.py").write_text(
        "from core.backends.numpy import NumPyBackend\n"
        "class Other(NumPyBackend):\n    name = 'other'\n    title = 'Other'\n"
    )
    info = tmp_path / "other_lib-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-lib\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[xpcaps.backends]\nother = other_lib:Other\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry.clear_caches()
    try:
        assert get_backend("other").title == "Other"
    finally:
        registry.clear_caches()
