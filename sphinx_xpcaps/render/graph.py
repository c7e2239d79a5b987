"""The graph of an example: a drawing in HTML, elsewhere a numbered list of its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from docutils import nodes

from sphinx_xpcaps.render.cells import paragraph
from sphinx_xpcaps.render.nodes import picture
from sphinx_xpcaps.render.words import _, plural
from sphinx_xpcaps.results.labels import TRACE, one_line
from sphinx_xpcaps.results.model import Graph, GraphNode, NodeKind, Status
from sphinx_xpcaps.results.view import TableCell

_CHARACTER = 7.5
"""Approximate width of a character in pixels."""
_SMALLEST = 0.7
"""How small a drawing may become where the page is narrow; beyond that, it scrolls."""
_HEIGHT, _GAP, _BETWEEN, _MARGIN = 40, 26, 18, 4


def graph(cells: Sequence[TableCell]) -> list[nodes.Element]:
    """Return the graph of a target's example, or the reason why there is none."""
    found = next((shown.cell.graph for shown in cells if shown.cell.graph is not None), None)
    if found is None:
        return [_no_graph(_no_graph_reason(cells))]
    if not found.operations:
        return [_no_graph(str(_("the example has no array operations")))]
    if not found.nodes:
        reason = plural(
            "{count} operation is too much to draw",
            "{count} operations are too many to draw",
            found.operations,
        )
        return [_no_graph(reason)]
    before, _found, after = str(_("Graph of {call}:")).partition("{call}")
    call = nodes.literal("", one_line(found.call, 100))
    caption = paragraph(before, call, after)
    caption["classes"].append("xpcaps-where")
    steps = listing(found)
    drawn = picture("", svg=svg(found, alternative=f"Graph of {found.call}. {'. '.join(steps)}."))
    text = "\n".join(steps)
    drawn += nodes.literal_block(text, text, language="none")
    return [caption, drawn]


def _no_graph(reason: str) -> nodes.paragraph:
    text = str(_("No graph: {reason}.")).format(reason=reason)
    return nodes.paragraph("", text, classes=["xpcaps-where"])


def _no_graph_reason(cells: Sequence[TableCell]) -> str:
    reasons = [reason for shown in cells for reason in shown.cell.reasons]
    traced = next((reason for reason in reasons if reason.mode == TRACE), None)
    if traced is not None:
        return one_line(traced.message).rstrip(".")
    if any(shown.cell.modes.get(TRACE) == Status.SUPPORTED for shown in cells):
        return str(_("the example takes no arrays"))
    return str(_("the example was not traced"))


def listing(graph: Graph) -> list[str]:
    """Return a line for each node, such as ``"2 add of 0 and 1: (3,) float64, a result"``."""
    return [f"{i} {_node_text(node)}" for i, node in enumerate(graph.nodes)]


def _node_text(node: GraphNode) -> str:
    operands = " and ".join(map(str, node.operands))
    name = f"{node.name} of {operands}" if operands else node.name
    return f"{name}: {node.array}{', a result' if node.output else ''}"


def svg(graph: Graph, *, alternative: str) -> str:
    """Return a graph as SVG in the colours of the page.

    Parameters
    ----------
    graph : Graph
    alternative : str
        The text for screen readers.
    """
    column = _BETWEEN + max(_width(node) for node in graph.nodes)
    from core.lazy.display.layout import layers  # slow to import, and few tables have a graph

    positions = layers([node.operands for node in graph.nodes])
    left = min(x for x, _ in positions)
    top_centers = [(_MARGIN + column * (x - left + 0.5), _top(row)) for x, row in positions]
    width = max(x for x, _ in top_centers) + column / 2 + _MARGIN
    height = max(y for _, y in top_centers) + _HEIGHT + _MARGIN
    parts = [*_edges(graph, top_centers, column), *_boxes(graph, top_centers)]
    return (
        f'<svg role="img" aria-label="{escape(alternative)}" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}" style="min-width: {_SMALLEST * width:.0f}px">'
        f"{''.join(parts)}</svg>"
    )


def _width(node: GraphNode) -> float:
    return 20 + _CHARACTER * max(len(node.name), len(node.array))


def _top(row: int) -> float:
    return _MARGIN + row * (_HEIGHT + _GAP)


def _edges(
    graph: Graph, top_centers: Sequence[tuple[float, float]], column: float
) -> Iterator[str]:
    """Draw a curve from each operand down to its use, beside the boxes of rows in between."""
    for node, (x, y) in zip(graph.nodes, top_centers, strict=True):
        for operand in node.operands:
            x0, y0 = top_centers[operand][0], top_centers[operand][1] + _HEIGHT
            aside = 0.55 * column if y - y0 > _GAP else 0.0
            bend = max(_GAP, (y - y0) / 3)
            first = f"{x0 + aside:.1f} {y0 + bend:.1f}"
            second = f"{x + aside:.1f} {y - bend:.1f}"
            curve = f"M{x0:.1f} {y0:.1f} C{first} {second} {x:.1f} {y:.1f}"
            yield f'<path class="xpcaps-edge" d="{curve}"/>'


def _boxes(graph: Graph, top_centers: Sequence[tuple[float, float]]) -> Iterator[str]:
    for node, (x, y) in zip(graph.nodes, top_centers, strict=True):
        width = _width(node)
        radius = 4 if node.kind is NodeKind.OPERATION else _HEIGHT // 2
        classes = f"xpcaps-box xpcaps-{node.kind}{' xpcaps-output' if node.output else ''}"
        yield (
            f'<g class="{classes}"><rect x="{x - width / 2:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{_HEIGHT}" rx="{radius}"/>'
            f'<text x="{x:.1f}" y="{y + 17:.1f}">{escape(node.name)}</text>'
            f'<text class="xpcaps-array" x="{x:.1f}" y="{y + 32:.1f}">{escape(node.array)}</text>'
            "</g>"
        )
