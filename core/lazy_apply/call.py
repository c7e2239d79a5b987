"""One call of `lazy_apply` with its options."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.lazy_apply.signature import Signature
from core.typing import Array, DType, Namespace

Shape = tuple[int | None, ...]
"""The lengths of an array's axes; None where a length depends on values not computed yet."""

SCALARS = frozenset({int, float, complex, bool, type(None)})
"""Types of arguments that are passed on unchanged."""

SEQUENTIAL_METHODS = ("sequential", "sequential_unrolled")
VMAP_METHODS = (*SEQUENTIAL_METHODS, "expand_dims", "broadcast_all", "legacy_vectorized")


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A function, its arguments, and the options that describe its results."""

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    shape: Any = None
    dtype: DType = None
    as_numpy: bool = False
    xp: Namespace = None
    vmap_method: str | None = None
    jvp: Callable[..., Any] | None = None
    vjp: Callable[..., Any] | None = None
    signature: Signature | None = None
    vectorize: bool = False
    sharding: Any = None

    @property
    def name(self) -> str:
        """The function's name, as messages and graph keys show it."""
        return function_name(self.func)

    @property
    def arrays(self) -> list[Array]:
        """The arrays among the positional arguments."""
        return [arg for arg in self.args if not is_scalar(arg)]

    @property
    def result_count(self) -> int:
        """The length of the tuple that is returned; 0 for a single array instead of a tuple."""
        if self.signature is not None and self.shape is None:
            return len(self.signature.outputs) if self.signature.multiple else 0
        return count_shapes(self.shape)

    def inputs(self) -> Iterator[tuple[int | str, Any]]:
        """Yield every argument with its position or its name."""
        yield from enumerate(self.args)
        yield from self.kwargs.items()

    def arguments_with(self, values: Mapping[int | str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments, those in `values` replaced."""
        args = [values.get(i, arg) for i, arg in enumerate(self.args)]
        kwargs = {name: values.get(name, arg) for name, arg in self.kwargs.items()}
        return args, kwargs


def is_scalar(x: object) -> bool:
    """Return whether `x` is passed on unchanged: None, or a Python number or subclass of one."""
    return type(x) in SCALARS or (
        isinstance(x, (int, float, complex)) and not isinstance(x, np.generic)
    )


def function_name(func: Callable[..., Any]) -> str:
    """Return a name for `func` that users recognize."""
    while isinstance(func, functools.partial):
        func = func.func
    name = str(getattr(func, "__name__", None) or type(func).__name__)
    name = name.rpartition(".")[2]  # functions that `torch.compile` creates have a dotted name
    return "lambda" if name == "<lambda>" else name


def add_name_note(error: Exception, func: Callable[..., Any]) -> None:
    """Add a note to `error` with the name of the function that raised it."""
    error.add_note(f"in lazy_apply of {function_name(func)}")


def missing_derivative(call: Call) -> str:
    """Return the message for a derivative that is needed and was not given."""
    if call.vjp is not None:
        return f"vjp gives the derivative of {call.name} backwards only: give jvp instead"
    return (
        f"lazy_apply does not know the derivative of {call.name}: give "
        "jvp=lambda primals, tangents: ... or vjp=lambda primals, cotangents: ..."
    )


def count_shapes(shape: object) -> int:
    """Return the length of a sequence of shapes; 0 if `shape` is a single shape or None."""
    if type(shape) is tuple and (not shape or type(shape[0]) is int):
        return 0
    if not isinstance(shape, Sequence) or not any(isinstance(item, Sequence) for item in shape):
        return 0
    return len(shape)


def check_outputs(shape: object, dtype: object) -> None:
    """Raise ValueError if the numbers of shapes and of dtypes contradict each other."""
    count = count_shapes(shape)
    has_several_dtypes = isinstance(dtype, Sequence) and not isinstance(dtype, str)
    if not count and has_several_dtypes:
        raise ValueError("Got a single shape but multiple dtypes: give one dtype")
    if not count or dtype is None:
        return
    if not isinstance(dtype, Sequence) or isinstance(dtype, str):
        raise ValueError("Got multiple shapes but only one dtype: give one dtype for each shape")
    if count != len(dtype):
        raise ValueError(
            f"Got {count} shapes and {len(dtype)} dtypes: give one dtype for each shape"
        )
