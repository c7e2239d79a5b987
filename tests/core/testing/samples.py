"""Functions that tests tag as lazy: most ask for values, which no lazy library has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_compat
import numpy as np


def asks(x: Any) -> Any:
    return x if bool(array_api_compat.array_namespace(x).all(x > 0)) else -x


def imports_asks(x: Any) -> Any:
    from tests.core.testing.samples import asks

    return asks(x)


asks_ufunc = np.frompyfunc(abs, 1, 1)


class AsksObject:
    """A callable that is no function."""

    instance: AsksObject

    def __call__(self, x: Any) -> Any:
        return asks(x)


asks_object = AsksObject.instance = AsksObject()


class Data:
    """Holds an array."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def asks(self) -> Any:
        return asks(self.x)

    @classmethod
    def made(cls, x: Any) -> Any:
        return cls(asks(x))

    @staticmethod
    def asks_of(x: Any) -> Any:
        return asks(x)

    def inherited(self) -> bool:
        return bool(array_api_compat.array_namespace(self.x).all(self.x > 0))


class Child(Data):
    """Inherits all it has."""


def computes(x: Any, times: int) -> Any:
    for _ in range(times):
        float(x[0])
    return x


def computes_twice(x: Any) -> Any:
    return computes(x, 2)


def computes_thrice(x: Any) -> Any:
    return computes(x, 3)


def computes_at_will(x: Any) -> Any:
    return computes(x, 5)


seen: list[Any] = []


def inner(x: Any) -> Any:
    seen.append(x)
    return x


def outer(x: Any) -> Any:
    seen.append(x)
    return inner(x)


def stays_lazy(data: dict[str, Any], how: str) -> dict[str, Any]:
    return {"x": data["x"] * 2 if how == "twice" else data["x"], "how": how}


def window(n: int, *, xp: Any) -> Any:
    x = xp.ones(n)
    assert bool(xp.all(x > 0))
    return x


def breaks_graph(x: Any) -> Any:
    return x + 1 if float(x[0]) > 0 else x


def _divide(block: Any) -> Any:
    raise ZeroDivisionError


def fails_late(x: Any, function: Callable[..., Any] = _divide) -> Any:
    return x.map_blocks(function, dtype=x.dtype)
