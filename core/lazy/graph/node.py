"""Nodes of the graph and how it is traversed.

Traversals use no recursion, as a graph may be deeper than Python's stack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from core.lazy.graph.pickling import Graph, in_graph, node_of
from core.lazy.graph.sharing import open_contexts, share
from core.lazy.graph.tree import leaves
from core.lazy.operation import DATA, VARIABLE, Operation
from core.lazy.spec import Spec

Specs: TypeAlias = "Spec | tuple[Spec, ...]"


class Node:
    """One operation of the graph.

    A node is a leaf (a variable, or a concrete array) or an operation on other nodes. Only a
    traced array has a shape. An operation with several results is one node; each result is an
    item of it.

    A node never changes except when it is computed: then `_data` is set first, and `_args` and
    `_kwargs` are cleared afterwards. A reader in another thread therefore reads `_args` first and
    then tests `_data`.
    """

    __slots__ = ("__weakref__", "_args", "_data", "_kwargs", "_memory", "_op", "_spec")

    modified = False
    """Whether an in-place operation changed this array after it was recorded."""

    _op: Operation
    _args: tuple[Any, ...]
    _kwargs: dict[str, Any] | None
    _data: Any
    _spec: Any
    _memory: Any
    """See `core.lazy.in_place`; not set for arrays without views."""

    @property
    def args(self) -> tuple[Any, ...]:
        """The positional arguments of the operation; empty for a leaf."""
        args = self._args
        return () if self._data is not None else args

    @property
    def kwargs(self) -> dict[str, Any]:
        """The keyword arguments of the operation; empty for a leaf."""
        kwargs = self._kwargs
        return {} if self._data is not None or kwargs is None else dict(kwargs)

    @property
    def deps(self) -> tuple[Node, ...]:
        """The nodes that this one is computed from, each once, in the order of the arguments."""
        args, kwargs = self._args, self._kwargs
        return () if self._data is not None else dependencies(args, kwargs)

    @property
    def is_leaf(self) -> bool:
        """Whether this is a variable or a concrete array."""
        return self._data is not None or self._op is VARIABLE

    @property
    def fn_name(self) -> str:
        """The standard's name of the operation, such as ``"linalg.svd"``; "None" for a leaf."""
        return "None" if self.is_leaf else self._op.name

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The specification of each result of the operation."""
        return self._spec if isinstance(self._spec, tuple) else (self._spec,)

    @property
    def backend(self) -> str | None:
        """The name of the array library, or None if any library can compute the node."""
        return self.specs[0].backend if self.specs else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.fn_name}>"

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if not in_graph():
            return node_of, (Graph(self, ascend),)
        args, kwargs, cls = self._args, self._kwargs, getattr(self, "plain", type(self))
        if self._data is not None:
            return _restored, (cls, DATA, (), None, self._data, self._spec)
        return _restored, (cls, self._op, args, kwargs, None, self._spec)


def _restored(cls: type[Any], *values: Any) -> Any:
    node = object.__new__(cls)
    node._op, node._args, node._kwargs, node._data, node._spec = values
    return node


_new = object.__new__  # looking it up takes a tenth of the time of recording


def record(
    cls: type[Any], op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any] | None, spec: Specs
) -> Any:
    """Return a new node of an operation, or the shared node of an equal one."""
    node = _new(cls)
    node._op = op
    node._args = args
    node._kwargs = kwargs or None
    node._data = None
    node._spec = spec
    return share(node) if open_contexts else node


def dependencies(args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> tuple[Node, ...]:
    """Return the nodes in the arguments of an operation, each once."""
    every = leaves((*args, kwargs) if kwargs else args, slices=True)
    return tuple({id(one): one for one in every if isinstance(one, Node)}.values())


def ascend(lz: Any, stop: Iterable[Node] = ()) -> Iterator[Node]:
    """Iterate over the nodes of a graph in topological order: operands before their users.

    Of several operands of a node, the deepest comes first.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
        The results to ascend to.
    stop : iterable of LazyArray, optional
        Nodes whose operands are not visited.

    Yields
    ------
    Node

    Examples
    --------
    >>> from core import lazy
    >>> x = lazy.Variable((3,))
    >>> [node.fn_name for node in lazy.ascend(lazy.exp(x) + 1)]
    ['None', 'exp', 'add']
    """
    roots = [leaf for leaf in leaves(lz) if isinstance(leaf, Node)]
    stops = frozenset(map(id, stop))
    order, branching = _postorder(roots, stops, None)
    if branching:
        order, _ = _postorder(roots, stops, depths(order))
    return iter(order)


def indexed(lz: Any) -> list[tuple[Node, list[int]]]:
    """Return the nodes of a graph in topological order, each with the indices of its operands."""
    index: dict[int, int] = {}
    found = []
    for i, node in enumerate(ascend(lz)):
        index[id(node)] = i
        found.append((node, [index[id(dep)] for dep in node.deps]))
    return found


def _postorder(
    roots: list[Node], stops: frozenset[int], depth: dict[int, int] | None
) -> tuple[list[Node], bool]:
    """Return nodes in topological order, and whether sorting operands by depth may change it."""
    finished: dict[int, bool] = {}
    order: list[Node] = []
    branching = False
    stack = roots[::-1]
    while stack:
        node = stack[-1]
        key = id(node)
        state = finished.get(key)
        if state is None:
            finished[key] = False
            size = len(stack)
            args, kwargs = node._args, node._kwargs
            if node._data is None and key not in stops:
                deps: Any = args if node._op.flat else dependencies(args, kwargs)
                for dep in deps:
                    if isinstance(dep, Node) and id(dep) not in finished:
                        stack.append(dep)
            if len(stack) > size + 1:
                pending = stack[size:]
                if depth is not None:
                    pending.sort(key=lambda dep: depth[id(dep)])
                elif sum([bool(dep._args) for dep in pending]) > 1:
                    branching = True
                stack[size:] = pending if depth is not None or branching else pending[::-1]
            if len(stack) > size:
                continue
        stack.pop()
        if state is not True:
            finished[key] = True
            order.append(node)
    return order, branching


def depths(order: Iterable[Node]) -> dict[int, int]:
    """Return the greatest distance to a leaf by ``id(node)``, for nodes in topological order."""
    depth: dict[int, int] = {}
    for node in order:
        depth[id(node)] = max([depth.get(id(dep), 0) + 1 for dep in node.deps], default=0)
    return depth


def descend(lz: Any) -> Iterator[Node]:
    """Iterate over the nodes of a graph, each once, starting from the results.

    Use `ascend` if operands must come before their users.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
        The results to descend from.

    Yields
    ------
    Node
    """
    queue = [leaf for leaf in leaves(lz) if isinstance(leaf, Node)]
    seen: set[int] = set()
    while queue:
        node = queue.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            queue.extend(node.deps[::-1])
