"""How `lazy_apply` calls functions on the arrays of a library: at once, unless it has a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, TypeAlias

import array_api_compat
import numpy as np

from core.lazy_apply.call import SCALARS, Call, is_scalar
from core.lazy_apply.checks import refuse_masked
from core.lazy_apply.outputs import list_results
from core.typing import Array, Namespace

PASS: Final = object()
"""What an eager function returns if the call needs `Implementation.lazy`."""

Eager: TypeAlias = Callable[
    [Callable[..., Any], tuple[Any, ...], Mapping[str, Any], bool, int], Any
]
"""Calls a function with positional and named arguments, `as_numpy` and the number of results."""


class Implementation:
    """How `lazy_apply` works on the arrays of one library.

    The methods of this class suit any library that computes at once and follows the array API
    standard. An adapter names its class in `core.backends.Backend.lazy_apply`.
    """

    conversion_errors: ClassVar[tuple[type[Exception], ...]] = ()
    """Exceptions of `to_numpy` after which the call is passed to `lazy`; others are raised."""

    @staticmethod
    def is_traced() -> bool:
        """Return whether a compiler or transformation traces the call, which then needs `lazy`."""
        return False

    def concrete_types(self, cls: type) -> tuple[type, ...]:
        """Return the classes of arrays that `eager` accepts, for arrays of class `cls`."""
        return (cls,)

    @staticmethod
    def check_dtypes(call: Call, dtypes: Iterable[Any]) -> None:
        """Raise ValueError if the library cannot return results of the dtypes that are declared."""

    @staticmethod
    def to_numpy(x: Array) -> Any:
        """Return the argument `x` as a NumPy array, for ``as_numpy=True``."""
        return np.asarray(x)

    @staticmethod
    def place(result: Any, first: Array, xp: Namespace = None) -> Array:
        """Return `result` as an array of the library and on the device of the argument `first`.

        `xp` is the namespace, if the caller of `lazy_apply` gave it.
        """
        if type(result) is type(first) and result.device == first.device:
            return result
        refuse_masked(result)
        xp = xp or array_api_compat.array_namespace(first)
        return xp.asarray(result, device=array_api_compat.device(first))

    def lazy(self, call: Call) -> Any:
        """Make `call` part of a graph; by default, call the function at once."""
        first = call.arrays[0]
        args, kwargs = call.args, call.kwargs
        if call.as_numpy:
            cls = type(first)
            args = tuple([x if is_scalar(x) else self.to_numpy(x) for x in args])
            kwargs = {n: self.to_numpy(x) if type(x) is cls else x for n, x in kwargs.items()}
        result, count = call.func(*args, **kwargs), call.result_count
        if not count:
            return self.place(result, first, call.xp)
        results = list_results(call.func, result, count)
        return tuple([self.place(one, first, call.xp) for one in results])

    def eager(self, cls: type) -> Eager:
        """Return the function that handles most calls whose first array is of class `cls`.

        It is a closure, for speed: calls of small functions spend most of their time here.
        """
        types = self.concrete_types(cls)
        is_traced, conversion_errors = self.is_traced, self.conversion_errors
        place, to_numpy = self.place, self.to_numpy

        def eager(
            func: Callable[..., Any],
            args: tuple[Any, ...],
            kwargs: Mapping[str, Any],
            as_numpy: bool,
            count: int,
        ) -> Any:
            if is_traced():
                return PASS
            first = args[0]
            if type(first) is cls and len(args) == 1:
                if not (kwargs or as_numpy or count):  # the most common call
                    return place(func(first), first)
            else:
                first = None
                for x in args:
                    if type(x) is cls or (type(x) not in SCALARS and isinstance(x, types)):
                        if first is None:
                            first = x
                    elif type(x) not in SCALARS and not is_scalar(x):
                        return PASS
                if first is None:
                    return PASS
            if as_numpy:
                try:
                    args = tuple(
                        [to_numpy(x) if type(x) is cls or isinstance(x, types) else x for x in args]
                    )
                    for name, x in kwargs.items():
                        if isinstance(x, types):
                            kwargs = {**kwargs, name: to_numpy(x)}
                except conversion_errors:
                    return PASS
            result = func(*args, **kwargs) if kwargs else func(*args)
            if count:
                return tuple([place(one, first) for one in list_results(func, result, count)])
            return place(result, first)

        return eager
