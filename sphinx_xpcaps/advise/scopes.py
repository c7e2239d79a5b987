"""The scopes of a module: which names are bound where, and which calls there are."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from enum import Enum, auto


class Kind(Enum):
    """Kind of a scope."""

    MODULE = auto()
    CLASS = auto()
    """Its names are not visible in the functions inside."""
    FUNCTION = auto()
    """A function, lambda or comprehension."""


class Bound(Enum):
    """What a name is bound to."""

    MODULE = auto()
    """A module or a member of a module, by dotted name."""
    VALUE = auto()
    """The value of an expression."""
    ITEM = auto()
    """An item of the value of an expression."""
    ANNOTATED = auto()
    """An object of the class that an annotation names."""
    CALLABLE = auto()
    """A function or class that the file defines."""
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the execution of a scope."""

    position: tuple[int, int]
    """Line and column."""
    blocks: tuple[int, ...] = ()
    """The blocks, such as the body of an ``if``, that it is in: those that may be left out."""
    loops: int = 0
    """The number of loops that it is in."""

    def follows(self, other: Point) -> bool:
        """Return whether `other` was executed whenever this point is reached."""
        inside = self.blocks[: len(other.blocks)] == other.blocks
        return inside and other.position < self.position


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One place at which a name is bound."""

    bound: Bound
    point: Point
    name: str = ""
    """The dotted name of an imported module or member."""
    expression: ast.expr | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """The names that a module, class or function binds."""

    kind: Kind
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    """Modules of which all names are imported."""
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)

    @property
    def module(self) -> Scope:
        """The scope of the module."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def owner(self, name: str) -> Scope | None:
        """Return the scope that binds a name where this scope uses it; None if there is none."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.global_names:
                scope = scope.module
                return scope if name in scope.bindings else None
            visible = scope is self or scope.kind is not Kind.CLASS
            if visible and name not in scope.nonlocal_names and name in scope.bindings:
                return scope
            scope = scope.parent
        return None

    def reaching(self, name: str, point: Point | None) -> list[Binding]:
        """Return the bindings of a name that may hold.

        Parameters
        ----------
        name : str
            A name that this scope binds.
        point : Point or None
            Where in this scope it is used; None if it is used in a scope inside.
        """
        every = self.bindings[name]
        if point is None:
            return every
        before = [one for one in every if one.point.position < point.position]
        certain = [index for index, one in enumerate(before) if point.follows(one.point)]
        last = certain[-1] if certain else 0
        if certain and before[last].point.loops == point.loops:
            return before[last:]
        # In a loop, bindings that come later hold when it is repeated.
        later = [one for one in every if one.point.position >= point.position]
        return before[last:] + (later if point.loops else [])


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call, with the scope and the point at which it is."""

    node: ast.Call
    scope: Scope
    point: Point
