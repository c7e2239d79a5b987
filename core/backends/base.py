"""What every adapter of an array library knows: the words and the defaults."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.notes import Note


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a backend's device can be used here and, if not, why in one line."""

    usable: bool
    reason: str = ""


@dataclass(slots=True)
class Watch:
    """What happened to a backend's arrays while it was watched."""

    computes: int = 0
    host_transfers: int = 0
    compile_seconds: float = 0.0
    """Time in the library's own compiler, where the library tells."""

    def reset(self) -> None:
        """Forget what happened so far."""
        self.computes = self.host_transfers = 0


@dataclass(frozen=True, slots=True)
class ModeKeyword:
    """The keyword that declares whether a function works in one of a backend's modes.

    Parameters
    ----------
    name : str
        The keyword of `core.testing.lazy_xp_function` and `core.testing.capabilities`, or of the
        first alone.
    works : bool
        The keyword's value for a function that works in the mode.
    """

    name: str
    works: bool


class Backend(ABC):
    """Adapter of one array library.

    Creating an adapter imports nothing; everything that needs the library imports it when asked.
    """

    name: ClassVar[str]
    """The name in records and options, such as ``"torch"``."""
    title: ClassVar[str]
    """The name that readers know, such as ``"PyTorch"``."""
    module: ClassVar[str]
    """The module that must be importable."""
    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names that people give it, such as that of its namespace, ``"jax.numpy"``."""
    distributions: ClassVar[tuple[str, ...]] = ()
    """Names on the package index whose version is the library's; default: the module's name."""
    columns: ClassVar[Mapping[str, str]] = {"cpu": "cpu", "gpu": "gpu"}
    """The column of a table to the device that fills it; a column left out is not applicable."""
    modes: ClassVar[tuple[str, ...]] = ("eager",)
    """The modes that are measured unless asked otherwise."""
    optional_modes: ClassVar[tuple[str, ...]] = ()
    """Further modes that `transform` knows."""
    limits: ClassVar[Mapping[str, Note]] = {}
    """The note on a mode that fails, where it is not that of `core.notes.MODE_NOTES`."""
    mode_keywords: ClassVar[Mapping[str, ModeKeyword]] = {}
    """By mode, the keyword that declares whether a function works in it."""
    is_reference: ClassVar[bool] = False
    """Whether this is NumPy, with which the other libraries are compared.

    Its functions take lists and Python's numbers as arrays, and return scalars.
    """
    tracing_errors: ClassVar[tuple[str, ...]] = ()
    """Exceptions that say that a function needs values while it is traced."""
    host_transfer_errors: ClassVar[tuple[str, ...]] = ()
    """Exceptions that a mode raises where the function turns its input into host memory."""
    environment: ClassVar[Mapping[str, str]] = {}
    """Variables that should be set before the library is imported for a measurement."""

    def version(self) -> str | None:
        """Return the installed version without importing the library; None if not installed."""
        if self.spec() is None:
            return None
        for distribution in self.distributions or (self.module,):
            try:
                return importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:
                continue
        return "unknown"

    def spec(self) -> object | None:
        """Return the import spec of the library, or None if it is not installed."""
        try:
            return importlib.util.find_spec(self.module)
        except (ImportError, ValueError):
            return None

    def availability(self, device: str) -> Availability:
        """Say whether `device` can be used here; imports the library."""
        if device not in self.columns.values():
            return Availability(False, f"{self.title} has no device {device!r}")
        version = self.version()
        if version is None:
            return Availability(False, f"{self.name} is not installed")
        try:
            importlib.import_module(self.module)
        except Exception as error:
            line = (str(error).strip().splitlines() or [type(error).__name__])[0]
            return Availability(False, f"{self.name} {version} cannot be imported: {line}")
        try:
            reason = self.missing_device(device)
        except Exception as error:  # a driver may fail in ways of its own
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if reason:
            return Availability(False, f"{self.name} {version} is installed, but {reason}")
        return Availability(True)

    def missing_device(self, device: str) -> str:
        """Say why `device` is not there ("there is no CUDA device"), or return ""."""
        return "" if device == "cpu" else f"it has no {device}"

    @abstractmethod
    def namespace(self) -> Any:
        """Return the array API namespace, through array-api-compat where that has one."""

    @abstractmethod
    def owns(self, x: object) -> bool:
        """Say whether `x` is this library's array, concrete or traced."""

    @abstractmethod
    def from_numpy(self, array: NDArray[Any], device: str) -> Any:
        """Return a copy of `array` on `device`, with the same shape and dtype.

        Raises
        ------
        TypeError
            The library has no such dtype.
        """

    @abstractmethod
    def to_numpy(self, x: Any) -> NDArray[Any]:
        """Return the values of `x`; computes and moves where needed."""

    @abstractmethod
    def device_of(self, x: Any) -> str:
        """Return on which device `x` is: ``"cpu"``, ``"gpu"`` or ``"other"``."""

    def native_device(self, device: str) -> Any:
        """Return what the library itself calls `device`; goes into ``device=``."""
        return device

    def device_called(self, name: str) -> str | None:
        """Return our word for the device that people call `name` (``"cuda"``), if it is there."""
        return name if name in self.columns.values() else None

    @contextmanager
    def defaults(self, device: str, dtype: str) -> Iterator[Any]:
        """Yield the namespace, with `device` and the floating `dtype` as creation's defaults.

        A library without such a setting keeps its own defaults.
        """
        yield self.namespace()

    @contextmanager
    def computes_limited(self, most: int, message: str) -> Iterator[None]:
        """Let this thread compute `most` graphs inside the context, which is one of `defaults`.

        Raises
        ------
        AssertionError
            With `message`, where one more is computed.
        """
        yield

    def settled(self, result: Any) -> Any:
        """Return `result` with its graphs computed, so that their errors and warnings come now."""
        return result

    def dtype_name(self, x: Any) -> str:
        """Return the dtype of `x` by the standard's name, such as ``"float32"``."""
        return str(x.dtype).rpartition(".")[2]

    def transform(self, mode: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` as it is called in `mode`."""
        if mode in ("eager", "lazy"):
            return function
        raise ValueError(f"{self.title} has no mode {mode!r}")

    def explain(self, error: BaseException) -> str:
        """Return what an exception says, where the library hides it, in one line."""
        return str(error)

    def gradient(self, function: Callable[[list[Any]], Any], arrays: list[Any]) -> list[Any]:
        """Return the derivatives of a function's result by each array in its list.

        Parameters
        ----------
        function : callable
            Takes a list of arrays and returns an array of one real floating-point number.
        arrays : list of array
            Where to differentiate; real and floating-point.

        Returns
        -------
        list of array or None
            None where the result does not depend on the array in a way that the library follows.
        """
        raise NotImplementedError(f"{self.title} has no gradients")

    def vmap(self, function: Callable[[list[Any]], list[Any]], arrays: list[Any]) -> list[Any]:
        """Return what `function` of a list of arrays returns for each index of their first axis.

        The results, a list of arrays, are stacked along a new first axis.
        """
        raise NotImplementedError(f"{self.title} cannot map a function over an axis")

    @contextmanager
    def watch(self, mode: str = "eager") -> Iterator[Watch]:
        """Count graph computations, transfers to the host and compiling in calls in a mode."""
        yield Watch()

    def numpy_dtype(self, x: Any) -> np.dtype[Any]:
        """Return the dtype of `x` as NumPy's."""
        name = self.dtype_name(x)
        return np.dtype("float32" if name == "bfloat16" else name)
