"""Run the calls that were written by hand, without sphinx_xpcaps, and print the expected cells."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

os.environ["SCIPY_ARRAY_API"] = "1"
import numpy as np

from benchmarks.unseen.calls import LIBRARIES, Library

TITLES = {"torch": "PyTorch", "jax": "JAX", "dask": "Dask"}
LIBRARY_OF = {"jaxlib": "jax", "torch": "torch", "dask": "dask"}
BACKENDS = ("numpy", "torch", "jax", "dask", "array-api-strict")


def maker(backend: str) -> tuple[Callable[[Any], Any], Callable[[Any], bool]]:
    """Return a function that makes arrays of a library, and one that recognizes them."""
    if backend == "torch":
        import torch

        return lambda x: torch.asarray(np.asarray(x)), lambda x: isinstance(x, torch.Tensor)
    if backend == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        return lambda x: jax.numpy.asarray(np.asarray(x)), lambda x: isinstance(x, jax.Array)
    if backend == "dask":
        import dask.array

        return lambda x: dask.array.asarray(np.asarray(x)), (
            lambda x: isinstance(x, dask.array.Array)
        )
    if backend == "array-api-strict":
        import array_api_strict

        cls = type(array_api_strict.asarray(1.0))
        return lambda x: array_api_strict.asarray(np.asarray(x)), lambda x: isinstance(x, cls)
    return np.asarray, lambda x: isinstance(x, np.ndarray | np.generic)


def flat(x: Any) -> list[Any]:
    """Return the arrays and numbers in a result."""
    if isinstance(x, dict):
        return [y for item in x.values() for y in flat(item)]
    if isinstance(x, list | tuple):
        return [y for item in x for y in flat(item)]
    if type(x).__name__ == "DataArray":
        return [x.variable._data]
    return [] if isinstance(x, slice | str) else [x]


def host(x: Any) -> Any:
    """Return the NumPy array for an array of any library."""
    if hasattr(x, "detach"):
        x = x.detach().numpy()
    if type(x).__module__.startswith("array_api_strict"):
        x = x._array
    return np.asarray(x)


def outcome(call: Any, f: Any, backend: str, expected: Any) -> str:
    """Return "ok", or how a call fails."""
    make, owns = maker(backend)
    try:
        found = flat(call(f, make))
    except BaseException as error:
        return type(error).__name__
    for x in found:
        if not owns(x) and isinstance(x, np.ndarray | np.generic):
            return "returns NumPy"
        if not owns(x) and hasattr(x, "shape"):
            return f"returns {TITLES[LIBRARY_OF[type(x).__module__.partition('.')[0]]]} arrays"
    for x, y in zip(found, expected, strict=True):
        if host(x).shape != y.shape:
            return "wrong shape"
        if not np.allclose(host(x).astype(float), y.astype(float), rtol=1e-4, equal_nan=True):
            return "wrong values"
    return "ok" if any(map(owns, found)) else "returns Python numbers"


def jit_fails(call: Any, f: Any) -> bool:
    """Return whether a call raises when it is traced by JAX."""
    import jax

    inputs: list[Any] = []
    make, _ = maker("jax")

    def collect(x: Any) -> Any:
        inputs.append(make(x))
        return inputs[-1]

    call(f, collect)

    def traced(*given: Any) -> Any:
        rest = iter(given)
        return flat(call(f, lambda _: next(rest)))

    try:
        jax.jit(traced)(*inputs)
    except BaseException:
        return True
    return False


def computes(call: Any, f: Any) -> int:
    """Return how often a call computes the graph of a Dask array."""
    import dask

    count = 0

    def scheduler(graph: Any, keys: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        return dask.get(graph, keys)

    with dask.config.set(scheduler=scheduler):
        call(f, maker("dask")[0])
    return count


def resolve(name: str) -> Any:
    """Return the function called `name`, or the class of the method."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError:  # a method: its class is called
        return resolve(module)


def cell(backend: str, library: Library, results: list[str], limits: list[str]) -> str:
    """Return the status and the note that follow from the outcomes of all calls."""
    failing = [result for result in results if result != "ok"]
    if not failing:
        return f"partial: {limits[0]}" if limits else "supported"
    if len(failing) < len(results):
        return "partial"
    raised = failing[0].endswith(("Error", "Exception"))
    if backend == "numpy" and library.reference != "numpy" and raised:
        return f"unsupported: needs {TITLES[library.reference]}"
    return f"unsupported: {failing[0]}"


def cells(name: str, library: Library) -> None:
    """Print the expected cells of a library as TOML."""
    print(f"[{name}]")
    sys.path.insert(0, f"{os.environ['UNSEEN']}/{name}")
    for target, calls in library.calls.items():
        found = []
        for backend in BACKENDS:
            switch(library, library.reference)
            f = resolve(target)
            reference = maker(library.reference)[0]
            expected = [list(map(host, flat(call(f, reference)))) for call in calls]
            switch(library, backend)
            results = [outcome(c, f, backend, e) for c, e in zip(calls, expected, strict=True)]
            passing = [c for c, r in zip(calls, results, strict=True) if r == "ok"]
            limits = []
            if backend == "jax" and any(jit_fails(c, f) for c in passing):
                limits = ["no JIT"]
            if backend == "dask" and any(computes(c, f) for c in passing):
                limits = ["computes graph"]
            found.append(f'{backend} = "{cell(backend, library, results, limits)}"')
        print(f'"{target}" = {{ {", ".join(found)} }}', flush=True)
    print()


def switch(library: Library, backend: str) -> None:
    """Run the library's set-up code, if it has any."""
    if library.setup:
        exec(library.setup.format(backend=backend, module=backend))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or LIBRARIES:
        cells(name, LIBRARIES[name])
