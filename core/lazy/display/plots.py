"""Pictures of graphs and of their statistics, drawn with matplotlib."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias

import numpy as np

from core.lazy.display.layout import layers
from core.lazy.display.statistics import footprint, measure_of, size_of, stats
from core.lazy.display.text import array_text, operation_name, optional_import, varying_nodes
from core.lazy.graph.node import Node, ascend, indexed
from core.lazy.graph.tree import leaves

ColorBy: TypeAlias = Literal["function", "variables", "id"]
Picture: TypeAlias = "tuple[Any, Any]"
"""A figure and its axes."""


_SECTIONS = """
Parameters
----------
lz : LazyArray, or nested tuples, lists and dicts of these
{own}ax : matplotlib.axes.Axes, optional
    Where to draw; a new figure by default.
figsize : tuple of float, optional
    The size of a new figure in inches.
rasterize : bool or int, optional
    Draw as pixels in vector formats such as PDF; a number: if the graph has more nodes.
show_and_close : bool, optional
    Show the figure with matplotlib's backend, as in a notebook, and close it.

Returns
-------
figure : matplotlib.figure.Figure
ax : matplotlib.axes.Axes

Raises
------
ImportError
    matplotlib is not installed.
ValueError
    An option has an unknown value.
"""
_COLOR_BY = """color_by : {"function", "variables", "id"}, optional
    One color for each operation, for what depends on variables, or for each node.
"""
_LOG = """log : bool or number, optional
    Use a logarithmic scale; a number is its base, which is 10 by default.
"""
_FN = """fn : {"count", "sizein", "sizeout", "flops"} or callable, optional
    The measure of a step: its name, or a function of a node.
"""


def _picture(
    size: tuple[float, float], options: str = ""
) -> Callable[[Callable[..., None]], Callable[..., Picture]]:
    """Return a decorator for functions that draw on axes; `size` is the size of new figures.

    The decorated function creates the axes, has the options that all pictures have, and returns the
    figure and its axes. Its docstring gets a section that describes these and its own `options`.
    """

    def decorate(draw: Callable[..., None]) -> Callable[..., Picture]:
        @functools.wraps(draw)
        def picture(
            lz: Any,
            *,
            ax: Any = None,
            figsize: tuple[float, float] = size,
            rasterize: bool | float = 4096,
            show_and_close: bool = False,
            **own: Any,
        ) -> Picture:
            if ax is None:
                # Only figures of pyplot can be shown.
                name = "pyplot" if show_and_close else "figure"
                module = optional_import(f"matplotlib.{name}", draw.__name__)
                figure = module.figure if show_and_close else module.Figure
                ax = figure(figsize=figsize, layout="constrained").add_subplot()
            before = {id(artist) for artist in ax.get_children()}
            draw(ax, lz, **own)
            if rasterize is True or (rasterize is not False and len(indexed(lz)) > rasterize):
                for artist in (*ax.collections, *ax.lines, *ax.images):
                    if id(artist) not in before:
                        artist.set_rasterized(True)
            if show_and_close:
                pyplot = optional_import("matplotlib.pyplot", draw.__name__)
                pyplot.show()
                pyplot.close(ax.figure)
            return ax.figure, ax

        picture.__doc__ = f"{inspect.getdoc(draw)}\n{_SECTIONS.replace('{own}', options)}"
        shared = list(inspect.signature(picture, follow_wrapped=False).parameters.values())[1:-1]
        _, *own = inspect.signature(draw).parameters.values()
        picture.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
        return picture

    return decorate


def _log_base(log: bool | float) -> float:
    """Return the base of a logarithmic scale."""
    base = 10 if log is True else log
    if not base > 1:
        raise ValueError(f"log must be True, False or a base greater than 1, got {log!r}")
    return base


def _colors(names: Iterable[str]) -> dict[str, Any]:
    """Return a color for each name, which depends on the set of names alone."""
    palette = optional_import("matplotlib", "a picture").colormaps["tab20"]
    colors = {name: palette(i % 20) for i, name in enumerate(sorted(set(names)))}
    return {**colors, "None": (0.6, 0.6, 0.6, 1.0)}


def _colors_by(
    order: list[tuple[Node, list[int]]], color_by: ColorBy, variables: Any = None
) -> tuple[list[str], dict[str, Any]]:
    """Return a name for each node, and a color for each name."""
    if color_by not in ("function", "variables", "id"):
        raise ValueError(f'color_by must be "function", "variables" or "id", got {color_by!r}')
    if color_by == "function":
        names = [node.fn_name for node, _ in order]
    elif color_by == "id":
        names = [str(i) for i in range(len(order))]
    else:
        varying = varying_nodes(order, variables)
        names = ["variable" if varies else "constant" for varies in varying]
    return names, _colors(names)


def _plain(name: str) -> str:
    """Return a name that matplotlib neither reads as a formula nor hides from a legend."""
    name = name.replace("$", r"\$") or "function"
    return f" {name}" if name.startswith("_") else name


@_picture(
    (7, 5),
    f"""variables : LazyArray, or nested tuples, lists and dicts of these, optional
    The nodes whose values may change; by default the leaves without values.
{_COLOR_BY}initial_layout : str, optional
    "layers", or a layout of networkx, such as "spring" or "kamada_kawai".
