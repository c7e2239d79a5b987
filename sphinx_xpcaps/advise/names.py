"""Resolve what expressions refer to: members of packages, objects of classes, data on the host."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, Protocol

from sphinx_xpcaps.advise.host import is_host_class, is_host_function, is_host_method
from sphinx_xpcaps.advise.scopes import Binding, Bound, Point, Scope


@dataclass(frozen=True, slots=True)
class Reference:
    """A module, or a member of a module."""

    name: str
    """The dotted name."""
    is_partial: bool = False
    """Whether some arguments were given to `functools.partial`."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of a package."""

    cls: str


class Data(Enum):
    """What is known of data."""

    ON_HOST = auto()
    """NumPy arrays, and Python objects that hold no arrays of another library."""


Value = Reference | Instance | Literal[Data.ON_HOST] | None
"""None is unknown."""


class Known(Protocol):
    """What records know of names."""

    def is_class(self, name: str) -> bool:
        """Return whether a dotted name is that of a class."""
        ...

    def covers(self, name: str) -> bool:
        """Return whether a record has a target with a dotted name or below it."""
        ...


_HOST_ATTRIBUTES = frozenset({"shape", "ndim", "size", "dtype"})
"""Attributes of arrays of all libraries that are no arrays."""
_HOST_BUILTINS = frozenset({"bool", "complex", "float", "int", "len", "range", "repr", "str"})
_PARTIAL = "functools.partial"


