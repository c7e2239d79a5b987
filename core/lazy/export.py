"""The graph for other tools: networkx, Graphviz, Mermaid."""

from __future__ import annotations

from typing import Any

from core.lazy.graph.node import Node, ascend
from core.lazy.graph.tree import leaves
from core.lazy.optional import need
from core.lazy.show import described, label, name_of


def to_nx_digraph(lz: Any, variables: Any = None) -> Any:
    """Return a graph as a ``networkx.DiGraph``, with an edge from each operand to its use.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    variables : LazyArray, or nested tuples, lists and dicts of these, optional
        What may change; every node that depends on one is marked. By default the leaves without
        values.

    Returns
    -------
    networkx.DiGraph
        Its nodes are numbers, operands first, with the attributes ``array`` (the node), ``label``,
        ``operation`` and ``variable`` (whether it depends on a variable).

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
    networkx = need("networkx", "to_nx_digraph")
    graph = networkx.DiGraph()
    number: dict[int, int] = {}
    given = None if variables is None else {id(one) for one in leaves(variables)}
    for i, node in enumerate(ascend(lz)):
        number[id(node)] = i
        own = node.is_leaf and node._data is None if given is None else id(node) in given
        varies = own or any(graph.nodes[number[id(dep)]]["variable"] for dep in node.deps)
        graph.add_node(i, array=node, label=label(node), operation=node.fn_name, variable=varies)
        graph.add_edges_from([(number[id(dep)], i) for dep in node.deps])
    return graph


def to_mermaid(lz: Any, direction: str = "TD") -> str:
    """Return a graph in the language of Mermaid.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    direction : {"TD", "LR", "BT", "RL"}, optional
        Where the graph runs: top down, left to right, and so on.

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
    number: dict[int, str] = {}
    edges: list[str] = []
    for i, node in enumerate(ascend(lz)):
        name = number[id(node)] = f"n{i}"
        text = f'"{_escaped(name_of(node))}<br/>{_escaped(described(node))}"'
        lines.append(f"    {name}([{text}])" if node.is_leaf else f"    {name}[{text}]")
        edges += [f"    {number[id(dep)]} --> {name}" for dep in node.deps]
    results = dict.fromkeys(number[id(root)] for root in leaves(lz) if isinstance(root, Node))
    styles = [f"    style {name} stroke-width:3px" for name in results]
    return "\n".join(lines + edges + styles)


def _escaped(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in text)


# A text that begins with a backtick would be Markdown.
_ENTITIES = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;"}


def to_graphviz(lz: Any, direction: str = "TB") -> str:
    """Return a graph in the language of Graphviz (DOT).

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    direction : {"TB", "LR", "BT", "RL"}, optional

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
    number: dict[int, str] = {}
    edges: list[str] = []
    for i, node in enumerate(ascend(lz)):
        name = number[id(node)] = f"n{i}"
        operation = name_of(node).replace("\\", "\\\\").replace('"', '\\"')
        shape = "ellipse" if node.is_leaf else "box"
        lines.append(f'    {name} [label="{operation}\\n{described(node)}", shape={shape}]')
        edges += [f"    {number[id(dep)]} -> {name}" for dep in node.deps]
    return "\n".join([*lines, *edges, "}"])
