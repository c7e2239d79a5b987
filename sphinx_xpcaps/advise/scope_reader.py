"""Read the scopes of a module: bind names and collect calls in the order of the source."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sphinx_xpcaps.advise.scopes import Binding, Bound, Call, Kind, Point, Scope

_LEAVES = frozenset(
    {
        *(ast.Constant, ast.Name, ast.alias, ast.Pass, ast.Break, ast.Continue),
        *(ast.Load, ast.Store),
    }
)
"""Nodes that contain no calls and bind no names."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def read_scopes(tree: ast.Module) -> list[Call]:
    """Return all calls of a module in the order of the source; their scopes have all bindings."""
    reader = _Reader(Scope(Kind.MODULE, None))
    reader.visit_all(tree.body)
    return sorted(reader.calls, key=lambda call: (call.node.lineno, call.node.col_offset))


class _Reader:
    """Visits the nodes of one scope, and those of the scopes inside with other readers."""

    def __init__(self, scope: Scope, calls: list[Call] | None = None) -> None:
        self.scope = scope
        self.calls = [] if calls is None else calls
        self.blocks: tuple[int, ...] = ()
        self.block_count = 0
        self.loops = 0

    def visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def visit(self, node: ast.AST) -> None:
        kind = type(node)
        if kind in _LEAVES:
            return
        method = _VISITORS.get(kind)
        if method is not None:
            method(self, node)
            return
        for name in node._fields:  # faster than `ast.iter_child_nodes`
            value = getattr(node, name, None)
            if isinstance(value, list):
                self.visit_all(each for each in value if isinstance(each, ast.AST))
            elif isinstance(value, ast.AST):
                self.visit(value)

    def inside(self, kind: Kind) -> _Reader:
        return _Reader(Scope(kind, self.scope), self.calls)

    def bind(
        self,
        name: str,
        node: ast.AST,
        bound: Bound = Bound.UNKNOWN,
        *,
        module: str = "",
        expression: ast.expr | None = None,
    ) -> None:
        scope, point = self.scope, self.point(node, expression)
        if name in scope.global_names or name in scope.nonlocal_names:
            parent = None if name in scope.global_names else scope.parent
            scope = scope.module if parent is None else parent.owner(name) or scope
            # It is not known when the function is called.
            point = Point((0, 0), (-1,))
        scope.bindings.setdefault(name, []).append(Binding(bound, point, module, expression))

    def point(self, node: ast.AST, expression: ast.expr | None = None) -> Point:
        """Return the point after an expression, or at a node."""
        line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        if expression is not None:
            line, column = expression.end_lineno or line, expression.end_col_offset or column
        return Point((line, column), self.blocks, self.loops)

    def bind_target(self, target: ast.expr, value: ast.expr | None, bound: Bound) -> None:
        """Bind the names of an assignment's target; other targets are visited."""
        if isinstance(target, ast.Name):
            self.bind(target.id, target, bound, expression=value)
        elif isinstance(target, ast.Starred):
            self.bind_target(target.value, None, Bound.UNKNOWN)
        elif isinstance(target, ast.Tuple | ast.List):
            items = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            starred = any(isinstance(each, ast.Starred) for each in [*items, *target.elts])
            if bound is Bound.VALUE and len(items) == len(target.elts) and not starred:
                for each, item in zip(target.elts, items, strict=True):
                    self.bind_target(each, item, bound)
            else:
                for each in target.elts:
                    inner = Bound.UNKNOWN if bound is Bound.UNKNOWN else Bound.ITEM
                    self.bind_target(each, value, inner)
        else:
            self.visit(target)

    def block(self, nodes: Iterable[ast.AST], *, loop: bool = False) -> None:
        """Visit nodes that may not be executed, or several times."""
        with self.in_block():
            self.loops += loop
            self.visit_all(nodes)
            self.loops -= loop

    @contextmanager
    def in_block(self) -> Iterator[None]:
        before = self.blocks
        self.block_count += 1
        self.blocks = (*before, self.block_count)
        yield
        self.blocks = before

    def call(self, node: ast.Call) -> None:
        self.calls.append(Call(node, self.scope, self.point(node)))
        self.visit_all([node.func, *node.args, *node.keywords])

    def import_(self, node: ast.Import) -> None:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            name, module = (alias.asname, alias.name) if alias.asname else (first, first)
            self.bind(name, node, Bound.MODULE, module=module)

    def import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if node.level or not node.module:  # relative: not a package that records know
                if alias.name != "*":
                    self.bind(alias.asname or alias.name, node)
            elif alias.name == "*":
                self.scope.stars.append(node.module)
            else:
                full = f"{node.module}.{alias.name}"
                self.bind(alias.asname or alias.name, node, Bound.MODULE, module=full)

    def assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.bind_target(target, node.value, Bound.VALUE)

    def annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
        if not isinstance(node.target, ast.Name):
            self.visit(node.target)
        else:
            self.bind(node.target.id, node, Bound.ANNOTATED, expression=node.annotation)

    def augmented(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self.bind_target(node.target, None, Bound.UNKNOWN)

    def walrus(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        with self.in_block():  # an expression may not be evaluated
            self.bind_target(node.target, node.value, Bound.VALUE)

    def for_(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        with self.in_block():
            self.loops += 1
            self.bind_target(node.target, node.iter, Bound.ITEM)
            self.visit_all(node.body)
            self.loops -= 1
        self.block(node.orelse)

    def while_(self, node: ast.While) -> None:
        self.block([node.test, *node.body], loop=True)
        self.block(node.orelse)

    def if_(self, node: ast.If) -> None:
        self.visit(node.test)
        self.block(node.body)
        self.block(node.orelse)

    def try_(self, node: ast.Try | ast.TryStar) -> None:
        self.block(node.body)
        for handler in node.handlers:
            if handler.type is not None:
                self.visit(handler.type)
            if handler.name:
                self.bind(handler.name, handler)
            self.block(handler.body)
        self.block(node.orelse)
        self.visit_all(node.finalbody)

    def with_(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self.bind_target(item.optional_vars, None, Bound.UNKNOWN)
        self.visit_all(node.body)

    def match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(name, str):
                    self.bind(name, pattern)
            self.block([*([case.guard] if case.guard else []), *case.body])

    def delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self.bind_target(target, None, Bound.UNKNOWN)

    def global_(self, node: ast.Global) -> None:
        self.scope.global_names.update(node.names)

    def nonlocal_(self, node: ast.Nonlocal) -> None:
        self.scope.nonlocal_names.update(node.names)

    def function(self, node: Function) -> None:
        self.bind(node.name, node, Bound.CALLABLE)
        self.visit_all(node.decorator_list)
        self.visit_all(_defaults(node.args))
        inner = self.inside(Kind.FUNCTION)
        inner.declare(node.body)
        for parameter in _parameters(node.args):
            bound = Bound.ANNOTATED if parameter.annotation else Bound.UNKNOWN
            inner.bind(parameter.arg, parameter, bound, expression=parameter.annotation)
        for extra in (node.args.vararg, node.args.kwarg):
            if extra is not None:
                inner.bind(extra.arg, extra)
        inner.visit_all(node.body)

    def declare(self, body: Iterable[ast.stmt]) -> None:
        """Read the declarations of names as global, which hold in the whole function."""
        for node in _own_statements(body):
            if isinstance(node, ast.Global):
                self.global_(node)
            elif isinstance(node, ast.Nonlocal):
                self.nonlocal_(node)

    def lambda_(self, node: ast.Lambda) -> None:
        self.visit_all(_defaults(node.args))
        inner = self.inside(Kind.FUNCTION)
        for parameter in [*_parameters(node.args), node.args.vararg, node.args.kwarg]:
            if parameter is not None:
                inner.bind(parameter.arg, parameter)
        inner.visit(node.body)

    def class_(self, node: ast.ClassDef) -> None:
        self.bind(node.name, node, Bound.CALLABLE)
        self.visit_all([*node.decorator_list, *node.bases, *node.keywords])
        self.inside(Kind.CLASS).visit_all(node.body)

    def comprehension(self, node: Comprehension) -> None:
        inner = self.inside(Kind.FUNCTION)
        inner.loops = 1
        for index, generator in enumerate(node.generators):
            (inner if index else self).visit(generator.iter)
            inner.bind_target(generator.target, generator.iter, Bound.ITEM)
            inner.visit_all(generator.ifs)
        if isinstance(node, ast.DictComp):
            inner.visit_all([node.key, node.value])
        else:
            inner.visit(node.elt)


def _own_statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield all statements of a function, without those of functions and classes inside."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                yield from _own_statements(getattr(node, name, ()))
            for inner in [*getattr(node, "handlers", ()), *getattr(node, "cases", ())]:
                yield from _own_statements(inner.body)


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _defaults(arguments: ast.arguments) -> Iterator[ast.expr]:
    yield from arguments.defaults
    yield from (default for default in arguments.kw_defaults if default is not None)


_VISITORS: dict[type[ast.AST], Callable[[_Reader, Any], None]] = {
    ast.Call: _Reader.call,
    ast.Import: _Reader.import_,
    ast.ImportFrom: _Reader.import_from,
    ast.Assign: _Reader.assign,
    ast.AnnAssign: _Reader.annotated,
    ast.AugAssign: _Reader.augmented,
    ast.NamedExpr: _Reader.walrus,
    ast.For: _Reader.for_,
    ast.AsyncFor: _Reader.for_,
    ast.While: _Reader.while_,
    ast.If: _Reader.if_,
    ast.Try: _Reader.try_,
    ast.TryStar: _Reader.try_,
    ast.With: _Reader.with_,
    ast.AsyncWith: _Reader.with_,
    ast.Match: _Reader.match,
    ast.Delete: _Reader.delete,
    ast.Global: _Reader.global_,
    ast.Nonlocal: _Reader.nonlocal_,
    ast.FunctionDef: _Reader.function,
    ast.AsyncFunctionDef: _Reader.function,
    ast.Lambda: _Reader.lambda_,
    ast.ClassDef: _Reader.class_,
    ast.ListComp: _Reader.comprehension,
    ast.SetComp: _Reader.comprehension,
    ast.DictComp: _Reader.comprehension,
    ast.GeneratorExp: _Reader.comprehension,
}
