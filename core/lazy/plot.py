"""Pictures of graphs, drawn with matplotlib."""

from __future__ import annotations

from typing import Any

from core.lazy.graph.node import ascend
from core.lazy.graph.tree import leaves
from core.lazy.history import size_of
from core.lazy.layout import layers
from core.lazy.optional import need
from core.lazy.show import described, name_of


def figure(ax: Any, what: str, figsize: tuple[float, float]) -> tuple[Any, Any]:
    """Return a figure and axes to draw on, new ones unless some are given."""
    if ax is not None:
        return ax.figure, ax
    made = need("matplotlib.figure", what).Figure(figsize=figsize, layout="constrained")
    return made, made.add_subplot()


def colours(names: Any) -> dict[str, Any]:
    """Return a colour for each name, the same each time."""
    matplotlib = need("matplotlib", "a picture")
    palette = matplotlib.colormaps["tab20"]
    ordered = sorted(set(names))
    found = {name: palette(i % 20) for i, name in enumerate(ordered)}
    return {**found, "None": (0.6, 0.6, 0.6, 1.0)}


def plot_graph(
    lz: Any, *, ax: Any = None, figsize: tuple[float, float] = (7, 5), labels: bool = True
) -> tuple[Any, Any]:
    """Draw a graph: leaves on top, each node below its operands.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    figsize : tuple of float, optional
        Of a new figure, in inches.
    labels : bool, optional
        Write the operation, shape and dtype beside each node.

    Returns
    -------
    figure : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    fig, ax = figure(ax, "plot_graph", figsize)
    order = list(ascend(lz))
    number = {id(node): i for i, node in enumerate(order)}
    places = layers([[number[id(dep)] for dep in node.deps] for node in order])
    place = {id(node): (x, -y) for node, (x, y) in zip(order, places, strict=True)}
    colour = colours(node.fn_name for node in order)
    for node in order:
        x, y = place[id(node)]
        for dep in node.deps:
            # An edge that passes a layer is bent, so that no node hides it.
            bend = 0.25 if place[id(dep)][1] - y > 1 else 0
            arrow = {"arrowstyle": "-|>", "color": "0.6", "shrinkB": 6}
            arrow["connectionstyle"] = f"arc3,rad={bend}"
            ax.annotate("", (x, y), place[id(dep)], zorder=1, arrowprops=arrow)
        marker = "o" if node.is_leaf else "s"
        ax.scatter([x], [y], s=60, marker=marker, color=[colour[node.fn_name]], zorder=2)
        if labels:
            name = words(name_of(node))
            ax.annotate(
                f"{name}\n{described(node)}", (x, y), (6, 4), textcoords="offset points", fontsize=7
            )
    ax.margins(0.15)
    ax.set_axis_off()
    return fig, ax


def words(name: str) -> str:
    """Return a name as matplotlib shows it: no formula, and not hidden from a legend."""
    name = name.replace("$", r"\$") or "function"
    return f" {name}" if name.startswith("_") else name


def plot_circuit(
    lz: Any, *, ax: Any = None, figsize: tuple[float, float] = (8, 4)
) -> tuple[Any, Any]:
    """Draw a computation as a circuit: each array is a line from its making to its last use.

    Arrays that are not there at the same time may lie on the same height, so the height of the
    picture is the number of arrays that must be kept.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    figsize : tuple of float, optional
        Of a new figure, in inches.

    Returns
    -------
    figure : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    fig, ax = figure(ax, "plot_circuit", figsize)
    order = list(ascend(lz))
    step = {id(node): i for i, node in enumerate(order)}
    last = {id(node): step[id(node)] for node in order}
    for node in order:
        for dep in node.deps:
            last[id(dep)] = step[id(node)]
    for root in leaves(lz):
        if id(root) in last:
            last[id(root)] = len(order)
    colour = colours(node.fn_name for node in order)
    lane: dict[int, int] = {}
    taken: list[int] = []  # until which step each lane is used
    for i, node in enumerate(order):
        free = next((k for k, until in enumerate(taken) if until <= i), len(taken))
        taken[free : free + 1] = [last[id(node)]]
        lane[id(node)] = free
        width = 0.8 + min(size_of(node), 10**8) ** 0.15
        ax.plot([i, last[id(node)]], [free, free], color=colour[node.fn_name], linewidth=width)
        for dep in node.deps:
            ax.plot([i, i], [lane[id(dep)], free], color="0.7", linewidth=0.8, zorder=0)
        ax.scatter([i], [free], color=[colour[node.fn_name]], s=25, zorder=3)
    for name in dict.fromkeys(node.fn_name for node in order):
        ax.plot([], [], "o", color=colour[name], label=words(name) if name != "None" else "leaf")
    if order:
        ax.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    ax.set_xlabel("step")
    ax.set_ylabel("arrays kept")
    ax.set_yticks(range(len(taken)))
    ax.invert_yaxis()
    return fig, ax
