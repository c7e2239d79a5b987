"""Pictures of a graph's statistics, drawn with matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from core.lazy.graph.node import Node, ascend
from core.lazy.history import footprint, measure_of, stats
from core.lazy.plot import colours, figure, words

Kind = Literal["scatter", "lines", "image"]


def plot_history_size_footprint(
    lz: Any,
    *,
    include_inputs: bool = True,
    log: bool = False,
    ax: Any = None,
    figsize: tuple[float, float] = (7, 3),
) -> tuple[Any, Any]:
    """Draw how many elements exist after each array that is made or freed.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    include_inputs : bool, optional
        Count the leaves too.
    log : bool, optional
        Draw the number on a logarithmic scale.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    figsize : tuple of float, optional
        Of a new figure, in inches.

    Returns
    -------
    figure : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    fig, ax = figure(ax, "plot_history_size_footprint", figsize)
    sizes = [float(size) for size in footprint(lz, include_inputs)]  # they may be huge
    ax.fill_between(range(len(sizes)), sizes, step="mid", alpha=0.4)
    ax.step(range(len(sizes)), sizes, where="mid")
    ax.axhline(max(sizes), linestyle=":", color="0.5")
    if log and any(sizes):
        ax.set_yscale("log")
    ax.set_xlabel("array made or freed")
    ax.set_ylabel("elements")
    return fig, ax


def plot_history_functions(
    lz: Any,
    *,
    fn: Callable[[Node], float] | str = "sizeout",
    kind: Kind = "scatter",
    log: bool = False,
    ax: Any = None,
    figsize: tuple[float, float] = (7, 4),
) -> tuple[Any, Any]:
    """Draw which operation each step is, and a measure of it.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    fn : {"count", "sizein", "sizeout", "flops"} or callable, optional
        The measure of a step: by name, or a function of a node.
    kind : {"scatter", "lines", "image"}, optional
        Dots by step and measure; upright lines of the measure's height; or a row per operation
        with the measure as colour.
    log : bool, optional
        Draw the measure on a logarithmic scale.
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
    ValueError
        `kind` or `fn` is not known.
    """
    if kind not in ("scatter", "lines", "image"):
        raise ValueError(f'kind is "scatter", "lines" or "image", not {kind!r}')
    fig, ax = figure(ax, "plot_history_functions", figsize)
    measure = measure_of(fn)  # type: ignore[arg-type]
    steps = [node for node in ascend(lz) if not node.is_leaf]
    names = list(dict.fromkeys(node.fn_name for node in steps))
    shown = [words(name) for name in names]
    values = np.asarray([float(measure(node)) for node in steps])
    which = np.asarray([names.index(node.fn_name) for node in steps], dtype=int)
    ax.set_xlabel("step")
    if kind == "image" and steps:
        grid = np.full((len(names), len(steps)), np.nan)
        grid[which, np.arange(len(steps))] = np.log10(values + 1) if log else values
        image = ax.imshow(grid, aspect="auto", interpolation="none")
        fig.colorbar(image, ax=ax, label=_title(fn, log))
        ax.set_yticks(range(len(names)), shown)
        return fig, ax
    colour = colours(names)
    for i, name in enumerate(names):
        at = np.flatnonzero(which == i)
        if kind == "scatter":
            ax.scatter(at, values[at], s=18, color=[colour[name]], label=shown[i])
        else:
            ax.vlines(at, 0, values[at], color=colour[name], label=shown[i])
    if log:
        ax.set_yscale("symlog")
    ax.set_ylabel(_title(fn))
    if steps:
        ax.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    return fig, ax


def _title(fn: Any, log: bool = False) -> str:
    known = {
        "count": "steps",
        "sizein": "elements taken",
        "sizeout": "elements made",
        "flops": "floating-point operations",
    }
    title = known.get(fn) or str(getattr(fn, "__name__", "measure"))
    return f"log10({title} + 1)" if log else title


def plot_history_stats(
    lz: Any,
    *,
    fn: Callable[[Node], float] | str = "count",
    ax: Any = None,
    figsize: tuple[float, float] = (5, 3),
) -> tuple[Any, Any]:
    """Draw how the operations share in a statistic, as bars.

    Parameters
    ----------
    lz : LazyArray, or nested tuples, lists and dicts of these
    fn : {"count", "sizein", "sizeout", "flops"} or callable, optional
        What is summed over the steps: by name, or a function of a node.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    figsize : tuple of float, optional
        Of a new figure, in inches.

    Returns
    -------
    figure : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    fig, ax = figure(ax, "plot_history_stats", figsize)
    computed = [node for node in ascend(lz) if not node.is_leaf]
    found = stats(computed, fn)  # type: ignore[arg-type]
    ordered = sorted(found.items(), key=lambda one: one[1])
    colour = colours(found)
    ax.barh(
        [words(name) for name, _ in ordered],
        [float(value) for _, value in ordered],
        color=[colour[name] for name, _ in ordered],
    )
    ax.set_xlabel(_title(fn))
    return fig, ax
