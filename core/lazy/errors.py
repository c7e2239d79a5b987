"""What is raised where a traced array cannot do what was asked, in words for the user."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

_INSTEAD = {
    "bool()": "choose between values with xp.where(condition, x, y), "
    "or decide by shape and dtype, which are known",
    "float()": "keep the value as a 0-dimensional array and go on computing with it",
    "int()": "keep the value as a 0-dimensional array and go on computing with it",
    "complex()": "keep the value as a 0-dimensional array and go on computing with it",
    "operator.index()": "use shapes, which are known, for sizes and loops; "
    "use xp.take(x, indices) to index by computed values",
    "len()": "use a function that needs no size, or give the size as an argument",
    "iteration": "use functions along an axis instead of a loop, or give the size as an argument",
    ".item()": "keep the value as a 0-dimensional array and go on computing with it",
    "format()": "show the traced array itself, or compute() first",
    ".tolist()": "keep the values in an array and go on computing with it",
    "a boolean mask": "use xp.where(mask, x, 0) and functions that ignore the filled values, "
    "or allow unknown sizes with core.lazy.boolean_indexing()",
    "__setitem__": "build the array with xp.where, xp.concat or xp.stack",
    "conversion to NumPy": "use the functions of x.__array_namespace__() instead of NumPy's",
    "DLPack export": "use the functions of x.__array_namespace__(), or compute() first",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of somebody's source: where a traced array was asked for its values."""

    filename: str
    lineno: int
    function: str
    module: str

    @property
    def short(self) -> str:
        """The line as ``mypkg/stats.py:88``, relative to the folder of the top package."""
        path = Path(self.filename)
        depth = self.module.count(".") + (path.stem == "__init__")
        if self.module in ("", "__main__"):
            depth = 0
        return f"{'/'.join(path.parts[-depth - 1 :])}:{self.lineno}"


class DataDependentError(TypeError):
    """A traced array was asked for values that only exist once it is computed.

    Parameters
    ----------
    operation : str
        What was asked for, such as ``"bool()"``.
    instead : str, optional
        What to write instead; known operations have a text of their own.

    Attributes
    ----------
    operation, instead : str
    place : Place
        The innermost line that is not of the tracing machinery or of NumPy.
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
        self.place = users_place()
        message = f"{operation} on a traced array at {self.place.short}"
        super().__init__(f"{message}: {self.instead}" if self.instead else message)
        noted = _noted.get()
        if noted is not None:
            noted.append(self)

    @property
    def filename(self) -> str:
        """The file of the user's line."""
        return self.place.filename

    @property
    def lineno(self) -> int:
        """The number of the user's line."""
        return self.place.lineno

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.args, self.operation, self.instead, self.place)


def _restore(
    args: tuple[object, ...], operation: str, instead: str, place: Place
) -> DataDependentError:
    error = DataDependentError.__new__(DataDependentError)
    error.args, error.operation, error.instead, error.place = args, operation, instead, place
    return error


def refuse(operation: str, instead: str = "") -> NoReturn:
    """Raise the `DataDependentError` of `operation`."""
    raise DataDependentError(operation, instead)


_noted: ContextVar[list[DataDependentError] | None] = ContextVar("refusals", default=None)


@contextmanager
def refusals() -> Iterator[list[DataDependentError]]:
    """Collect what traced arrays refuse within, also where it is caught and comes to nothing."""
    found: list[DataDependentError] = []
    token = _noted.set(found)
    try:
        yield found
    finally:
        _noted.reset(token)


@contextmanager
def uncovered() -> Iterator[None]:
    """Raise the refusal of a traced array where another error was raised because of it.

    NumPy does so where a value is assigned to an element of its own array, and functions that
    check their arguments do.
    """
    try:
        yield
    except DataDependentError:
        raise
    except Exception as error:
        cause = _behind(error)
        if cause is not None:
            cause.add_note(f"which led to {type(error).__name__}: {error}")
            raise cause from None
        if isinstance(error, AttributeError):
            _tell_of_methods(error)
        raise


def _behind(error: BaseException | None) -> DataDependentError | None:
    """Return the refusal that an error came from, unless whoever raised it says ``from None``."""
    while error is not None and not isinstance(error, DataDependentError):
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return error


def _tell_of_methods(error: AttributeError) -> None:
    """Raise a clearer error for an attribute that traced arrays do not have.

    Here, as a method of the array would make every other attribute slow.
    """
    from core.lazy.array import LazyArray

    array, name = error.obj, error.name
    if not isinstance(array, LazyArray) or name is None:
        return
    message = f"a traced array has no attribute {name!r}"
    if callable(getattr(array.__array_namespace__(), name, None)):
        message += f": write xp.{name}(x, ...) with xp = x.__array_namespace__()"
    raise AttributeError(message, name=name, obj=array) from None


# Lines of the machinery, of NumPy and of array-api-compat say nothing to who called them.
_SKIPPED = (
    "core.lazy",
    "core.lazy_apply",
    "core.autojit",
    "sphinx_xpcaps",
    "numpy",
    "array_api_compat",
)


def users_place() -> Place:
    """Return the innermost line of the call stack that belongs to the user."""
    frame: FrameType | None = sys._getframe(1)
    first = frame
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if not any(name == skipped or name.startswith(skipped + ".") for skipped in _SKIPPED):
            return _place(frame)
        frame = frame.f_back
    assert first is not None
    return _place(first)


def _place(frame: FrameType) -> Place:
    name = frame.f_globals.get("__name__", "")
    code = frame.f_code
    return Place(code.co_filename, frame.f_lineno, code.co_name, name)
