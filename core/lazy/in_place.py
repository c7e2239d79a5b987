"""In-place operations on traced arrays, and arrays that share memory.

Nodes of a graph never change. An in-place operation therefore records a new array, and marks the
arrays that it changes as modified: later uses of these, under any name, get NumPy's values or raise
`DataDependentError`. Operands that were recorded before keep the earlier values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from weakref import ref

import numpy as np

from core.lazy.dtypes import memory_rules, promotion
from core.lazy.errors import SourceLocation, refuse, user_location
from core.lazy.graph.node import Node, record
from core.lazy.graph.sharing import open_contexts
from core.lazy.graph.tree import rebuild
from core.lazy.library import namespace_of
from core.lazy.operation import ITEM, Operation, define, operation
from core.typing import Array, Namespace

VIEWS, ALIASES, _ARRAYS = [
    frozenset(names.split())
    for names in (
        # Functions whose result is a view in NumPy; a reshaped array is one only for some layouts.
        "broadcast_to expand_dims flip imag linalg.diagonal matrix_transpose moveaxis permute_dims "
        "real reshape squeeze",
        # Functions that return their operand itself in some libraries.
        "ceil conj floor positive trunc",
        # Functions whose result is a 0-dimensional array in NumPy, not a scalar, even of a scalar.
        "as_array broadcast_to copy data empty empty_like expand_dims full full_like ones "
        "ones_like reshape squeeze to_device tril triu variable where write zeros zeros_like",
    )
]
# Functions whose result is a scalar if the operand is one.
_LIKE_OPERAND = frozenset(("astype", "imag", "permute_dims", "real"))
_BASIC = (int, slice, type(None), type(Ellipsis))


def _copier(xp: Namespace) -> Callable[[Array], Array]:
    def copy(x: Array) -> Array:
        method = getattr(x, "copy", None) or getattr(x, "clone", None)
        return method() if method is not None else xp.asarray(x, copy=True)

    return copy


# Only copies that are returned are made: nodes do not change, so others would make no difference.
COPY = define(Operation("copy", "manipulation", _copier))
AS_ARRAY = define(Operation("as_array", "manipulation", lambda xp: xp.asarray))


def _writer(xp: Namespace) -> Callable[..., Array]:
    copyto = getattr(xp, "copyto", None)

    def write(x: Array, values: Array, positions: Array, mask: Array) -> Array:
        spread = xp.reshape(xp.take(xp.reshape(values, (-1,)), positions), x.shape)
        if copyto is None:
            return xp.where(mask, spread, x)
        result = xp.asarray(x, copy=True)
        copyto(result, spread, where=mask)
        return result

    return write


# Where possible the result has the memory layout of the array, which can change the last bit of
# later sums and products.
WRITE = define(Operation("write", "manipulation", _writer))


def copied(x: Any) -> Any:
    """Return a traced array with the same values in separate memory."""
    immutable = memory_rules(x.backend).immutable
    return x if immutable else record(x.plain, COPY, (x,), None, x._spec)


def base_of(node: Node) -> Any:
    """Return the array that an array is a view of, or None if it is not a view."""
    op, args = node._op, node._args
    if node._data is not None or not args:
        return None
    if op.name in ALIASES:
        unchanged = op.name in ("conj", "positive") or args[0].dtype.kind in "iu"
        return args[0] if unchanged and op.name in promotion(node.backend).aliases else None
    if op.name in VIEWS:
        return None if is_scalar(args[0]) or is_scalar(node) else args[0]
    if op is ITEM:
        return args[0]._args[0] if args[0]._op.name == "unstack" and args[0]._args else None
    if op.name != "getitem":
        return None
    parts = args[1] if isinstance(args[1], tuple) else (args[1],)
    if not all(isinstance(part, _BASIC) and not isinstance(part, bool) for part in parts):
        return None
    return None if is_scalar(node) or is_scalar(args[0]) else args[0]


def is_scalar(x: Node) -> bool:
    """Return whether the library has a scalar, which is immutable, in place of this array."""
    if x._spec.shape or not memory_rules(x.backend).scalar_results:
        return False
    if x._op.name == "getitem":
        key = x._args[1] if x._args else ()
        return not any(part is Ellipsis for part in (key if isinstance(key, tuple) else (key,)))
    if x._op.name == "count_nonzero" and x._args:  # without axis NumPy returns a Python number
        return "axis" in (x._kwargs or {})
    if x._op.name in _LIKE_OPERAND and x._args:
        return is_scalar(x._args[0])
    return x._op.name not in _ARRAYS


def as_view(x: Any) -> Any:
    """Return the traced array `x`, after noting that it shares the memory of its base if it does.

    Views of an immutable array are not noted, as nothing changes them.
    """
    base = base_of(x)
    if base is not None and not memory_rules(x.backend).immutable:
        note_view(base, x)
    return x


def note_view(base: Any, view: Any) -> None:
    """Note that two arrays share memory."""
    memory = getattr(base, "_memory", None)
    if memory is None:
        memory = base._memory = [ref(base)]
    elif len(memory) >= 64 and not len(memory) & (len(memory) - 1):
        memory[:] = [one for one in memory if one() is not None]
    memory.append(ref(view))
    view._memory = memory


def current(x: Any) -> Any:
    """Return the present version of a traced array; any other object is returned unchanged.

    Raises
    ------
    DataDependentError
        The array shares memory with one that was modified in place.
    """
    while isinstance(x, Node) and x.modified:
        state = x._memory
        if isinstance(state, SourceLocation):
            refuse(
                f"use of an array after an in-place operation at {state.short} on another array "
                "with the same memory,",
                "traced arrays share no memory: build the result with xp.where, xp.concat or "
                "xp.stack, or copy the array first with xp.asarray(x, copy=True)",
            )
        if state is None:
            state = x._memory = _derived_again(x)
        x = state
    return x


def all_current(tree: Any) -> Any:
    """Return nested containers with the present version of each traced array."""
    return rebuild(tree, current, slices=True)


def _derived_again(view: Any) -> Any:
    """Return the view of the present version of its base."""
    op, args = view._op, view._args
    if op is ITEM:
        whole = args[0]
        parts = record(Node, whole._op, (current(whole._args[0]),), whole._kwargs, whole._spec)
        return as_view(record(view.plain, op, (parts, args[1]), None, view._spec))
    args = (current(args[0]), *args[1:])
    return as_view(record(view.plain, op, args, view._kwargs, view._spec))


def in_place_operator(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method of an in-place operator, given that of the operator."""

    def method(self: Array, other: Any, /) -> Any:
        result = forward(self, other)
        return result if result is NotImplemented else _modify(self, result)

    return method


