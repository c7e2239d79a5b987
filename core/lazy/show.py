"""The graph as text."""

from __future__ import annotations

from core.lazy.graph.node import Node


def label(node: Node) -> str:
    """Return a node in a few words: its operation, shape and dtype."""
    return f"{name_of(node)} {described(node)}"


def name_of(node: Node) -> str:
    """Return the name of a node's operation in one line, or what kind of leaf it is."""
    if node.is_leaf:
        return "variable" if node._data is None else "array"
    return "".join(one if one.isprintable() else " " for one in node.fn_name) or "function"


def described(node: Node) -> str:
    """Return the shape and dtype of a node's array, such as ``(3, ?) float64``."""
    if isinstance(node._spec, tuple):
        return f"[{len(node._spec)} arrays]"
    lengths = ["?" if n is None else str(n) for n in node._spec.shape]
    shape = f"({lengths[0]},)" if len(lengths) == 1 else f"({', '.join(lengths)})"
    return f"{shape} {node._spec.dtype}"


def tree_text(
    lz: Node, filler: str = " ", max_lines: int | None = None, max_depth: int | None = None
) -> str:
    """Return the graph as a tree: each node above what it is computed from.

    Parameters
    ----------
    lz : LazyArray
    filler : str, optional
        What the space before deeper nodes is made of.
    max_lines, max_depth : int, optional
        How much is shown; all by default.

    Returns
    -------
    str
        A node that was shown before is named by its line.

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
    lines: list[tuple[str, str]] = []
    seen: dict[int, int] = {}
    stack: list[tuple[Node, str, str, int]] = [(lz, "", "", 0)]
    while stack and (max_lines is None or len(lines) < max_lines):
        node, branch, indent, depth = stack.pop()
        if id(node) in seen:
            lines.append((branch, f"line {seen[id(node)]}"))
            continue
        seen[id(node)] = len(lines)
        deps = node.deps
        if max_depth is not None and depth >= max_depth and deps:
            lines.append((branch, f"{label(node)} ..."))
            continue
        lines.append((branch, label(node)))
        for i, dep in reversed(list(enumerate(deps))):
            last = i == len(deps) - 1
            more = filler * 2 if last else f"│{filler}"
            stack.append((dep, f"{indent}{'╰─' if last else '├─'}", indent + more, depth + 1))
    width = len(str(len(lines) - 1))
    return "\n".join(f"{i:{width}} {branch}{text}" for i, (branch, text) in enumerate(lines))
