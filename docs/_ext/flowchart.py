"""Read a small part of Mermaid's flowchart language and draw it as SVG.

Supported are charts from top to bottom with boxes and labelled arrows::

    flowchart TB
        a[First] -->|label| b[Second]
        a --> c & d

A name in brackets sets the text of a box. Everything else is an error.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

HEIGHT = 34
"""Height of a box, in pixels."""
ROW = 84
"""Distance between the tops of two rows."""
GAP = 26
"""Distance between two boxes in a row."""
MARGIN = 4
CHARACTER = 7.6
"""Approximate width of a character."""
SWEEPS = 12
"""How often rows are sorted and moved towards their neighbours."""

_BOX = r'([\w.]+)(?:\["?([^"\]]+)"?\])?'
_ARROW = re.compile(r"^(?P<left>.+?)\s*-->\s*(?:\|(?P<label>[^|]+)\|\s*)?(?P<right>.+)$")

_AND = re.compile(r"\s*&\s*(?=[\w.]+\s*(?:\[|&|$))")
"""Between two boxes, not in the text of one."""


class FlowchartError(ValueError):
    """Raised for a line outside the supported part of Mermaid."""


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two boxes."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Flowchart:
    """A parsed chart."""

    labels: Mapping[str, str]
    """The text of each box by name, in order of appearance."""
    edges: tuple[Edge, ...]


def parse(text: str) -> Flowchart:
    """Return the boxes and arrows of a chart.

    Examples
    --------
    >>> chart = parse('flowchart TB\\n  a["First"] -->|then| b\\n  a --> c')
    >>> dict(chart.labels)
    {'a': 'First', 'b': 'b', 'c': 'c'}
    >>> chart.edges[0]
    Edge(source='a', target='b', label='then')
    """
    header, *lines = [line.strip() for line in text.strip().splitlines()]
    if header not in ("flowchart TB", "flowchart TD"):
        raise FlowchartError(f"expected 'flowchart TB', got {header!r}")
    labels: dict[str, str] = {}
    edges: list[Edge] = []
    for line in lines:
        if not line or line.startswith("%%"):
            continue
        arrow = _ARROW.match(line)
        sides = (arrow["left"], arrow["right"]) if arrow else (line,)
        named = [[_box(part, labels) for part in _AND.split(side)] for side in sides]
        if arrow:
            label = (arrow["label"] or "").strip().strip('"')
            edges += [Edge(a, b, label) for a in named[0] for b in named[1]]
    return Flowchart(labels, tuple(edges))


def _box(text: str, labels: dict[str, str]) -> str:
    found = re.fullmatch(_BOX, text.strip())
    if found is None:
        raise FlowchartError(f"cannot read {text.strip()!r}")
    name, label = found.groups()
    if label or name not in labels:
        labels[name] = label or name
    return name


def svg(chart: Flowchart, *, alternative: str) -> str:
    """Return a chart as SVG in the colours of the page.

    Parameters
    ----------
    chart : Flowchart
        A chart without cycles.
    alternative : str
        The text for screen readers.
    """
    rows = _rows(chart)
    chains = [_chain(edge, rows) for edge in chart.edges]
    widths = {name: 24 + CHARACTER * len(text) for name, text in chart.labels.items()}
    x = _columns(rows, chains, widths)
    y = {key: MARGIN + ROW * row for key, row in rows.items()}
    spans = [(x[key] - half, x[key] + half) for key in rows for half in (_half(key, widths),)]
    centre = sum(x[name] for name in widths) / len(widths)
    parts = []
    for edge, chain in zip(chart.edges, chains, strict=True):
        points = _points(chain, x, y)
        parts.append(_arrow(points))
        if edge.label:
            text, span = _label(edge.label, points, centre)
            parts.append(text)
            spans.append(span)
    parts += [_box_svg(text, x[name], y[name], widths[name]) for name, text in chart.labels.items()]
    left = min(start for start, _ in spans) - MARGIN
    width = max(end for _, end in spans) + MARGIN - left
    height = max(y.values()) + HEIGHT + MARGIN
    return (
        f'<svg role="img" aria-label="{escape(alternative)}" font-size="13" '
        f'viewBox="{left:.0f} 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}">{"".join(parts)}</svg>'
    )


_Key = str | tuple[Edge, int]
"""A box, or the place where an arrow passes a row between its ends."""


def _rows(chart: Flowchart) -> dict[_Key, int]:
    """Return a row for each box, below all boxes with an arrow to it, and for passing arrows."""
    rows: dict[_Key, int] = dict.fromkeys(chart.labels, 0)
    for _ in range(len(chart.labels) + 1):
        below = [(e.target, rows[e.source] + 1) for e in chart.edges]
        moved = [(name, row) for name, row in below if rows[name] < row]
        if not moved:
            break
        for name, row in moved:
            rows[name] = max(rows[name], row)
    else:
        raise FlowchartError("the arrows form a cycle")
    for edge in chart.edges:
        for row in range(rows[edge.source] + 1, rows[edge.target]):
            rows[edge, row] = row
    return rows


def _chain(edge: Edge, rows: Mapping[_Key, int]) -> list[_Key]:
    between = range(rows[edge.source] + 1, rows[edge.target])
    return [edge.source, *((edge, row) for row in between), edge.target]


def _columns(
    rows: Mapping[_Key, int], chains: Sequence[Sequence[_Key]], widths: Mapping[str, float]
) -> dict[_Key, float]:
    """Return the horizontal centre of everything: near its neighbours, without overlaps."""
    neighbours: dict[_Key, list[_Key]] = {key: [] for key in rows}
    for chain in chains:
        for upper, lower in itertools.pairwise(chain):
            neighbours[upper].append(lower)
            neighbours[lower].append(upper)
    width = {key: 2 * _half(key, widths) for key in rows}
    x: dict[_Key, float] = {}
    levels = [[key for key in rows if rows[key] == row] for row in range(max(rows.values()) + 1)]
    for level in levels:
        x.update(_spread(level, dict.fromkeys(level, 0.0), width))
    for sweep in range(SWEEPS):
        for level in levels if sweep % 2 else levels[::-1]:
            preference = {
                key: sum(x[n] for n in near) / len(near) if (near := neighbours[key]) else x[key]
                for key in level
            }
            x.update(
                _spread(sorted(level, key=lambda key: (preference[key], x[key])), preference, width)
            )
    return x


def _spread(
    order: Sequence[_Key], preference: Mapping[_Key, float], width: Mapping[_Key, float]
) -> dict[_Key, float]:
    """Return centres in this order, as near to the preferred ones as the widths allow."""
    forward: dict[_Key, float] = {}
    backward: dict[_Key, float] = {}
    for places, keys, sign in ((forward, order, 1), (backward, order[::-1], -1)):
        edge = float("-inf")
        for key in keys:
            place = max(sign * preference[key], edge + width[key] / 2)
            places[key] = sign * place
            edge = place + width[key] / 2 + GAP
    return {key: (forward[key] + backward[key]) / 2 for key in order}


def _half(key: _Key, widths: Mapping[str, float]) -> float:
    return widths[key] / 2 if isinstance(key, str) else 0.0


def _points(
    chain: Sequence[_Key], x: Mapping[_Key, float], y: Mapping[_Key, float]
) -> list[tuple[float, float]]:
    """Return where an arrow leaves a box, enters and leaves the rows between, and ends."""
    points = [(x[chain[0]], y[chain[0]] + HEIGHT)]
    for key in chain[1:-1]:
        points += [(x[key], y[key]), (x[key], y[key] + HEIGHT)]
    return [*points, (x[chain[-1]], y[chain[-1]] - 1)]


def _arrow(points: Sequence[tuple[float, float]]) -> str:
    """Draw a curve through the points, with a head at the last."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for i, ((x0, y0), (x1, y1)) in enumerate(itertools.pairwise(points)):
        bend = (y1 - y0) / 2
        curve = f"C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}"
        path += curve if i % 2 == 0 else f"L{x1:.1f} {y1:.1f}"
    x, y = points[-1]
    return (
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-opacity="0.55"/>'
        f'<path d="M{x - 4:.1f} {y - 8:.1f}l4 8l4 -8z" fill="currentColor"/>'
    )


