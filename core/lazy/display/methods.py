"""The methods of a traced array that show its graph and compute statistics of it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from core.lazy.display.statistics import Measure, Stat, flops, footprint, nbytes, size_of, stats
from core.lazy.graph.node import Node, ascend


def _plotting(function: str, summary: str, **fixed: Any) -> Callable[..., Any]:
    """Return a method that calls a function of `core.lazy.display.plots`, imported when called."""

    def method(self: Any, **options: Any) -> Any:
        plots = import_module("core.lazy.display.plots")
        return getattr(plots, function)(self, **fixed, **options)

    method.__doc__ = f"{summary}; see `{function}` for the options."
    return method


class DisplayMethods(Node):
    """Statistics and pictures of the graph that leads to an array.

    A picture is a matplotlib figure and its axes. To draw on axes that exist, pass them as `ax`.
    """

    __slots__ = ()

    def history_num_nodes(self) -> int:
        """Return the number of different nodes."""
        return sum(1 for _ in ascend(self))

    def history_max_size(self) -> int:
        """Return the number of elements of the largest array."""
        return max(map(size_of, ascend(self)))

    def history_size_footprint(self, include_inputs: bool = True) -> list[int]:
        """Return the number of elements that exist after each step.

        Parameters
        ----------
        include_inputs : bool, optional
            Count the leaves too, from the start until their last use.

        Returns
        -------
        list of int
            One number at the start, one after each allocation and one after each deallocation.

        Examples
        --------
        >>> from core import lazy
        >>> x = lazy.Variable((3,))
        >>> (x + lazy.Variable((3,))).history_size_footprint()
        [6, 9, 6, 3]
        """
        return footprint(self, include_inputs)

    def history_peak_size(self, include_inputs: bool = True) -> int:
        """Return the greatest number of elements in `history_size_footprint`."""
        return max(footprint(self, include_inputs))

    def history_peak_memory(self, include_inputs: bool = True) -> int:
        """Return the greatest number of bytes of arrays that exist at the same time."""
        return max(footprint(self, include_inputs, nbytes))

    def history_total_size(self) -> int:
        """Return the number of elements of all arrays together."""
        return sum(map(size_of, ascend(self)))

    def history_stats(self, fn: Stat | Measure) -> dict[str, Any]:
        """Return the sum of a measure over all nodes, by operation.

        Parameters
        ----------
        fn : {"count", "sizein", "sizeout", "flops"} or callable
            The number of nodes, of elements of operands, of elements of results, or of
            floating-point operations; or a function of a node.

        Returns
        -------
        dict
            Leaves have the name "None".

        Examples
        --------
        >>> from core import lazy
        >>> x = lazy.Variable((3,))
        >>> (x * x + 1).history_stats("sizein")
        {'None': 0, 'multiply': 3, 'add': 3}
        """
        return stats(ascend(self), fn)

    def history_fn_frequencies(self) -> dict[str, int]:
        """Return the number of nodes of each operation."""
        return stats(ascend(self), "count")

    def history_flops(self) -> int:
        """Return an estimate of the number of floating-point operations; see `flops`."""
        return sum(map(flops, ascend(self)))

    plot = _plotting("plot_circuit", "Draw the computation as a circuit")
    plot_circuit = _plotting(
        "plot_circuit", "Draw each array as a line from its creation to its last use"
    )
    plot_graph = _plotting("plot_graph", "Draw the nodes of the graph and their edges")
    plot_history_size_footprint = _plotting(
        "plot_history_size_footprint", "Draw the number of elements that exist after each step"
    )
    plot_history_functions = _plotting(
        "plot_history_functions", "Draw the operation of each step and a measure of it"
    )
    plot_history_functions_scatter = _plotting(
        "plot_history_functions", "Draw the steps of each operation as dots", kind="scatter"
    )
    plot_history_functions_lines = _plotting(
        "plot_history_functions", "Draw the steps of each operation as lines", kind="lines"
    )
    plot_history_functions_image = _plotting(
        "plot_history_functions",
        "Draw the steps of each operation as colors",
        kind="image",
    )
    plot_history_stats = _plotting(
        "plot_history_stats", "Draw the sum of a measure over the steps of each operation"
    )
    plot_history_stats_counts = _plotting(
        "plot_history_stats", "Draw the number of steps of each operation", fn="count"
    )
    plot_history_stats_sizein = _plotting(
        "plot_history_stats", "Draw the number of elements that each operation takes", fn="sizein"
    )
