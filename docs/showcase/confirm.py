"""Check every entry of wrong_tables.toml with one call.

Usage: python confirm.py [FUNCTION...]

Makes the call of each entry with arrays of the entry's library and checks the result. Does not use
sphinx-xpcaps. The exit status is 1 if an entry is wrong.
"""

from __future__ import annotations

import importlib
import os
import sys
import tomllib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["SCIPY_ARRAY_API"] = "1"
os.environ["JAX_ENABLE_X64"] = "1"

import numpy as np

NAMESPACES = {
    "torch": "array_api_compat.torch",
    "jax": "jax.numpy",
    "dask": "array_api_compat.dask.array",
    "array-api-strict": "array_api_strict",
}
NAMES = "abcde"


def entries() -> Iterator[dict[str, Any]]:
    """Yield one entry for each function, library and aspect."""
    groups = tomllib.loads(Path(__file__).with_name("wrong_tables.toml").read_text("utf-8"))
    for group in groups["group"]:
        for row in group["rows"]:
            for backend in row.get("backends", group.get("backends", [])):
                yield {**group, **row, "backend": backend}


def confirm(entry: dict[str, Any]) -> tuple[bool, str]:
    """Return whether the call of an entry works in the entry's aspect, and a description."""
    xp = importlib.import_module(NAMESPACES[entry["backend"]])
    module, _, name = entry["function"].rpartition(".")
    function = getattr(importlib.import_module(module), name)
    try:
        expected = _call(entry, function, np, lambda f: f)
    except Exception as error:  # the entry says nothing about the library
        return not entry["works"], f"NumPy refuses the call: {type(error).__name__}: {error}"
    try:
        with _conditions(entry["aspect"]):
            transform = _jitted if entry["aspect"] == "jit" else lambda f: f
            actual = _call(entry, function, xp, transform)
        return _agree(list(_leaves(actual)), list(_leaves(expected)), xp)
    except Exception as error:
        return False, f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"


def _call(
    entry: dict[str, Any],
    function: Callable[..., Any],
    xp: ModuleType,
    transform: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> Any:
    import scipy

    scope = {"np": np, "xp": xp, "scipy": scipy, "f": function, "arr": _converter(xp)}
    arguments = eval(entry["given"], scope) if entry.get("given") else ()
    arguments = arguments if isinstance(arguments, tuple) else (arguments,)
    names = NAMES[: len(arguments)]
    call = eval(f"lambda {', '.join(names)}: {entry['call']}", scope)
    return transform(call)(*arguments)


def _converter(xp: ModuleType) -> Callable[..., Any]:
    return lambda values: xp.asarray(np.asarray(values))


def _jitted(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the call under ``jax.jit``, with a tuple of arrays as result."""
    import jax

    return jax.jit(lambda *args: tuple(_leaves(call(*args))))


@contextmanager
def _conditions(aspect: str) -> Iterator[None]:
    """Refuse what an aspect forbids: computing a graph, or converting tensors to NumPy."""
    if aspect == "lazy":
        import dask

        def refuse(*args: Any, **kwargs: Any) -> Any:
            raise RuntimeError("a graph was computed")

        with dask.config.set(scheduler=refuse):
            yield
    elif aspect == "gpu":
        import torch

        def refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
            raise TypeError("can't convert cuda:0 device type tensor to numpy")

        original = torch.Tensor.__array__, torch.Tensor.numpy
        torch.Tensor.__array__ = torch.Tensor.numpy = refuse
        try:
            yield
        finally:
            torch.Tensor.__array__, torch.Tensor.numpy = original
    else:
        yield


def _leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, (tuple, list)):
        for item in x:
            yield from _leaves(item)
    elif hasattr(x, "__dict__") and not hasattr(x, "shape"):
        for name, item in sorted(vars(x).items()):
            if not name.startswith("_") and not callable(item):
                yield from _leaves(item)
    elif hasattr(x, "shape") or isinstance(x, (bool, int, float, complex)):
        yield x


def _agree(actual: list[Any], expected: list[Any], xp: ModuleType) -> tuple[bool, str]:
    if len(actual) != len(expected):
        return False, "another structure than NumPy's"
    array_type = type(xp.asarray(0))
    for ours, theirs in zip(actual, expected, strict=True):
        if isinstance(ours, np.ndarray | np.generic):
            return False, "returns NumPy"
        is_array = isinstance(ours, array_type)
        values = np.asarray(ours.compute() if hasattr(ours, "compute") else ours)
        if is_array and not np.allclose(values, theirs, rtol=1e-5, atol=1e-7, equal_nan=True):
            return False, "other values than NumPy's"
    return True, array_type.__name__


def main(functions: list[str]) -> int:
    """Check all entries, or those of some functions."""
    warnings.simplefilter("ignore")
    exit_status = 0
    for entry in entries():
        if functions and entry["function"] not in functions:
            continue
        works, description = confirm(entry)
        is_right = works == entry["works"] and (works or entry.get("shows", "") in description)
        outcome = "ok   " if is_right else "WRONG"
        exit_status |= not is_right
        print(outcome, entry["aspect"], entry["backend"], entry["function"], description, sep="  ")
    return int(exit_status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