def _label(
    text: str, points: Sequence[tuple[float, float]], centre: float
) -> tuple[str, tuple[float, float]]:
    """Write a label on the outer side of an arrow; return it and where it starts and ends."""
    (x0, y0), (x1, y1) = points[:2]
    middle, width = (x0 + x1) / 2, CHARACTER * len(text)
    is_left = middle < centre - 1
    start = middle - 10 - width if is_left else middle + 10
    # An arrow to the lower right leaves room below its left half and above its right half.
    slope = (x1 > x0) - (x1 < x0)
    y = (y0 + y1) / 2 + 4 + 10 * slope * (1 if is_left else -1)
    anchor, x = ("end", middle - 10) if is_left else ("start", start)
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">'
        f"{escape(text)}</text>",
        (start, start + width),
    )


def _box_svg(text: str, x: float, y: float, width: float) -> str:
    return (
        f'<rect x="{x - width / 2:.1f}" y="{y:.1f}" width="{width:.1f}" height="{HEIGHT}" rx="5" '
        'fill="currentColor" fill-opacity="0.06" stroke="currentColor"/>'
        f'<text x="{x:.1f}" y="{y + HEIGHT / 2 + 4.5:.1f}" text-anchor="middle" '
        f'fill="currentColor">{escape(text)}</text>'
    )
