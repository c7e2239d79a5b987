"""The interface of an adapter of an array library, and its defaults."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.backends.promotion import Promotion
from core.notes import Note
from core.typing import Array, Device, Namespace


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a device of a backend can be used on this machine and, if not, why in one line."""

    usable: bool
    reason: str = ""


@dataclass(slots=True)
class Watch:
    """What happened to a backend's arrays inside a `Backend.watch` context."""

    computes: int = 0
    """How many graphs were computed."""
    host_transfers: int = 0
    """How often an array was implicitly converted to NumPy."""
    compile_seconds: float = 0.0
    """Time in the library's own compiler, if the library reports it."""

    def reset(self) -> None:
        """Set the counts of computes and host transfers to zero."""
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

    Everything that this project knows about a library is in its adapter. Creating an adapter
    imports nothing; methods import the library when they need it.

    References such as ``"package.module:Class"`` in class attributes are imported on first use.
    """

    name: ClassVar[str]
    """The name in records and options, such as ``"torch"``."""
    title: ClassVar[str]
    """The name in tables, such as ``"PyTorch"``."""
    module: ClassVar[str]
    """The module that must be importable."""
    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names that `get_backend` accepts, such as that of the namespace, ``"jax.numpy"``."""
    distributions: ClassVar[tuple[str, ...]] = ()
    """Names on the package index whose version is the library's; default: the module's name."""
    array_types: ClassVar[tuple[str, ...]] = ()
    """The library's array classes and their base classes, as ``"module:Class"``.

    They are looked up in the modules that are loaded, so that finding the library of an array
    imports nothing. Default: the classes of the package `module` that have the method
    ``__array_namespace__``.
    """
    lazy_apply: ClassVar[str] = "core.lazy_apply.implementation:Implementation"
    """The class that implements `core.lazy_apply` for the library; by default for eager ones."""
    is_reference: ClassVar[bool] = False
    """Whether this is NumPy: cases hold its arrays, and other libraries are compared with it.

    Its functions accept lists and Python numbers as arrays, and return scalars.
    """
    columns: ClassVar[Mapping[str, str]] = {"cpu": "cpu", "gpu": "gpu"}
    """The device that each column of a table shows; a missing column is not applicable."""
    modes: ClassVar[tuple[str, ...]] = ("eager",)
    """The modes that are measured by default."""
    optional_modes: ClassVar[tuple[str, ...]] = ()
    """Further modes that `transform` supports."""
    limits: ClassVar[Mapping[str, Note]] = {}
    """The note on a mode that fails, if it is not that of `core.notes.MODE_NOTES`."""
    mode_keywords: ClassVar[Mapping[str, ModeKeyword]] = {}
    """By mode, the keyword that declares whether a function works in it."""
    tracing_errors: ClassVar[tuple[str, ...]] = ()
    """Exceptions that a function raises if it needs values while it is traced."""
    host_transfer_errors: ClassVar[tuple[str, ...]] = ()
    """Exceptions that a function raises in some mode if it converts its input to NumPy."""
    compiler: ClassVar[str | None] = None
    """The subclass of `core.autojit.compiled.CompiledFunction` that `core.autojit` compiles with.

    A reference such as ``"package.module:Class"``. None if functions are called as they are.
    """
    compiler_priority: ClassVar[int] = 0
    """If a call has arrays of several libraries with a compiler, the highest priority compiles.

    The arrays of the others are static. Of equal priorities, the first by name compiles.
    """
    environment: ClassVar[Mapping[str, str]] = {}
    """Environment variables to set before the library is imported for a measurement."""
    mode_code: ClassVar[Mapping[str, str]] = {}
    """By mode, how users apply it to ``{function}``, such as ``"jax.jit({function})"``."""
    compilation_cache: ClassVar[Mapping[str, str]] = {}
    """Environment variables with which the library keeps compiled code in the folder ``{folder}``.

    Measurements set them too, so that they compile each function once and not in each run.
    """
    imports: ClassVar[tuple[str, ...]] = ()
    """Modules besides `module` that the library imports when it is first used.

    Worker processes import them in advance. They are ignored if they are not installed.
    """
    mode_imports: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """By mode, further such modules, which workers import only if they measure this mode."""
    accelerators: ClassVar[tuple[str, ...]] = ()
    """The library's names of devices that the column ``gpu`` shows."""
    host_functions: ClassVar[tuple[str, ...]] = ()
    """Functions that return NumPy arrays or Python objects whatever their arguments.

    Dotted names; a name that ends with a period includes all functions of a module.
    """
    host_methods: ClassVar[tuple[str, ...]] = ("item", "tolist")
    """Methods of arrays that return NumPy arrays or Python objects."""
    host_classes: ClassVar[tuple[str, ...]] = ()
    """Classes of NumPy arrays or scalars that annotations may name."""
    promotion: ClassVar[Promotion] = Promotion()
    """How the library promotes dtypes where the standard leaves it open."""

    def worker_environment(self) -> Mapping[str, str]:
        """Return the environment variables of processes that measure with the library.

        By default `environment`. Adapters may add what depends on the installed version.
        """
        return self.environment

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
        """Return whether `device` can be used on this machine; imports the library."""
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
        except Exception as error:  # drivers raise exceptions of many types
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if reason:
            return Availability(False, f"{self.name} {version} is installed, but {reason}")
        return Availability(True)

    def missing_device(self, device: str) -> str:
        """Return why `device` is missing ("there is no CUDA device"); "" if it is there."""
        return "" if device == "cpu" else f"it has no {device}"

    def eager_evaluation(self) -> AbstractContextManager[Any]:
        """Return a context that evaluates operations at once, even inside a traced function."""
        return nullcontext()

    @abstractmethod
    def namespace(self) -> Namespace:
        """Return the array API namespace, from array-api-compat for libraries that need it."""

    def standard_namespace(self) -> Namespace:
        """Return `namespace`, with corrections of functions that do not follow the standard.

        Graphs of `core.lazy` are executed with it. Everything else uses `namespace`, so that
        measurements and tests see the library as users do.
        """
        return self.namespace()

    @functools.cached_property
    def _array_types(self) -> tuple[tuple[str, str], ...]:
        """The module and the name of each class in `array_types`."""
        references = (reference.partition(":") for reference in self.array_types)
        return tuple((module, name) for module, _, name in references)

    def owns_class(self, cls: type) -> bool:
        """Return whether `cls` is a class of this library's arrays, concrete or traced.

        The library is not imported.
        """
        for module, name in self._array_types:
            array_class = getattr(sys.modules.get(module), name, None)
            if array_class is not None and issubclass(cls, array_class):
                return True
        if self.array_types or not hasattr(cls, "__array_namespace__"):
            return False
        package = self.module.partition(".")[0]
        return any(base.__module__.partition(".")[0] == package for base in cls.__mro__)

    def owns(self, x: object) -> bool:
        """Return whether `x` is this library's array, concrete or traced."""
        return self.owns_class(type(x))

    @abstractmethod
    def from_numpy(self, array: NDArray[Any], device: str) -> Array:
        """Return a copy of `array` on `device`, with the same shape and dtype.

        Raises
        ------
        TypeError
            The library has no such dtype.
        """

    @abstractmethod
    def to_numpy(self, x: Array) -> NDArray[Any]:
        """Return the values of `x`; computes graphs and copies from devices where needed."""

    @abstractmethod
    def device_of(self, x: Array) -> str:
        """Return the device of `x`: ``"cpu"``, ``"gpu"`` or ``"other"``."""

    def has_values(self, x: Array) -> bool:
        """Return whether `x` has values, and not only a shape and a dtype."""
        return True

    def native_device(self, device: str) -> Device:
        """Return the library's own object for `device`, which its functions take as ``device=``."""
        return device

    def device_called(self, name: str) -> str | None:
        """Return the device (``"gpu"``) that users call `name` (``"cuda"``); None if missing."""
        return name if name in self.columns.values() else None

    @contextmanager
    def defaults(self, device: str, dtype: str) -> Iterator[Namespace]:
        """Yield the namespace; inside, new arrays are on `device` and floats have dtype `dtype`.

        A library without such settings keeps its defaults.
        """
        yield self.namespace()

    def computes_counted(self) -> AbstractContextManager[Any]:
        """Return a context in which `computes_limited` has an effect; `defaults` contains it."""
        return nullcontext()

    @contextmanager
    def computes_limited(self, most: int, name: str) -> Iterator[None]:
        """Allow this thread to compute `most` graphs inside the context.

        Use it inside a context of `defaults` or `computes_counted`.

        Raises
        ------
        AssertionError
            If one more graph is computed. The message says that the function `name` does this.
        """
        yield

    def settled(self, result: Any) -> Any:
        """Return `result` with its graphs computed, so that errors and warnings happen now."""
        return result

    def settings(self) -> Mapping[str, Any]:
        """Return the library's global settings, such as its default dtype."""
        return {}

    def restore_settings(self, settings: Mapping[str, Any]) -> None:
        """Set the global settings to values that `settings` returned before."""
        if settings:
            raise NotImplementedError(f"{self.title} has settings that cannot be restored")

    def flatten_node(self, x: object) -> tuple[list[Any], Callable[[list[Any]], Any]] | None:
        """Return the items of a container of a class that is registered with the library.

        Also return a function that creates such a container of other items. None if the class of
        `x` is not registered.
        """
        return None

    def dtype_name(self, x: Array) -> str:
        """Return the standard's name of the dtype of `x`, such as ``"float32"``."""
        return str(x.dtype).rpartition(".")[2]

    def transform(self, mode: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` as it is called in `mode`."""
        if mode in ("eager", "lazy"):
            return function
        raise ValueError(f"{self.title} has no mode {mode!r}")

    def setup_code(self, device: str) -> str:
        """Return Python code that imports the library as ``xp``.

        After it, ``xp.asarray`` copies NumPy arrays to `device`, and the code in `mode_code` can
        run.
        """
        return f"import {self.module} as xp"

    def explain(self, error: BaseException) -> str:
        """Return the message of an exception in one line, also where the library hides it."""
        return str(error)

    def gradient(
        self, function: Callable[[list[Array]], Array], arrays: list[Array]
    ) -> list[Array]:
        """Return the derivatives of a function's result with respect to each array in its list.

        Parameters
        ----------
        function : callable
            Takes a list of arrays and returns a 0-dimensional real floating-point array.
        arrays : list of array
            Where to differentiate; real and floating-point.

        Returns
        -------
        list of array or None
            None where the library does not track how the result depends on the array.
        """
        raise NotImplementedError(f"{self.title} has no gradients")

    def vmap(
        self, function: Callable[[list[Array]], list[Array]], arrays: list[Array]
    ) -> list[Array]:
        """Return the results of `function` mapped over the first axis of `arrays`.

        The function takes and returns lists of arrays. Results are stacked along a new first axis.
        """
        raise NotImplementedError(f"{self.title} cannot map a function over an axis")

    @contextmanager
    def watch(self, mode: str = "eager") -> Iterator[Watch]:
        """Count computed graphs, host transfers and compile time of calls in `mode`."""
        yield Watch()

    def numpy_dtype(self, x: Array) -> np.dtype[Any]:
        """Return the NumPy dtype that holds the values of `x`."""
        name = self.dtype_name(x)
        return np.dtype("float32" if name == "bfloat16" else name)
