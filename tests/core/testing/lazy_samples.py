"""Functions for tests of `lazy_xp_function`: most need values, which traced arrays do not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_compat
import numpy as np


def needs_values(x: Any) -> Any:
    return x if bool(array_api_compat.array_namespace(x).all(x > 0)) else -x


def imports_needs_values(x: Any) -> Any:
    from tests.core.testing.lazy_samples import needs_values

    return needs_values(x)


ufunc_needing_values = np.frompyfunc(abs, 1, 1)


class CallableObject:
    """A callable that is not a function."""

    instance: CallableObject

    def __call__(self, x: Any) -> Any:
        return needs_values(x)


object_needing_values = CallableObject.instance = CallableObject()


class Data:
    """Holds an array."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def needs_values(self) -> Any:
        return needs_values(self.x)

    @classmethod
    def from_values(cls, x: Any) -> Any:
        return cls(needs_values(x))

    @staticmethod
    def static_needs_values(x: Any) -> Any:
        return needs_values(x)

    def inherited(self) -> bool:
        return bool(array_api_compat.array_namespace(self.x).all(self.x > 0))


class Child(Data):
    """A class with inherited methods only."""


def computes(x: Any, times: int) -> Any:
    for _ in range(times):
        float(x[0])
    return x


def computes_twice(x: Any) -> Any:
    return computes(x, 2)


def computes_three_times(x: Any) -> Any:
    return computes(x, 3)


def computes_five_times(x: Any) -> Any:
    return computes(x, 5)


calls: list[Any] = []
"""Arguments of `inner` and `outer`."""


def inner(x: Any) -> Any:
    calls.append(x)
    return x


def outer(x: Any) -> Any:
    calls.append(x)
    return inner(x)


def stays_lazy(data: dict[str, Any], how: str) -> dict[str, Any]:
    return {"x": data["x"] * 2 if how == "twice" else data["x"], "how": how}


def window(n: int, *, xp: Any) -> Any:
    x = xp.ones(n)
    assert bool(xp.all(x > 0))
    return x


def needs_values_in_torch(x: Any) -> Any:
    return x + 1 if float(x[0]) > 0 else x


def _divide(block: Any) -> Any:
    raise ZeroDivisionError


def fails_late(x: Any, function: Callable[..., Any] = _divide) -> Any:
    return x.map_blocks(function, dtype=x.dtype)