class Names:
    """Resolves the expressions of a module.

    Parameters
    ----------
    known : Known
        What records know of names.
    host_functions : frozenset of str
        Further functions that return data on the host: dotted names, or names that the module
        defines or gets by a relative import.
    """

    def __init__(self, known: Known, host_functions: frozenset[str] = frozenset()) -> None:
        self._known = known
        self._host_functions = host_functions
        self._values: dict[Binding, Value] = {}
        self._active: set[Binding] = set()

    def value(self, node: ast.expr, scope: Scope, point: Point) -> Value:
        """Return what an expression at a point of a scope is."""
        match node:
            case ast.Name():
                return self._of_name(node.id, scope, point)
            case ast.Attribute():
                return self._of_attribute(node, scope, point)
            case ast.Call():
                return self._of_call(node, scope, point)
            case ast.NamedExpr() | ast.Starred() | ast.Await():
                return self.value(node.value, scope, point)
            case ast.IfExp():
                return self._merged(
                    [self.value(each, scope, point) for each in (node.body, node.orelse)]
                )
            case ast.BoolOp():
                return self._merged([self.value(each, scope, point) for each in node.values])
        return Data.ON_HOST if self._is_host(node, scope, point) else None

    def _is_host(self, node: ast.expr, scope: Scope, point: Point) -> bool:
        parts: Sequence[ast.expr | None]
        match node:
            case ast.Constant() | ast.JoinedStr() | ast.Lambda():
                return True
            case ast.Tuple() | ast.List() | ast.Set():
                parts = node.elts
            case ast.Dict():
                parts = [each for each in [*node.keys, *node.values] if each is not None]
            case ast.UnaryOp():
                parts = [node.operand]
            case ast.BinOp():
                parts = [node.left, node.right]
            case ast.Compare():
                parts = [node.left, *node.comparators]
            case ast.Subscript():
                parts = [node.value]
            case ast.Slice():
                parts = [each for each in (node.lower, node.upper, node.step) if each]
            case _:
                return False
        return all(each and self.value(each, scope, point) is Data.ON_HOST for each in parts)

    def _of_name(self, name: str, scope: Scope, point: Point) -> Value:
        owner = scope.owner(name)
        if owner is None:
            return self._starred(name, scope)
        if owner.kind.name == "MODULE" and owner.stars and self._starred(name, scope):
            return None  # the order decides which of the two it is
        reaching = owner.reaching(name, point if owner is scope else None)
        without_none = [one for one in reaching if not _is_none(one.expression)]
        return self._merged([self._of_binding(one, owner) for one in without_none or reaching])

    def _starred(self, name: str, scope: Scope) -> Value:
        for module in reversed(scope.module.stars):
            if not name.startswith("_") and self._known.covers(f"{module}.{name}"):
                return Reference(f"{module}.{name}")
        return None

    def _of_binding(self, binding: Binding, scope: Scope) -> Value:
        if binding in self._values:
            return self._values[binding]
        if binding in self._active:  # a name that is assigned from itself
            return None
        self._active.add(binding)
        try:
            found = self._new_value(binding, scope)
        finally:
            self._active.remove(binding)
        self._values[binding] = found
        return found

    def _new_value(self, binding: Binding, scope: Scope) -> Value:
        node, point = binding.expression, binding.point
        match binding.bound:
            case Bound.MODULE:
                return Reference(binding.name)
            case Bound.CALLABLE:
                return Data.ON_HOST
            case Bound.VALUE if node is not None:
                return self.value(node, scope, point)
            case Bound.ITEM if node is not None:
                found = self.value(node, scope, point)
                return found if found is Data.ON_HOST else None
            case Bound.ANNOTATED if node is not None:
                return self._annotated(node, scope, point)
        return None

    def _of_attribute(self, node: ast.Attribute, scope: Scope, point: Point) -> Value:
        owner = self.value(node.value, scope, point)
        if isinstance(owner, Reference) and not owner.is_partial:
            return Reference(f"{owner.name}.{node.attr}")
        if isinstance(owner, Instance):
            return Reference(f"{owner.cls}.{node.attr}")
        if owner is Data.ON_HOST or node.attr in _HOST_ATTRIBUTES:
            return Data.ON_HOST
        return None

    def _of_call(self, node: ast.Call, scope: Scope, point: Point) -> Value:
        function = node.func
        if isinstance(function, ast.Attribute) and is_host_method(function.attr):
            return Data.ON_HOST
        if isinstance(function, ast.Name) and function.id in _HOST_BUILTINS:
            name = function.id
            if scope.owner(name) is None and not self._starred(name, scope):
                return Data.ON_HOST
        found = self.value(function, scope, point)
        if self._host_functions:
            name = found.name if isinstance(found, Reference) else ast.unparse(function)
            if name in self._host_functions:
                return Data.ON_HOST
        if isinstance(found, Reference):
            if found.name == _PARTIAL and node.args:
                first = self.value(node.args[0], scope, point)
                return Reference(first.name, True) if isinstance(first, Reference) else None
            if self._known.is_class(found.name):
                return Instance(found.name)
            return Data.ON_HOST if is_host_function(found.name) else None
        # Methods of data on the host, but not the functions that this file defines.
        is_method = isinstance(function, ast.Attribute)
        return Data.ON_HOST if found is Data.ON_HOST and is_method else None

    def _annotated(self, node: ast.expr, scope: Scope, point: Point) -> Value:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError):
                return None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):  # X | None
            sides = [each for each in (node.left, node.right) if not _is_none(each)]
            return self._merged([self._annotated(each, scope, point) for each in sides])
        if isinstance(node, ast.Subscript):
            generic = self.value(node.value, scope, point)
            if generic == Reference("typing.Optional"):
                return self._annotated(node.slice, scope, point)
            node = node.value
        if isinstance(node, ast.Name) and scope.owner(node.id) is None:
            return Data.ON_HOST if node.id in _HOST_BUILTINS else None
        found = self.value(node, scope, point)
        if isinstance(found, Reference):
            if self._known.is_class(found.name):
                return Instance(found.name)
            return Data.ON_HOST if is_host_class(found.name) else None
        return None

    @staticmethod
    def _merged(values: Sequence[Value]) -> Value:
        first = values[0] if values else None
        return first if all(value == first for value in values) else None


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
