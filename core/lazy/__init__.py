"""Traced lazy arrays that conform to the array API standard.

Operations on a `LazyArray` are recorded in a graph, which can be shown, drawn, measured, and
computed with any array library. `core.trace` returns the graph of a function call. This module
has the functions of the standard for arrays of any library; `namespace` returns those of one.

`tracing` traces functions, `array` is the traced array, and `standard` has its functions. `graph`
has the nodes, `execution` computes and compiles graphs, and `display` shows them.
"""

from importlib import import_module
from typing import Any

from core.lazy.array import LazyArray, Variable
from core.lazy.display.statistics import flops
from core.lazy.display.text import to_graphviz, to_mermaid, to_nx_digraph, tree_text
from core.lazy.errors import DataDependentError, data_dependent_errors
from core.lazy.execution.compute import compute, compute_constants
from core.lazy.execution.function import Function, get_function, get_source
from core.lazy.graph.node import ascend, descend
from core.lazy.graph.sharing import shared_intermediates
from core.lazy.indexing import boolean_indexing
from core.lazy.namespace import EXTRAS as _EXTRAS
from core.lazy.namespace import Namespace, namespace
from core.lazy.numpy_protocols import NUMPY_NAMES
from core.lazy.standard import fft, linalg
from core.lazy.standard.extras import array
from core.lazy.tracing import Trace

# Names in NumPy and autoray of functions that have another name in the standard.
_ALIASES = {
    **{name: found for name, found in NUMPY_NAMES.items() if name.startswith(("arc", "concat"))},
    "floordivide": "floor_divide",
    "truedivide": "divide",
}
_HIDDEN = frozenset(("__array_api_version__", "__name__", "backend"))
_PLOTS = frozenset(
    f"plot_{name}"
    for name in ("circuit", "graph", "history_functions", "history_size_footprint", "history_stats")
)
__all__ = [
    "DataDependentError",
    "Function",
    "LazyArray",
    "Namespace",
    "Trace",
    "Variable",
    "array",
    "ascend",
    "boolean_indexing",
    "compute",
    "compute_constants",
    "data_dependent_errors",
    "descend",
    "fft",
    "flops",
    "get_function",
    "get_source",
    "linalg",
    "namespace",
    "shared_intermediates",
    "to_graphviz",
    "to_mermaid",
    "to_nx_digraph",
    "tree_text",
]


def __getattr__(name: str) -> Any:
    """Return a function, dtype or constant of the namespace for any library, or an alias."""
    if name in _PLOTS:
        return getattr(import_module("core.lazy.display.plots"), name)
    found = _EXTRAS.get(name)
    if found is not None:
        return found
    own = vars(namespace())
    try:
        if name in _HIDDEN:
            raise KeyError(name)
        return own[_ALIASES.get(name, name)]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    own = vars(namespace()).keys() - _HIDDEN
    extras = [name for name in _EXTRAS if "." not in name]
    return sorted({*__all__, *own, *extras, *_ALIASES, *_PLOTS})
