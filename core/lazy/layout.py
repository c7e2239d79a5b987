"""Where the nodes of a graph stand in a picture."""

from __future__ import annotations

from collections.abc import Sequence

Place = tuple[float, int]
"""How far to the right, and which row from the top."""


def layers(operands: Sequence[Sequence[int]]) -> list[Place]:
    """Return a place for each node: below its operands, beside the middle of them.

    Parameters
    ----------
    operands : sequence of sequences of int
        For each node the numbers of its operands, which come before it.

    Returns
    -------
    list of tuple of float and int
        A row is the greatest distance to a leaf; neighbours in a row are 1 apart.

    Examples
    --------
    >>> layers([[], [], [0, 1]])
    [(-0.5, 0), (0.5, 0), (0.0, 1)]
    """
    row: list[int] = []
    rows: dict[int, list[int]] = {}
    for node, given in enumerate(operands):
        row.append(max([row[one] + 1 for one in given], default=0))
        rows.setdefault(row[node], []).append(node)
    across = [0.0] * len(operands)
    for number in sorted(rows):
        nodes = rows[number]
        for node in nodes:
            given = operands[node]
            across[node] = sum([across[one] for one in given]) / len(given) if given else 0.0
        middle = sum([across[node] for node in nodes]) / len(nodes)
        for i, node in enumerate(sorted(nodes, key=across.__getitem__)):
            across[node] = middle + i - (len(nodes) - 1) / 2
    return list(zip(across, row, strict=True))