labels : bool, optional
    Write the operation, shape and dtype beside each node.
""",
)
def plot_graph(
    axes: Any,
    lz: Any,
    *,
    variables: Any = None,
    color_by: ColorBy = "function",
    initial_layout: str = "layers",
    labels: bool = True,
) -> None:
    """Draw the nodes of a graph and their edges, by default each node below its operands."""
    order = indexed(lz)
    positions = _positions(order, initial_layout)
    names, colors = _colors_by(order, color_by, variables)
    for (node, operands), (x, y), name in zip(order, positions, names, strict=True):
        for start in [positions[operand] for operand in operands]:
            # An edge that passes a row is bent, so that no node hides it.
            bent = initial_layout == "layers" and start[1] - y > 1
            style = f"arc3,rad={0.25 if bent else 0}"
            arrow = {"arrowstyle": "-|>", "color": "0.6", "shrinkB": 6, "connectionstyle": style}
            axes.annotate("", (x, y), start, zorder=1, arrowprops=arrow)
        marker = "o" if node.is_leaf else "s"
        axes.scatter([x], [y], s=60, marker=marker, color=[colors[name]], zorder=2)
        if labels:
            text = f"{_plain(operation_name(node))}\n{array_text(node)}"
            axes.annotate(text, (x, y), (6, 4), textcoords="offset points", fontsize=7)
    axes.margins(0.15)
    axes.set_axis_off()


def _positions(order: list[tuple[Node, list[int]]], layout: str) -> list[tuple[float, float]]:
    """Return the position of each node in a layout."""
    if layout == "layers":
        return [(x, -row) for x, row in layers([operands for _, operands in order])]
    networkx = optional_import("networkx", "this layout")
    compute = getattr(networkx, f"{layout}_layout", None)
    if compute is None:
        raise ValueError(f"networkx has no layout called {layout!r}")
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(order)))
    graph.add_edges_from([(k, i) for i, (_, operands) in enumerate(order) for k in operands])
    found = compute(graph)
    return [tuple(map(float, found[i])) for i in range(len(order))]  # type: ignore[misc]


@_picture((8, 4), _COLOR_BY)
def plot_circuit(
    axes: Any,
    lz: Any,
    *,
    color_by: ColorBy = "function",
) -> None:
    """Draw each array of a computation as a line from its creation to its last use.

    Arrays that do not exist at the same time may share a height, so the height of the picture is
    the greatest number of arrays in memory.
    """
    order = indexed(lz)
    results = {id(leaf) for leaf in leaves(lz)}
    last = [len(order) if id(node) in results else i for i, (node, _) in enumerate(order)]
    for i, (_, operands) in enumerate(order):
        for operand in operands:
            last[operand] = max(last[operand], i)
    names, colors = _colors_by(order, color_by)
    lanes: list[int] = []
    occupied: list[int] = []  # the step until which each lane is used
    for i, (node, operands) in enumerate(order):
        y = next((k for k, until in enumerate(occupied) if until <= i), len(occupied))
        end = last[i]
        occupied[y : y + 1] = [end]
        lanes.append(y)
        color = colors[names[i]]
        axes.plot([i, end], [y, y], color=color, linewidth=0.8 + min(size_of(node), 10**8) ** 0.15)
        for operand in operands:
            axes.plot([i, i], [lanes[operand], y], color="0.7", linewidth=0.8, zorder=0)
        axes.scatter([i], [y], color=[color], s=25, zorder=3)
    for name in () if color_by == "id" else dict.fromkeys(names):
        axes.plot([], [], "o", color=colors[name], label="leaf" if name == "None" else _plain(name))
    if order and color_by != "id":
        axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    axes.set_xlabel("step")
    axes.set_ylabel("arrays in memory")
    axes.set_yticks(range(len(occupied)))
    axes.invert_yaxis()


@_picture(
    (7, 3),
    f"""include_inputs : bool, optional
    Count the leaves too.
{_LOG}""",
)
def plot_history_size_footprint(
    axes: Any,
    lz: Any,
    *,
    include_inputs: bool = True,
    log: bool | float = False,
) -> None:
    """Draw the number of elements that exist after each allocation and deallocation."""
    sizes = [float(size) for size in footprint(lz, include_inputs)]  # may exceed 64 bits
    axes.fill_between(range(len(sizes)), sizes, step="mid", alpha=0.4)
    axes.step(range(len(sizes)), sizes, where="mid")
    axes.axhline(max(sizes), linestyle=":", color="0.5")
    if log and any(sizes):
        axes.set_yscale("log", base=_log_base(log))
    axes.set_xlabel("allocation or deallocation")
    axes.set_ylabel("elements")


@_picture(
    (7, 4),
    f"""{_FN}kind : {{"scatter", "lines", "image"}}, optional
    Dots at the height of the measure, vertical lines of that height, or a row per operation
    with the measure as color.
{_LOG}""",
)
def plot_history_functions(
    axes: Any,
    lz: Any,
    *,
    fn: Callable[[Node], float] | str = "sizeout",
    kind: Literal["scatter", "lines", "image"] = "scatter",
    log: bool | float = False,
) -> None:
    """Draw the operation of each step and a measure of it."""
    if kind not in ("scatter", "lines", "image"):
        raise ValueError(f'kind must be "scatter", "lines" or "image", got {kind!r}')
    measure = measure_of(fn)  # type: ignore[arg-type]
    steps = [node for node in ascend(lz) if not node.is_leaf]
    names = list(dict.fromkeys(node.fn_name for node in steps))
    shown = [_plain(name) for name in names]
    values = np.asarray([float(measure(node)) for node in steps])
    which = np.asarray([names.index(node.fn_name) for node in steps], dtype=int)
    axes.set_xlabel("step")
    if kind == "image" and steps:
        grid = np.full((len(names), len(steps)), np.nan)
        shown_values = np.log1p(values) / np.log(_log_base(log)) if log else values
        grid[which, np.arange(len(steps))] = shown_values
        image = axes.imshow(grid, aspect="auto", interpolation="none")
        title = f"log{_log_base(log):g}({_title(fn)} + 1)" if log else _title(fn)
        axes.figure.colorbar(image, ax=axes, label=title)
        axes.set_yticks(range(len(names)), shown)
        return
    colors = _colors(names)
    for i, name in enumerate(names):
        at = np.flatnonzero(which == i)
        if kind == "scatter":
            axes.scatter(at, values[at], s=18, color=[colors[name]], label=shown[i])
        else:
            axes.vlines(at, 0, values[at], color=colors[name], label=shown[i])
    if log:
        axes.set_yscale("symlog", base=_log_base(log))
    axes.set_ylabel(_title(fn))
    if steps:
        axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))


@_picture((5, 3), _FN)
def plot_history_stats(
    axes: Any,
    lz: Any,
    *,
    fn: Callable[[Node], float] | str = "count",
) -> None:
    """Draw the sum of a measure over the steps of each operation as bars."""
    sums = stats([node for node in ascend(lz) if not node.is_leaf], fn)  # type: ignore[arg-type]
    names = sorted(sums, key=sums.__getitem__)
    colors = _colors(sums)
    widths = [float(sums[name]) for name in names]
    axes.barh([_plain(name) for name in names], widths, color=[colors[name] for name in names])
    axes.set_xlabel(_title(fn))


def _title(fn: Any) -> str:
    known = {
        "count": "steps",
        "sizein": "elements of operands",
        "sizeout": "elements of results",
        "flops": "floating-point operations",
    }
    return known.get(fn) or str(getattr(fn, "__name__", "measure"))