def _modify(target: Any, result: Any) -> Any:
    """Return the array that replaces `target`, and mark all arrays that change with it."""
    spec = target._spec
    if memory_rules(spec.backend).immutable or is_scalar(target):
        return result
    if open_contexts:
        refuse(
            "an in-place operation inside shared_intermediates()",
            "write x = x + y, as other names may refer to the same shared array",
        )
    if len(result.shape) != spec.ndim or any(
        None not in (m, n) and m != n for m, n in zip(result.shape, spec.shape, strict=True)
    ):
        raise ValueError(
            f"the result of an in-place operation has shape {result.shape}, but the array has "
            f"shape {spec.shape}"
        )
    if result.dtype != spec.dtype:
        unsigned = promotion(spec.backend).stores_signed_as_unsigned
        integers = unsigned and result.dtype.kind == "i" and spec.dtype.kind == "u"
        if not integers and not np.can_cast(result.dtype, spec.dtype, "same_kind"):
            raise TypeError(
                f"the result of an in-place operation has dtype {result.dtype}, which cannot be "
                f"stored in an array of {spec.dtype}"
            )
        known = result._spec.with_(dtype=spec.dtype)
        result = record(target.plain, operation("astype"), (result, spec.dtype), None, known)
    if is_scalar(result):  # what replaces an array is one, too
        result = record(target.plain, AS_ARRAY, (result,), None, result._spec)
    return _replace(target, result)


