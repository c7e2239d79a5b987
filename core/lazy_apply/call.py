"""One call of `lazy_apply`, with its options in order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.lazy_apply.signature import Signature

Shape = tuple[int | None, ...]
"""The lengths of an array's axes; None where a length is not known before the data are."""

SCALARS = frozenset({int, float, complex, bool, type(None)})
"""Types of arguments that are passed on as they are."""

VMAP_METHODS = ("sequential", "expand_dims", "broadcast_all")


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A function, its arguments, and what the caller said about its results."""

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    shape: Any = None
    dtype: Any = None
    as_numpy: bool = False
    xp: Any = None
    vmap_method: str | None = None
    jvp: Callable[..., Any] | None = None
    vjp: Callable[..., Any] | None = None
    signature: Signature | None = None
    vectorize: bool = False

    @property
    def name(self) -> str:
        """The function's name, as messages and graph keys show it."""
        return function_name(self.func)

    @property
    def arrays(self) -> list[Any]:
        """The arrays among the positional arguments."""
        return [arg for arg in self.args if not is_scalar(arg)]

    @property
    def several(self) -> int:
        """How many arrays are returned as a tuple; 0 where one array is returned."""
        if self.signature is not None and self.shape is None:
            return len(self.signature.outputs) if self.signature.multiple else 0
        return several(self.shape)

    def inputs(self) -> Iterator[tuple[int | str, Any]]:
        """Yield every argument with its position or its name."""
        yield from enumerate(self.args)
        yield from self.kwargs.items()

    def filled(self, values: Mapping[int | str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments with those in `values` exchanged."""
        args = [values.get(i, arg) for i, arg in enumerate(self.args)]
        kwargs = {name: values.get(name, arg) for name, arg in self.kwargs.items()}
        return args, kwargs


def is_scalar(x: object) -> bool:
    """Say whether `x` is passed on as it is: None or a number, be it of a class made from one."""
    return type(x) in SCALARS or (
        isinstance(x, (int, float, complex)) and not isinstance(x, np.generic)
    )


def function_name(func: Callable[..., Any]) -> str:
    """Return a name for `func` that a reader recognizes."""
    while isinstance(func, functools.partial):
        func = func.func
    name = str(getattr(func, "__name__", None) or type(func).__name__)
    name = name.rpartition(".")[2]  # `torch.compile` makes functions whose name is the long one
    return "lambda" if name == "<lambda>" else name


def named(error: Exception, func: Callable[..., Any]) -> None:
    """Note on `error` in which function it happened."""
    error.add_note(f"in lazy_apply of {function_name(func)}")


def no_derivative(call: Call) -> str:
    """Return the message for a derivative that was asked for and not given."""
    if call.vjp is not None:
        return f"vjp gives the derivative of {call.name} backwards only: give jvp instead"
    return (
        f"lazy_apply does not know the derivative of {call.name}: give "
        "jvp=lambda primals, tangents: ... or vjp=lambda primals, cotangents: ..."
    )


def several(shape: object) -> int:
    """Return how many shapes `shape` is a sequence of; 0 where it is one shape, or none."""
    if type(shape) is tuple and (not shape or type(shape[0]) is int):
        return 0
    if not isinstance(shape, Sequence) or not any(isinstance(item, Sequence) for item in shape):
        return 0
    return len(shape)


def check_outputs(shape: object, dtype: object) -> None:
    """Raise ValueError where the numbers of shapes and of dtypes contradict each other."""
    count = several(shape)
    listed = isinstance(dtype, Sequence) and not isinstance(dtype, str)
    if not count and listed:
        raise ValueError("Got a single shape but multiple dtypes: give one dtype")
    if not count or dtype is None:
        return
    if not isinstance(dtype, Sequence) or isinstance(dtype, str):
        raise ValueError("Got multiple shapes but only one dtype: give one dtype for each shape")
    if count != len(dtype):
        raise ValueError(
            f"Got {count} shapes and {len(dtype)} dtypes: give one dtype for each shape"
        )
