"""Rewrite example code and tests so that an observer receives their calls."""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

HOOK = "__xpcaps_call__"
UNPACK = "__xpcaps_unpack__"
OPERATE = "__xpcaps_operate__"
_FRAME_READERS = {"super", "locals", "globals", "vars", "dir", "eval", "exec"}
_BINARY: Mapping[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.MatMult: "matmul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
}
_UNARY: Mapping[type[ast.unaryop], str] = {
    ast.USub: "neg",
    ast.UAdd: "pos",
    ast.Invert: "invert",
}
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
}
_BINARY_NAMES = frozenset(_BINARY.values())
_REFLECTED_COMPARISONS = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
METHODS: Mapping[Any, tuple[str, str]] = MappingProxyType(
    {
        getattr(operator, name): (
            f"__{plain}__",
            f"__{'r' if name in _BINARY_NAMES else ''}{_REFLECTED_COMPARISONS.get(plain, plain)}__",
        )
        for name in (*_BINARY.values(), *_UNARY.values(), *_COMPARISONS.values(), "getitem")
        for plain in [name.rstrip("_")]
    }
)
"""The names of the methods of the first and of the second operand, by function of `operator`."""

_active: CallObserver | None = None


def call(text: str, function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Call `function` through the active observer, if there is one.

    This is a module-level function so that functions defined in an example can be pickled.
    """
    if _active is None:
        return function(*args, **kwargs)
    return _active.on_call(text, function, args, kwargs)


def operate(text: str, name: str, /, *operands: Any) -> Any:
    """Apply an operator through the active observer, if there is one.

    The observer receives the function of `operator` with this name.
    """
    return call(text, getattr(operator, name), *operands)


class CallObserver(Protocol):
    """Object that receives the calls of instrumented code."""

    def on_call(
        self, text: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Call `function` and return its result."""


def activate(watcher: CallObserver | None) -> CallObserver | None:
    """Make `watcher` the active observer, or none; return the previous one."""
    global _active
    previous, _active = _active, watcher
    return previous


class CallInstrumenter(ast.NodeTransformer):
    """Rewrites code so that each call goes through `call`, with the source text of the call.

    Parameters
    ----------
    is_example : bool
        Whether assignments that unpack go through `unpacked`, so that plot stubs can be unpacked.
    operators : bool
        Whether operators go through `operate` too, as calls of methods. This makes functions that
        are called often, such as integrands, several times as slow.
    """

    def __init__(self, *, is_example: bool = True, operators: bool = False) -> None:
        self.is_example = is_example
        self.operators = operators

    def visit_Call(self, node: ast.Call) -> ast.AST:
        text = ast.unparse(node)
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _FRAME_READERS:
            return node
        hook = ast.Name(id=HOOK, ctx=ast.Load())
        shown = ast.Constant(value=text)
        called = ast.Call(func=hook, args=[shown, node.func, *node.args], keywords=node.keywords)
        return ast.copy_location(called, node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        return self._operation(node, _BINARY.get(type(node.op)), "left", "right")

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        return self._operation(node, _UNARY.get(type(node.op)), "operand")

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        name = _COMPARISONS.get(type(node.ops[0])) if len(node.ops) == 1 else None
        return self._operation(node, name, "left", "comparators")

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        name = "getitem" if isinstance(node.ctx, ast.Load) else None
        return self._operation(node, name, "value", "slice")

    def _operation(self, node: ast.expr, name: str | None, *fields: str) -> ast.AST:
        text = ast.unparse(node)
        self.generic_visit(node)
        if name is None or not self.operators:
            return node
        values = [getattr(node, field) for field in fields]
        operands = [_index(x[0] if isinstance(x, list) else x) for x in values]
        if all(isinstance(operand, ast.Constant) for operand in operands):
            return node  # such as the number -1
        given = [ast.Constant(value=text), ast.Constant(value=name), *operands]
        hook = ast.Name(id=OPERATE, ctx=ast.Load())
        return ast.copy_location(ast.Call(func=hook, args=given, keywords=[]), node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        shape = _unpacking(node.targets[0])
        if shape is not None and self.is_example:
            unpack = ast.Name(id=UNPACK, ctx=ast.Load())
            node.value = ast.Call(func=unpack, args=[node.value, shape], keywords=[])
        return node


def _unpacking(target: ast.expr) -> ast.expr | None:
    """Return the shape of an unpacking assignment as a nested tuple, or None for a plain one."""
    if not isinstance(target, ast.Tuple | ast.List):
        return None
    inner = [_unpacking(each) or ast.Constant(value=None) for each in target.elts]
    return ast.Tuple(elts=inner, ctx=ast.Load())


def _index(node: ast.expr) -> ast.expr:
    """Return an expression for an index, in which ``a:b`` is a call of `slice`."""
    if isinstance(node, ast.Slice):
        parts = [part or ast.Constant(value=None) for part in (node.lower, node.upper, node.step)]
        return ast.Call(func=ast.Name(id="slice", ctx=ast.Load()), args=parts, keywords=[])
    if isinstance(node, ast.Tuple):
        return ast.Tuple(elts=list(map(_index, node.elts)), ctx=ast.Load())
    return node
