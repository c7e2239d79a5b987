"""The registry of adapters, and finding the library of an array."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import lazy_apply
from core.backends import backends, get_backend, library_of, registry

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a package with an adapter, ``other_lib:Other``."""

    def install(source: str, entry_point: str = "other = other_lib:Other") -> None:
        (tmp_path / "other_lib.py").write_text(source)
        info = tmp_path / "other_lib-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-lib\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[xpcaps.backends]\n{entry_point}\n")
        monkeypatch.syspath_prepend(tmp_path)
        registry.clear_caches()

    yield install
    monkeypatch.undo()
    sys.modules.pop("other_lib", None)
    registry.clear_caches()


OTHER = """
import numpy as np
from core.backends.numpy import NumPyBackend
from core.lazy_apply.implementation import Implementation

class Array(np.ndarray):
    pass

class Reversed(Implementation):
    @staticmethod
    def place(result, first, xp=None):
        return np.asarray(result)[::-1].view(Array)

class Other(NumPyBackend):
    name = "other"
    title = "Other"
    array_types = ("other_lib:Array",)
    lazy_apply = "other_lib:Reversed"
"""


def test_importing_core_imports_no_array_library_but_numpy() -> None:
    code = (
        "import sys, core, core.backends; core.backends.backends();"
        "libraries = {'torch', 'jax', 'dask', 'cupy', 'array_api_strict', 'sparse'};"
        "print(sorted(libraries & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["jax", "jax.numpy", "dask.array", "array_api_strict"])
def test_backend_is_found_by_module_and_alias(name: str) -> None:
    assert name in (get_backend(name).name, get_backend(name).module, *get_backend(name).aliases)


def test_unknown_backend_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown backend 'theano'; known are numpy, cupy, torch"):
        get_backend("theano")


def test_adapter_of_another_package_is_found(install: Install) -> None:
    install(OTHER)
    assert get_backend("other").title == "Other"
    assert list(backends())[-1] == "other"


def test_adapter_of_another_package_names_its_implementation_of_lazy_apply(
    install: Install,
) -> None:
    install(OTHER)
    import other_lib

    x = np.asarray([1.0, 2.0]).view(other_lib.Array)
    result = lazy_apply(np.negative, x)
    assert isinstance(result, other_lib.Array)
    assert result.tolist() == [-2.0, -1.0]


def test_implementation_of_lazy_apply_must_be_a_subclass(install: Install) -> None:
    source = OTHER.replace('name = "other"', 'name = "third"')
    install(source.replace("other_lib:Reversed", "builtins:dict"), "third = other_lib:Other")
    import other_lib

    with pytest.raises(TypeError, match="builtins:dict is not a subclass of Implementation"):
        lazy_apply(np.negative, np.ones(2).view(other_lib.Array))


def test_arrays_of_another_package_may_be_subclasses_of_a_known_library(install: Install) -> None:
    install(OTHER)
    import other_lib

    assert library_of(other_lib.Array) == "other"
    assert library_of(np.ndarray) == "numpy"


def test_adapter_that_cannot_be_imported_is_left_out_with_a_warning(install: Install) -> None:
    install("import no_such_module_at_all")
    with pytest.warns(RuntimeWarning, match="other = 'other_lib:Other'.*No module named"):
        assert "other" not in backends()


def test_class_that_is_no_adapter_is_left_out_with_a_warning(install: Install) -> None:
    install("class Other: pass")
    with pytest.warns(RuntimeWarning, match="not a subclass of core.backends.Backend"):
        assert "other" not in backends()


def test_adapter_with_another_name_than_its_entry_point_is_left_out(install: Install) -> None:
    install(OTHER, "another = other_lib:Other")
    with pytest.warns(RuntimeWarning, match="another = .* its name is 'other'"):
        assert backends().keys().isdisjoint({"another", "other"})


def test_built_in_adapter_cannot_be_replaced(install: Install) -> None:
    install(OTHER, "numpy = other_lib:Other")
    assert get_backend("numpy").title == "NumPy"


def test_array_of_every_library_is_recognized(xp: Any, xp_backend: Any) -> None:
    assert library_of(type(xp.ones(2))) == xp_backend.name


def test_tracers_are_arrays_of_jax() -> None:
    jax = pytest.importorskip("jax")
    found = []
    jax.make_jaxpr(lambda x: found.append(library_of(type(x))))(1.0)
    assert found == ["jax"]


def test_subclasses_of_arrays_belong_to_the_library() -> None:
    torch = pytest.importorskip("torch")
    assert library_of(np.float64) == library_of(np.ma.MaskedArray) == "numpy"
    assert library_of(torch.nn.Parameter) == "torch"


def test_library_without_adapter_is_named_after_its_package() -> None:
    class Array:
        __module__ = "some_lib.arrays"

        def __array_namespace__(self) -> Any: ...

    assert library_of(Array) == "some_lib"


@pytest.mark.parametrize("cls", [list, int, object, type, np.dtype])
def test_other_classes_belong_to_no_library(cls: type) -> None:
    assert library_of(cls) == ""
