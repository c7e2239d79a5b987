"""Graphs as text, in the languages of Mermaid and Graphviz, and as networkx graphs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from core.lazy.graph.node import Node, indexed
from core.lazy.graph.tree import leaves


def label(node: Node) -> str:
    """Return a node's operation, shape and dtype."""
    return f"{operation_name(node)} {array_text(node)}"


def operation_name(node: Node) -> str:
    """Return the name of a node's operation in one line; "variable" or "array" for a leaf."""
    if node.is_leaf:
        return "variable" if node._data is None else "array"
    return "".join(char if char.isprintable() else " " for char in node.fn_name) or "function"


def array_text(node: Node) -> str:
    """Return the shape and dtype of a node's array, such as ``(3, ?) float64``."""
    if isinstance(node._spec, tuple):
        return f"[{len(node._spec)} arrays]"
    lengths = ["?" if n is None else str(n) for n in node._spec.shape]
    shape = f"({lengths[0]},)" if len(lengths) == 1 else f"({', '.join(lengths)})"
    return f"{shape} {node._spec.dtype}"


def tree_text(
    lz: Node, filler: str = " ", max_lines: int | None = None, max_depth: int | None = None
) -> str:
    """Return a graph as a tree with each node above its operands.

    Parameters
    ----------
    lz : LazyArray
    filler : str, optional
        The character for the indentation of nodes.
    max_lines, max_depth : int, optional
        The size of the part to show; everything by default.

    Returns
    -------
    str
        A repeated node is replaced by the number of its line.

    Examples
    --------
    >>> from core import lazy
    >>> x = lazy.Variable((3,))
    >>> (lazy.exp(x) * x).show()
    0 multiply (3,) float64
    1 ├─exp (3,) float64
    2 │ ╰─variable (3,) float64
    3 ╰─line 2
    """
    lines: list[str] = []
    seen: dict[int, int] = {}
    stack: list[tuple[Node, str, str, int]] = [(lz, "", "", 0)]
    while stack and (max_lines is None or len(lines) < max_lines):
        node, branch, indent, depth = stack.pop()
        if id(node) in seen:
            lines.append(f"{branch}line {seen[id(node)]}")
            continue
        seen[id(node)] = len(lines)
        deps = node.deps
        hidden = max_depth is not None and depth >= max_depth and bool(deps)
        lines.append(f"{branch}{label(node)}{' ...' if hidden else ''}")
        for i, dep in reversed(list(enumerate(() if hidden else deps))):
            last = i == len(deps) - 1
            more = indent + (filler * 2 if last else f"│{filler}")
            stack.append((dep, f"{indent}{'╰─' if last else '├─'}", more, depth + 1))
    width = len(str(len(lines) - 1))
    return "\n".join(f"{i:{width}} {line}" for i, line in enumerate(lines))


def to_mermaid(lz: Any, direction: str = "TD") -> str:
    """Return a graph in the language of Mermaid.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    direction : {"TD", "LR", "BT", "RL"}, optional
        The direction of the graph: top down, left to right, and so on.

    Returns
    -------
    str
        Leaves are round, results have a thick border.

    Examples
    --------
    >>> from core import lazy
    >>> print(lazy.to_mermaid(lazy.exp(lazy.Variable((3,)))))
    flowchart TD
        n0(["variable<br/>(3,) float64"])
        n1["exp<br/>(3,) float64"]
        n0 --> n1
        style n1 stroke-width:3px
    """
    lines = [f"flowchart {direction}"]
    edges: list[str] = []
    index: dict[int, int] = {}
    for i, (node, operands) in enumerate(indexed(lz)):
        index[id(node)] = i
        operation, array = [
            "".join(_ENTITIES.get(char, char) for char in text)
            for text in (operation_name(node), array_text(node))
        ]
        text = f'["{operation}<br/>{array}"]'
        lines.append(f"    n{i}({text})" if node.is_leaf else f"    n{i}{text}")
        edges += [f"    n{operand} --> n{i}" for operand in operands]
    results = dict.fromkeys(index[id(leaf)] for leaf in leaves(lz) if id(leaf) in index)
    return "\n".join(lines + edges + [f"    style n{i} stroke-width:3px" for i in results])


# A label that begins with a backtick would be Markdown.
_ENTITIES = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;"}


def to_graphviz(lz: Any, direction: str = "TB") -> str:
    """Return a graph in the language of Graphviz (DOT).

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    direction : {"TB", "LR", "BT", "RL"}, optional
        The direction of the graph: top to bottom, left to right, and so on.

    Returns
    -------
    str

    Examples
    --------
    >>> from core import lazy
    >>> print(lazy.to_graphviz(lazy.exp(lazy.Variable((3,)))))
    digraph {
        rankdir=TB
        n0 [label="variable\\n(3,) float64", shape=ellipse]
        n1 [label="exp\\n(3,) float64", shape=box]
        n0 -> n1
    }
    """
    lines = ["digraph {", f"    rankdir={direction}"]
    edges: list[str] = []
    for i, (node, operands) in enumerate(indexed(lz)):
        operation = operation_name(node).replace("\\", "\\\\").replace('"', '\\"')
        shape = "ellipse" if node.is_leaf else "box"
        lines.append(f'    n{i} [label="{operation}\\n{array_text(node)}", shape={shape}]')
        edges += [f"    n{operand} -> n{i}" for operand in operands]
    return "\n".join([*lines, *edges, "}"])


def to_nx_digraph(lz: Any, variables: Any = None) -> Any:
    """Return a graph as a ``networkx.DiGraph`` with an edge from each operand to its users.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    variables : LazyArray, or nested tuples, lists and dicts of these, optional
        The nodes whose values may change; by default the leaves without values.

    Returns
    -------
    networkx.DiGraph
        Its nodes are integers in topological order, with the attributes ``array`` (the node),
        ``label``, ``operation`` and ``variable`` (whether the node depends on a variable).

    Raises
    ------
    ImportError
        networkx is not installed.

    Examples
    --------
    >>> from core import lazy
    >>> x = lazy.Variable((3,))
    >>> lazy.to_nx_digraph(x * x + 1).edges
    OutEdgeView([(0, 1), (1, 2)])
    """
    graph = optional_import("networkx", "to_nx_digraph").DiGraph()
    order = indexed(lz)
    varying = varying_nodes(order, variables)
    for i, ((node, operands), varies) in enumerate(zip(order, varying, strict=True)):
        graph.add_node(i, array=node, label=label(node), operation=node.fn_name, variable=varies)
        graph.add_edges_from([(operand, i) for operand in operands])
    return graph


def varying_nodes(order: list[tuple[Node, list[int]]], variables: Any = None) -> list[bool]:
    """Return for each node whether it depends on `variables`, by default leaves without values."""
    given = None if variables is None else {id(leaf) for leaf in leaves(variables)}
    varying: list[bool] = []
    for node, operands in order:
        varies = node.is_leaf and node._data is None if given is None else id(node) in given
        varying.append(varies or any(varying[operand] for operand in operands))
    return varying


def optional_import(module: str, feature: str) -> Any:
    """Import an optional package.

    Raises
    ------
    ImportError
        It is not installed; the message names the feature and how to install the package.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f"{feature} needs {package}: pip install 'sphinx-xpcaps[graph]'", name=package
        ) from error
