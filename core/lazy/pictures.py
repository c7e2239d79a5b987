"""The methods of a traced array that draw its graph; matplotlib is imported where it is drawn."""

from __future__ import annotations

from typing import Any


class Pictures:
    """Pictures of the graph that leads to an array; each method returns the figure and its axes.

    Every method takes `ax`, a matplotlib ``Axes`` to draw on, and raises ImportError where
    matplotlib is not installed.
    """

    __slots__ = ()

    def plot(self, **options: Any) -> Any:
        """Draw the computation as a circuit; see `plot_circuit`."""
        return self.plot_circuit(**options)

    def plot_circuit(self, **options: Any) -> Any:
        """Draw each array as a line from where it is made to its last use; see `plot_circuit`."""
        from core.lazy.plot import plot_circuit

        return plot_circuit(self, **options)

    def plot_graph(self, **options: Any) -> Any:
        """Draw the nodes of the graph and their edges; see `plot_graph`."""
        from core.lazy.plot import plot_graph

        return plot_graph(self, **options)

    def plot_history_size_footprint(self, **options: Any) -> Any:
        """Draw how many elements exist at each step; see `plot_history_size_footprint`."""
        from core.lazy.plot_history import plot_history_size_footprint

        return plot_history_size_footprint(self, **options)

    def plot_history_functions(self, **options: Any) -> Any:
        """Draw which operation each step is, and how large; see `plot_history_functions`."""
        from core.lazy.plot_history import plot_history_functions

        return plot_history_functions(self, **options)

    def plot_history_functions_scatter(self, **options: Any) -> Any:
        """Draw the steps of each operation as dots."""
        return self.plot_history_functions(kind="scatter", **options)

    def plot_history_functions_lines(self, **options: Any) -> Any:
        """Draw the steps of each operation as lines."""
        return self.plot_history_functions(kind="lines", **options)

    def plot_history_functions_image(self, **options: Any) -> Any:
        """Draw the steps of each operation as a row of colours."""
        return self.plot_history_functions(kind="image", **options)

    def plot_history_stats(self, **options: Any) -> Any:
        """Draw how operations share in a statistic; see `plot_history_stats`."""
        from core.lazy.plot_history import plot_history_stats

        return plot_history_stats(self, **options)

    def plot_history_stats_counts(self, **options: Any) -> Any:
        """Draw how often each operation is done."""
        return self.plot_history_stats(fn="count", **options)

    def plot_history_stats_sizein(self, **options: Any) -> Any:
        """Draw how many elements each operation takes."""
        return self.plot_history_stats(fn="sizein", **options)
