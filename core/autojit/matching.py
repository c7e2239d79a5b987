"""Generate functions that recognize the arguments of one version of a compiled function.

Flattening arguments and looking up their key takes up to half as long as the call of a small
compiled function. But most calls have the same static arguments as the call before. `InlineCache`
makes use of that, as the inline caches of interpreters do: it keeps a function for the version that
was called last. `compile_matcher` generates it from the key. It compares types with ``is``, and
names of attributes, numbers and strings with constants, so it neither flattens the arguments nor
builds a key. The arrays that it finds on the way are the arguments of the version. For a dataclass
with an array and a float, the source is::

    def call(args, kwargs):
        try:
            if kwargs: return NO_MATCH
            [v0] = args
            if not (type(v0) is c0): return NO_MATCH
            v1 = v0.__dict__
            [v2, v3] = v1
            if not (v2 == c1): return NO_MATCH
            if not (v3 == c2): return NO_MATCH
            v4 = v1[c1]
            if not (type(v4) is c3): return NO_MATCH
            v5 = v1[c2]
            if not (v5 is c4 or (type(v5) is float and v5 == c4)): return NO_MATCH
        except Exception:
            return NO_MATCH
        return version(v4)

A match implies that the arguments have this key. So results never depend on whether there is such
a function: it distinguishes what keys distinguish, such as an object before and after a change,
``-0.0`` and ``0.0``, ``1`` and ``True``, objects of a subclass, and two equal lists from one list
passed twice. The reverse does not hold: arguments without a match are flattened, and may then have
the key. This includes all values whose codec has no ``match``, such as sets and NumPy arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import isnan
from typing import Any, Final

from core.autojit.flattening import SCALAR_TYPES
from core.autojit.keys import (
    LEAF,
    SCALAR_LEAF,
    VALUE_TYPES,
    IdentityKey,
    Key,
    Marker,
    WeakIdentityKey,
    with_weak_references,
)
from core.autojit.objects import IDENTITY_TYPES
from core.autojit.type_codec import TypeCodec, Unmatchable

NO_MATCH: Final = Marker("NO_MATCH")
"""The result of a matcher whose key is not that of the arguments."""

MatchAndCall = Callable[[tuple[Any, ...], dict[str, Any]], Any]

_MAX_ENTRIES = 256
"""The longest key for which code is generated."""

_MAX_MISSES = 16
"""After how many calls with other keys there is no matcher."""


def compile_matcher(
    key: Key,
    leaf_type: type,
    version: Callable[..., Any],
    on_error: Callable[[], None] | None = None,
) -> MatchAndCall | None:
    """Return a function that calls a version if arguments have its key.

    Parameters
    ----------
    key : tuple
        The key of the version.
    leaf_type : type
        The type of arrays; with arrays of other types, arguments do not match.
    version : callable
        Called with the leaves.
    on_error : callable, optional
        Called if `version` raises; the exception is dropped and the arguments do not match.

    Returns
    -------
    callable or None
        Takes the positional and the keyword arguments, and returns the result of `version` or
        `NO_MATCH`. None if no code can be generated for the key.
    """
    if len(key) > _MAX_ENTRIES:
        return None
    matcher = Matcher(key, leaf_type)
    try:
        lines = matcher.match_arguments()
    except Unmatchable:
        return None
    source = ["def call(args, kwargs):", "    try:"]
    source += [f"        {line}" for line in lines]
    source += ["    except Exception:", "        return NO_MATCH"]
    call = f"version({', '.join(matcher.leaves)})"
    if on_error is None:
        source += [f"    return {call}"]
    else:
        source += ["    try:", f"        return {call}", "    except Exception:"]
        source += ["        on_error()", "        return NO_MATCH"]
    names = {**matcher.constants, "NO_MATCH": NO_MATCH, "version": version, "on_error": on_error}
    exec(compile("\n".join(source), "<core.autojit matcher>", "exec"), names)
    function: MatchAndCall = names.pop("call")
    return function


class Matcher:
    """Generates the lines of a function that compares arguments with a key."""

    def __init__(self, key: Key, leaf_type: type) -> None:
        self.entries = iter(key)
        self.leaf_type = leaf_type
        self.lines: list[str] = []
        self.leaves: list[str] = []
        """The variables of the leaves, in order."""
        self.constants: dict[str, Any] = {}
        """The objects that the lines refer to, by name."""
        self.mutable: dict[type, list[str]] = {}
        """The variables of the mutable objects of each class."""
        self.variables = 0

    def match_arguments(self) -> list[str]:
        """Return the lines that compare ``args`` and ``kwargs`` with the whole key."""
        count, names = self.next_entry(), self.next_entry()
        if names:
            self.require(f"tuple(kwargs) == {self.constant(names)}")
        else:
            self.lines.append("if kwargs: return NO_MATCH")
        for value in self.unpack("args", count):
            self.match(value)
        for name in names:
            self.match(self.variable(f"kwargs[{self.constant(name)}]"))
        for values in self.mutable.values():
            if len(values) > 3:
                self.require(f"len({{*map(id, ({', '.join(values)}))}}) == {len(values)}")
            else:
                for one, other in combinations(values, 2):
                    self.require(f"{one} is not {other}")
        return self.lines

    def next_entry(self) -> Any:
        """Return the next entry of the key."""
        return next(self.entries)

    def constant(self, value: Any) -> str:
        """Return the name of an object in the generated code."""
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def require(self, condition: str) -> None:
        """Generate code that returns `NO_MATCH` unless a condition holds."""
        self.lines.append(f"if not ({condition}): return NO_MATCH")

    def variable(self, expression: str) -> str:
        """Generate code that evaluates an expression; return the variable with its value."""
        name = f"v{self.variables}"
        self.variables += 1
        self.lines.append(f"{name} = {expression}")
        return name

    def unpack(self, expression: str, count: int) -> list[str]:
        """Generate code that unpacks an iterable of `count` values; return the variables."""
        names = [f"v{self.variables + i}" for i in range(count)]
        self.variables += count
        # With another number of values it raises an exception, which is no match either.
        self.lines.append(f"[{', '.join(names)}] = {expression}")
        return names

    def require_distinct(self, value: str, cls: type) -> None:
        """Generate code that returns `NO_MATCH` if a value is an earlier object of `cls`."""
        self.mutable.setdefault(cls, []).append(value)

    def match(self, value: str) -> None:
        """Generate code that compares the variable `value` with the next entries of the key."""
        entry = self.next_entry()
        if entry is LEAF:
            self.require(f"type({value}) is {self.constant(self.leaf_type)}")
            self.leaves.append(value)
        elif entry is SCALAR_LEAF:
            types = self.constant(SCALAR_TYPES)
            self.require(f"type({value}) is float or type({value}) in {types}")
            self.leaves.append(value)
        elif isinstance(entry, TypeCodec):
            entry.match(self, value)
        elif type(entry) is IdentityKey or type(entry) is WeakIdentityKey:
            self._match_identity(value, entry)
        elif entry is float:
            self._match_float(value, float(self.next_entry()))
        elif entry in VALUE_TYPES:
            self._match_value(value, entry)
        else:
            raise Unmatchable

    def _match_identity(self, value: str, entry: IdentityKey | WeakIdentityKey) -> None:
        # Of other types, whether an object is compared by identity may depend on its state.
        if not isinstance(entry.value, IDENTITY_TYPES):
            raise Unmatchable
        if isinstance(entry, WeakIdentityKey):
            expected = f"{self.constant(entry.reference)}()"
            self.require(f"{value} is not None and {value} is {expected}")
        else:
            self.require(f"{value} is {self.constant(entry.value)}")

    def _match_float(self, value: str, expected: float) -> None:
        constant = self.constant(expected)
        if isnan(expected):
            equal = f"{value} != {value}"
        elif expected == 0:
            equal = f"repr({value}) == {str(expected)!r}"
        else:
            equal = f"{value} == {constant}"
        self.require(f"{value} is {constant} or (type({value}) is float and {equal})")

    def _match_value(self, value: str, cls: type) -> None:
        expected = self.next_entry()
        if expected is None or expected is True or expected is False:
            self.require(f"{value} is {expected}")
            return
        constant = self.constant(expected)
        equal = f"type({value}) is {self.constant(cls)} and {value} == {constant}"
        self.require(f"{value} is {constant} or ({equal})")


class InlineCache:
    """The matcher of the version that the last calls used.

    A version gets a matcher when two calls in a row that did not match have its key. After too many
    calls with other keys there is none, as trying it takes time, until that happens again.

    Parameters
    ----------
    compile_version : callable
        Returns the matcher of a version, given its key and the version, or None.
    """

    __slots__ = ("call", "candidate", "compile_version", "compiled", "current", "misses")

    def __init__(self, compile_version: Callable[[Key, Any], MatchAndCall | None]) -> None:
        self.compile_version = compile_version
        self.compiled: dict[Any, MatchAndCall | None] = {}
        """The matchers by version."""
        self.misses = 0
        self.call: MatchAndCall | None = None
        """Calls the version `current` if arguments have its key."""
        self.current: Any = None
        self.candidate: Any = None
        """The version of the last call that did not match."""

    def record_miss(self) -> None:
        """Record a call that did not match and whose version is not that of the one before."""
        self.misses += 1
        if self.misses > _MAX_MISSES:
            self.misses = 0
            self.call = self.current = None

    def activate(self, key: Key, version: Any, versions: dict[Key, Any]) -> None:
        """Match the next calls with `version`, which is that of `key` in `versions`."""
        compiled = self.compiled  # another thread may call `reset`
        if version not in compiled:
            # Weak references: a matcher must not keep alive what the key of its version does not.
            compiled[version] = self.compile_version(with_weak_references(key), version)
        self.call = compiled[version]
        self.current = version
        self.misses = 0
        if versions.get(key) is not version:  # it was removed in the meantime
            self.reset()

    def reset(self) -> None:
        """Forget all matchers, and with them the versions that they call."""
        self.call = self.current = self.candidate = None
        self.compiled = {}
