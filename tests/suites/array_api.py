"""Run array-api-tests on `core.lazy` over a library.

Usage: python tests/suites/array_api.py CHECKOUT {numpy,array-api-strict} [PYTEST OPTION...]

CHECKOUT is a clone of https://github.com/data-apis/array-api-tests with its submodule. It needs
``pip install ndindex pytest-json-report``. The suite looks at values, so here traced arrays are
computed when values are needed, and after each function of the namespace, which also checks that
the announced shape and dtype are those computed. `array_api_xfails.txt` lists expected failures
with reasons; pytest reports them as "xfailed".
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from core import lazy  # noqa: E402
from core.lazy.graph.tree import rebuild  # noqa: E402


def namespace(backend: str) -> Any:
    """Return a namespace whose functions compute their results, and give arrays their values."""
    for name, convert in CONVERSIONS.items():
        method = wraps(getattr(lazy.LazyArray, name))(_converted(convert))
        setattr(lazy.LazyArray, name, method)
    lazy.boolean_indexing().__enter__()
    own = lazy.namespace(backend)
    functions = {name: _checked(value) for name, value in vars(own).items()}
    for extension in ("linalg", "fft"):
        found = vars(functions[extension])
        functions[extension] = SimpleNamespace(**{k: _checked(v) for k, v in found.items()})
    functions["__array_namespace_info__"] = own.__array_namespace_info__
    return SimpleNamespace(**functions)


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "__bool__": bool,
    "__float__": float,
    "__int__": int,
    "__complex__": complex,
    "__index__": lambda x: x.__index__(),
    "__dlpack__": lambda x: x.__dlpack__(),
    "__dlpack_device__": lambda x: x.__dlpack_device__(),
}


def _converted(convert: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda self, **options: convert(self.compute())


def _checked(function: Any) -> Any:
    """Return a function that computes its results and compares them with what was announced."""
    if not callable(function) or isinstance(function, type):
        return function

    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        return rebuild(function(*args, **kwargs), _computed)

    return checked


def _computed(x: Any) -> Any:
    if not isinstance(x, lazy.LazyArray):
        return x
    shape, dtype = x.shape, x.dtype
    found = lazy.array(x.compute())
    if found.dtype != dtype:
        raise AssertionError(f"{dtype} was announced, but {found.dtype} computed")
    if len(shape) != found.ndim or any(
        m not in (None, n) for m, n in zip(shape, found.shape, strict=True)
    ):
        raise AssertionError(f"shape {shape} was announced, but {found.shape} computed")
    return found if None in shape else x


def main() -> int:
    import pytest

    checkout, backend = Path(sys.argv[1]).resolve(), sys.argv[2]
    folder = str(Path(__file__).parent)
    script = f"import sys; sys.path.insert(0, {folder!r}); import array_api as adapter; "
    script += f"xp = adapter.namespace({backend!r})"
    os.environ["ARRAY_API_TESTS_MODULE"] = f"exec('{script}')"
    os.chdir(checkout)
    expected = Path(__file__).parent / "array_api_xfails.txt"
    options = ["-q", "-p", "no:cacheprovider", "--xfails-file", str(expected), *sys.argv[3:]]
    return pytest.main(["array_api_tests", *options])


if __name__ == "__main__":
    sys.exit(main())
