"""Run autoray's tests of its lazy arrays with `core.lazy` in place of `autoray.lazy`.

Usage: python tests/suites/autoray_lazy.py CHECKOUT [PYTEST OPTION...]

CHECKOUT is a folder with autoray's sources, for instance from
``pip download --no-deps --no-binary :all: autoray``. Tests that cannot pass are expected to fail;
`EXPECTED` gives the reasons. The exit status is not 0 if any other test fails.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from core import lazy
from core.lazy.operation import External

EXPECTED = {
    "the source is a function, and the text of an array shows its dtype": (
        r"test_manual_construct|test_lazy_mgs.*"
    ),
    "arrays have devices and can be moved to another one": (
        "test_lazy_to_numpy_to_device_from_numpy"
    ),
    "operations have the names of the standard": "test_history_fn_frequencies",
    "svd returns full matrices by default, as in the standard": r"test_svd.*",
    "NumPy multiplies these shapes": r"test_matmul_shape_error\[shape13.*",
    "std and var are biased by default, as in the standard": r"test_reductions\[torch-(std|var).*",
    "the standard has correction=, and neither ddof= nor where=": (
        "test_ddof|test_lazy_kwarg_is_a_dependency"
    ),
    "CuPy needs a GPU": r"test.*\[(False-|True-)?cupy.*",
}


def swap(checkout: Path) -> None:
    """Import autoray from a checkout, and replace its lazy arrays."""
    sys.path.insert(0, str(checkout))
    import autoray

    sys.modules["autoray.lazy"] = autoray.lazy = lazy
    sys.modules["autoray.lazy.linalg"] = lazy.linalg
    # autoray knows its own arrays by their class, and registers functions that it cannot import.
    autoray.register_backend(lazy.LazyArray, "autoray.lazy")
    for function in (astype, from_numpy, get_dtype_name, to_numpy):
        autoray.register_function("autoray.lazy", function.__name__, function)
    # Tests replace the function of a node to check the results of operations.
    lazy.LazyArray._fn = property(lambda x: x.fn, _set_function)


def _set_function(x: lazy.LazyArray, function: Any) -> None:
    if not x.is_leaf:
        x._op = External(function)


def astype(x: lazy.LazyArray, dtype: str) -> Any:
    return x.astype(dtype)


def from_numpy(x: Any, dtype: str | None = None) -> Any:
    return lazy.asarray(x, dtype=dtype)


def get_dtype_name(x: lazy.LazyArray) -> str:
    return str(x.dtype)


def to_numpy(x: lazy.LazyArray) -> Any:
    return np.asarray(x)


class Expectations:
    """A pytest plugin that marks tests which are expected to fail."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for reason, pattern in EXPECTED.items():
                if re.fullmatch(pattern, item.name):
                    item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def main() -> int:
    checkout = Path(sys.argv[1]).resolve()
    swap(checkout)
    options = ["-q", "-p", "no:cacheprovider", *sys.argv[2:]]
    return pytest.main([str(checkout / "tests" / "test_lazy.py"), *options], [Expectations()])


if __name__ == "__main__":
    sys.exit(main())
