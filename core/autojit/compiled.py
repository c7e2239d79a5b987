"""The base class of compiled functions: one compiled version for each key of arguments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from core.autojit.cache import VersionCache
from core.autojit.flattening import Flattener
from core.autojit.keys import Key
from core.autojit.matching import InlineCache, MatchAndCall
from core.autojit.recompilation import RecompilationMonitor, argument_name
from core.autojit.type_codec import Leaves


@dataclass(frozen=True, slots=True)
class Options:
    """How a function is compiled; see `autojit`."""

    name: str
    maxsize: int = 128
    dynamic_scalars: bool = False
    compile_options: dict[str, Any] | None = None


class FastPath(NamedTuple):
    """What the dispatcher needs to call an existing version without calling methods on the way."""

    leaf_type: type
    """The type of nearly all arrays."""
    call_arrays: Any
    """The version for positional arguments that are all arrays."""
    flatten: Any
    """`Flattener.flatten`; None where there is no fast path."""
    versions: dict[Key, Any]
    """The versions that exist, by key."""
    inline: InlineCache
    """The matcher that is tried before arguments are flattened."""
    call_dynamic: Any
    """Calls a version whose numbers are traced; None if they are static."""
    packed_type: Any
    """The type of results that have to be unpacked."""


class CompiledFunction(ABC):
    """A function that is compiled once for each key of its arguments.

    Each compiler is a subclass; see `Backend.compiler`.

    Parameters
    ----------
    function : callable
        What is compiled.
    options : Options
        How it is compiled.
    """

    traced_value: ClassVar[str]
    """What users pass instead of a number that changes, such as ``"a JAX array"``."""
    can_lower: ClassVar[bool] = False
    """Whether `lower` is available."""

    def __init__(self, function: Callable[..., Any], options: Options) -> None:
        self.function = function
        self.options = options
        self.flattener = self.create_flattener(scalars=options.dynamic_scalars)
        self.inline = InlineCache(self.compile_matcher)
        self.cache = VersionCache(options.maxsize, self.inline.reset)
        self.monitor = RecompilationMonitor(
            options.name, self.traced_value, options.dynamic_scalars
        )

    @classmethod
    @abstractmethod
    def create_flattener(cls, *, scalars: bool) -> Flattener:
        """Return what flattens the arguments of calls; see `Flattener` for `scalars`."""

    @abstractmethod
    def compile_version(self, key: Key) -> Any:
        """Return a compiled version for arguments with this key."""

    @abstractmethod
    def call(self, key: Key, leaves: Leaves, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the version for arguments whose key and leaves are known."""

    @staticmethod
    def is_traced() -> bool:
        """Return whether the compiler is tracing the caller, and so compiles the function too."""
        return False

    def compile_matcher(self, key: Key, version: Any) -> MatchAndCall | None:
        """Return a function that calls `version` if arguments have its key, if there can be one."""
        return None

    def fast_path(self, *, skip_foreign_arrays: bool) -> FastPath | None:
        """Return what the dispatcher needs to call existing versions itself.

        Parameters
        ----------
        skip_foreign_arrays : bool
            Whether the contents of arrays of other libraries are ignored: they may be large, and
            this compiler does not handle a call with such arrays alone.
        """
        return None

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """Return an inspectable form of the version for these arguments."""
        raise NotImplementedError

    def version(
        self,
        key: Key,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        original_index: Callable[[int], int] = int,
    ) -> Any:
        """Return the compiled version for these arguments, compiled if it is missing.

        Parameters
        ----------
        key : tuple
            The key of the version.
        args, kwargs
            The arguments, to name one of them in a warning.
        original_index : callable, optional
            Maps the index of an entry of `key` to that in the key that `flattener` returns, if
            these differ.
        """
        version = self.cache.versions.get(key)
        if version is None:
            version = self.cache.get_or_create(key, self.compile_version)

            def name_of(index: int) -> str:
                original = original_index(index)
                return argument_name(self.function, args, kwargs, self.flattener, original)

            self.monitor.record(key, name_of)
        return version

    def clear_cache(self) -> None:
        """Delete all compiled versions."""
        self.cache.clear()
