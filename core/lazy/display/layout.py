"""The positions of a graph's nodes in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Position: TypeAlias = "tuple[float, int]"
"""The horizontal coordinate, and the row counted from the top."""


def layers(operands: Sequence[Sequence[int]]) -> list[Position]:
    """Return a position for each node: below its operands, at the mean of their coordinates.

    Parameters
    ----------
    operands : sequence of sequences of int
        For each node the indices of its operands, which come before it.

    Returns
    -------
    list of tuple of float and int
        A node's row is its greatest distance to a leaf; neighbours in a row are 1 apart.

    Examples
    --------
    >>> layers([[], [], [0, 1]])
    [(-0.5, 0), (0.5, 0), (0.0, 1)]
    """
    row: list[int] = []
    rows: dict[int, list[int]] = {}
    for node, indices in enumerate(operands):
        row.append(max([row[index] + 1 for index in indices], default=0))
        rows.setdefault(row[node], []).append(node)
    x = [0.0] * len(operands)
    for number in sorted(rows):
        nodes = rows[number]
        for node in nodes:
            x[node] = sum([x[index] for index in operands[node]]) / max(len(operands[node]), 1)
        middle = sum([x[node] for node in nodes]) / len(nodes)
        for i, node in enumerate(sorted(nodes, key=x.__getitem__)):
            x[node] = middle + i - (len(nodes) - 1) / 2
    return list(zip(x, row, strict=True))