def _replace(target: Any, result: Any) -> Any:
    """Mark the arrays that change together with `target`, and return its present version."""
    memory = getattr(target, "_memory", None)
    if memory is None:
        _mark(target, result)
        return result
    members = [member for one in memory if (member := one()) is not None and not member.modified]
    root, certain = _root_of(target)
    changed = [one for one in members if one is not target and _overlap(one, target)]
    known = [one for one in changed if certain and one is not root and _root_of(one)[1]]
    if not certain:
        _mark(target, result)
    elif root is target:
        _mark(root, result)
        result._memory = memory
    else:
        whole = _written(root, target, result)
        for one in (root, current(root)):
            _mark(one, whole)
        whole._memory = memory
        _mark(target, None)
    for one in changed:
        if not one.modified:
            _mark(one, None if any(one is other for other in known) else user_location())
    memory[:] = [ref(one) for one in members if not one.modified]
    if certain:
        memory.append(ref(current(root)))
    return current(target)


def _mark(x: Any, state: Any) -> None:
    """Mark an array as modified.

    The state is the array that replaces it, None for a view to derive again from its base, or the
    line that modified its memory.
    """
    x._memory = state
    x.__class__ = x.modified_class


def _root_of(x: Any) -> tuple[Any, bool]:
    """Return the array that `x` is a view of, and whether it certainly is one."""
    certain = bool(memory_rules(x.backend).scalar_results)
    base = base_of(x)
    while base is not None:
        certain = certain and x._op.name not in ("real", "imag")
        certain = certain and (x._op.name != "reshape" or base.ndim < 2) and None not in x.shape
        x, base = base, base_of(base)
    return x, certain and None not in x.shape


def _overlap(one: Any, target: Any) -> bool:
    """Return whether two arrays of the same memory may have elements in common."""
    try:
        examples: dict[int, Any] = {}
        first, second = (_example(x, examples) for x in (one, target))
        return bool(np.shares_memory(first, second, max_work=10_000))  # type: ignore[arg-type]
    except Exception:  # too hard a problem, an unknown length, or an unknown layout
        return True


def _example(x: Any, examples: dict[int, Any]) -> Any:
    """Return NumPy's array for a view; `examples` holds those of other arrays, by id."""
    base = base_of(x)
    key = id(current(x) if base is None else x)
    found = examples.get(key)
    if found is None:
        if base is None:
            found = np.empty(x.shape, x.dtype)  # the system provides no memory before it is used
        elif x._op is ITEM:
            axis = (x._args[0]._kwargs or {}).get("axis", 0)
            found = np.moveaxis(_example(base, examples), axis, 0)[x._args[1]]
        elif x._op.name in ALIASES:
            found = _example(base, examples)
        elif x._op.name == "getitem":
            parts = x._args[1] if isinstance(x._args[1], tuple) else (x._args[1],)
            # With an ellipsis NumPy returns an array, not a scalar, for integers alone.
            parts = parts if Ellipsis in parts else (*parts, Ellipsis)
            found = _example(base, examples)[parts]
        else:
            whole = _example(base, examples)
            function = x._op.function(namespace_of(None))
            found = function(whole, *x._args[1:], **(x._kwargs or {}))
            if x._op.name == "reshape" and found.size and not np.shares_memory(found, whole):
                raise ValueError("whether this is a view depends on the layout of its base")
        examples[key] = found
    return found


def _written(root: Any, view: Any, values: Any) -> Any:
    """Return the array `root` after writing to a view of it."""
    root = current(root)
    top = _root_of(view)[0]
    positions = np.arange(root.size).reshape(root.shape)
    written = _example(view, {id(current(top)): positions})
    if not written.flags.writeable:
        raise ValueError("the array that is modified in place is a read-only view")
    source = np.zeros(root.size, np.int64)
    source[written.reshape(-1)] = np.arange(written.size)
    mask = np.zeros(root.size, bool)
    mask[written.reshape(-1)] = True
    if not written.size:
        return copied(root)
    asarray = root.__array_namespace__().asarray
    args = (root, values, asarray(source), asarray(mask.reshape(root.shape)))
    return record(root.plain, WRITE, args, None, root._spec)


def forget_modifications(arrays: Iterable[Any]) -> None:
    """Turn modified arrays back into what they were, when no user can refer to them any more."""
    for x in arrays:
        if x.modified:
            x.__class__ = x.plain
            del x._memory
