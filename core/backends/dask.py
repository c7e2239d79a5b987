"""Dask: chunked arrays whose graph is computed on request."""

from __future__ import annotations

import copy
import functools
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends.base import Backend, ModeKeyword, Watch
from core.backends.promotion import NUMPY_LOOPS, NUMPY_RESULTS, Promotion
from core.typing import Array, Namespace


class DaskBackend(Backend):
    """Adapter of Dask's arrays over NumPy."""

    name = "dask"
    title = "Dask"
    module = "dask.array"
    distributions = ("dask",)
    imports = ("distributed",)
    array_types = ("dask.array:Array",)
    lazy_apply = "core.lazy_apply.dask:DaskImplementation"
    columns = {"cpu": "cpu"}
    modes = ("eager", "lazy")
    mode_keywords = {"lazy": ModeKeyword("allow_dask_compute", works=False)}
    promotion = Promotion(
        elementary_floats=NUMPY_LOOPS,
        results={**NUMPY_RESULTS, "round": {}},
        immutable=True,
    )

    def spec(self) -> object | None:
        # `dask` can be installed without what its arrays need.
        import importlib.util

        return importlib.util.find_spec("dask")

    def namespace(self) -> Namespace:
        import array_api_compat.dask.array

        return array_api_compat.dask.array

    @functools.cache  # noqa: B019  # there is one adapter
    def standard_namespace(self) -> Namespace:
        xp = self.namespace()
        corrected, linalg = ModuleType(xp.__name__), ModuleType(xp.linalg.__name__)
        vars(linalg).update(vars(xp.linalg), cholesky=_cholesky)
        vars(corrected).update(vars(xp), linalg=linalg)
        return corrected

    def from_numpy(self, array: NDArray[Any], device: str) -> Array:
        import dask.array

        if array.dtype.kind not in "biufc":
            raise TypeError(f"Dask arrays of dtype {array.dtype} are not measured")
        return dask.array.from_array(np.array(array, copy=True))

    def to_numpy(self, x: Array) -> NDArray[Any]:
        return np.asarray(x.compute(scheduler="synchronous"))

    def device_of(self, x: Array) -> str:
        return "cpu"

    @contextmanager
    def watch(self, mode: str = "eager") -> Iterator[Watch]:
        """Count how often a graph is computed, whichever code computes it."""
        import dask
        from dask.callbacks import Callback

        seen = Watch()

        def count(graph: object) -> None:
            seen.computes += 1

        with dask.config.set(scheduler="synchronous"), Callback(start=count):
            yield seen

    @contextmanager
    def defaults(self, device: str, dtype: str) -> Iterator[Namespace]:
        """Yield the namespace; graphs are computed, and counted, in the calling thread."""
        with self.computes_counted():
            yield self.namespace()

    def computes_counted(self) -> AbstractContextManager[Any]:
        import dask

        context: AbstractContextManager[Any] = dask.config.set(scheduler=_counted)
        return context

    @contextmanager
    def computes_limited(self, most: int, name: str) -> Iterator[None]:
        """Allow this thread to compute `most` graphs inside the context.

        Graphs with an explicit scheduler, as in ``x.compute(scheduler="threads")``, are not
        counted: Dask's callbacks see those too, but are shared by all threads.
        """
        before = getattr(_allowed, "left", None)
        allowed = f"only up to {most}" if most else "no"
        _allowed.left = most
        _allowed.message = (
            f"{name} computes a graph: it called dask.compute() or dask.persist() {most + 1} "
            f"times, but {allowed} calls are allowed. Keep it lazy, or tag it with "
            f"allow_dask_compute={most + 1}"
        )
        try:
            yield
        finally:
            _allowed.left = before

    def settings(self) -> Mapping[str, Any]:
        import dask

        return copy.deepcopy(dask.config.config)

    def restore_settings(self, settings: Mapping[str, Any]) -> None:
        import dask

        dask.config.config.clear()
        dask.config.config.update(copy.deepcopy(dict(settings)))

    def settled(self, result: Any) -> Any:
        """Compute the graphs of the arrays in `result`, which remain Dask arrays, and return it.

        Iterators, which a search would exhaust, are left alone.
        """
        import dask

        arrays = self._arrays_in(result)
        computed = dask.persist(*arrays, scheduler="synchronous") if arrays else ()
        for x, one in zip(arrays, computed, strict=True):
            # The same keys with values: containers need not be rebuilt, which could not be done for
            # all of them.
            x.dask = one.dask
        return result

    def _arrays_in(self, result: Any) -> list[Array]:
        """Return the arrays in containers and objects, which may contain themselves."""
        arrays: list[Array] = []
        visited: dict[int, Any] = {}  # keeps values alive, so that no id is used twice
        pending = [result]
        while pending:
            x = pending.pop()
            if id(x) in visited or isinstance(x, type | ModuleType | np.ndarray):
                continue
            visited[id(x)] = x
            if self.owns(x):
                arrays.append(x)
                continue
            if isinstance(x, Mapping):
                pending += [*x.keys(), *x.values()]
            elif isinstance(x, list | tuple | set | frozenset | deque):
                pending += x
            if not callable(x):
                pending += getattr(x, "__dict__", {}).values()
            for cls in type(x).__mro__:
                slots = vars(cls).get("__slots__", ())
                names = (slots,) if isinstance(slots, str) else slots
                pending += [getattr(x, name, None) for name in names if name[:2] != "__"]
        return arrays


def _cholesky(x: Array, /, *, upper: bool = False) -> Array:
    """Return Cholesky factors; Dask's function takes one matrix, and returns the upper factor."""
    import dask.array as da

    if x.ndim == 2:
        factor = da.linalg.cholesky(x, lower=True)
    else:
        dtype = np.linalg.cholesky(np.eye(1, dtype=x.dtype)).dtype
        whole = x.rechunk({x.ndim - 2: -1, x.ndim - 1: -1})
        factor = whole.map_blocks(np.linalg.cholesky, dtype=dtype)
    return da.conj(da.swapaxes(factor, -1, -2)) if upper else factor


_allowed = threading.local()
"""How many graphs the thread may compute, if there is a limit, and the message for more."""


def _counted(graph: Any, keys: Any, **options: Any) -> Any:
    """Compute a graph in this thread, unless the thread has reached its limit."""
    from dask.local import get_sync

    left = getattr(_allowed, "left", None)
    if left is None:
        return get_sync(graph, keys, **options)
    if left == 0:
        raise AssertionError(_allowed.message)
    _allowed.left = None  # graphs that its tasks compute do not count again
    try:
        return get_sync(graph, keys, **options)
    finally:
        _allowed.left = left - 1
