"""The error of traced arrays whose values are needed, with the user's line and a suggestion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from core._private.cpython import get_frame
from core.lazy.dtypes import REFERENCE

_KEEP = "keep the value as a 0-dimensional array and continue computing with it"
_INSTEAD = {
    "bool()": "choose between values with xp.where(condition, x, y), "
    "or decide by shape and dtype, which are known",
    **dict.fromkeys(("float()", "int()", "complex()", ".item()"), _KEEP),
    "operator.index()": "use shapes, which are known, for sizes and loops; "
    "use xp.take(x, indices) to index by computed values",
    "len()": "use a function that needs no size, or give the size as an argument",
    "iteration": "use functions along an axis instead of a loop, or give the size as an argument",
    "format()": "show the traced array itself, or compute() first",
    ".tolist()": "keep the values in an array and continue computing with it",
    "`in`": "use xp.any(x == value) and keep the result as an array",
    "a boolean mask": "use xp.where(mask, x, 0) and functions that ignore the filled values, "
    "or allow unknown sizes with core.lazy.boolean_indexing()",
    "__setitem__": "build the array with xp.where, xp.concat or xp.stack",
    "conversion to NumPy": "use the functions of x.__array_namespace__() instead of NumPy's",
    "DLPack export": "use the functions of x.__array_namespace__(), or compute() first",
}


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """The source line that needed the values of a traced array."""

    filename: str
    lineno: int
    function: str
    module: str

    @property
    def short(self) -> str:
        """The line as ``mypkg/stats.py:88``, relative to the folder of the top-level package."""
        path = Path(self.filename)
        depth = self.module.count(".") + (path.stem == "__init__")
        if self.module in ("", "__main__"):
            depth = 0
        return f"{'/'.join(path.parts[-depth - 1 :])}:{self.lineno}"


class DataDependentError(TypeError):
    """An operation needs the values of a traced array, which exist only once it is computed.

    Parameters
    ----------
    operation : str
        What was called, such as ``"bool()"``.
    instead : str, optional
        What to write instead; common operations have a default.

    Attributes
    ----------
    operation, instead : str
    place : SourceLocation
        The innermost line that belongs neither to the tracing code nor to NumPy.
    filename : str
    lineno : int

    Examples
    --------
    >>> from core import lazy
    >>> x = lazy.Variable((3,))
    >>> try:
    ...     bool(lazy.any(x > 0))
    ... except lazy.DataDependentError as error:
    ...     print(error.operation)
    bool()
    """

    def __init__(self, operation: str, instead: str = "") -> None:
        self.operation = operation
        self.instead = instead or _INSTEAD.get(operation, "")
        self.place = user_location()
        message = f"{operation} on a traced array at {self.place.short}"
        super().__init__(f"{message}: {self.instead}" if self.instead else message)
        collected = _collected.get()
        if collected is not None:
            collected.append(self)

    @property
    def filename(self) -> str:
        """The file of the user's line."""
        return self.place.filename

    @property
    def lineno(self) -> int:
        """The number of the user's line."""
        return self.place.lineno

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self), *self.args), self.__dict__


def refuse(operation: str, instead: str = "") -> NoReturn:
    """Raise the `DataDependentError` of `operation`."""
    raise DataDependentError(operation, instead)


_collected: ContextVar[list[DataDependentError] | None] = ContextVar("collected", default=None)


@contextmanager
def data_dependent_errors() -> Iterator[list[DataDependentError]]:
    """Collect the `DataDependentError` exceptions of a block, including those that are caught.

    Yields
    ------
    list of DataDependentError
        Filled while the block runs.

    Examples
    --------
    >>> from core import lazy
    >>> with lazy.data_dependent_errors() as errors:
    ...     try:
    ...         float(lazy.Variable(()))
    ...     except TypeError:
    ...         pass
    >>> [error.operation for error in errors]
    ['float()']
    """
    errors: list[DataDependentError] = []
    token = _collected.set(errors)
    try:
        yield errors
    finally:
        _collected.reset(token)


# Modules that a user's call passes through on its way to the traced array.
_SKIPPED = (
    "core.lazy.",
    "core.lazy_apply.",
    "core.autojit.",
    "sphinx_xpcaps.",
    f"{REFERENCE}.",
    "array_api_compat.",
)


def user_location() -> SourceLocation:
    """Return the innermost line of the call stack that belongs to the user."""
    first = frame = get_frame(1)
    while f"{frame.f_globals.get('__name__', '')}.".startswith(_SKIPPED):
        if frame.f_back is None:
            frame = first
            break
        frame = frame.f_back
    code, module = frame.f_code, frame.f_globals.get("__name__", "")
    return SourceLocation(code.co_filename, frame.f_lineno, code.co_name, module)
