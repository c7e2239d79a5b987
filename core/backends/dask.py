"""Dask: chunked arrays whose graph is computed when asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends.base import Backend, ModeKeyword, Watch


class DaskBackend(Backend):
    """Adapter of Dask's arrays over NumPy."""

    name = "dask"
    title = "Dask"
    module = "dask.array"
    distributions = ("dask",)
    columns = {"cpu": "cpu"}
    modes = ("eager", "lazy")
    mode_keywords = {"lazy": ModeKeyword("allow_dask_compute", works=False)}

    def spec(self) -> object | None:
        # `dask` alone installs without what its arrays need.
        import importlib.util

        return importlib.util.find_spec("dask")

    def namespace(self) -> Any:
        import array_api_compat.dask.array

        return array_api_compat.dask.array

    def owns(self, x: object) -> bool:
        import dask.array

        return isinstance(x, dask.array.Array)

    def from_numpy(self, array: NDArray[Any], device: str) -> Any:
        import dask.array

        if array.dtype.kind not in "biufc":
            raise TypeError(f"Dask arrays of dtype {array.dtype} are not measured")
        return dask.array.from_array(np.array(array, copy=True))

    def to_numpy(self, x: Any) -> NDArray[Any]:
        return np.asarray(x.compute(scheduler="synchronous"))

    def device_of(self, x: Any) -> str:
        return "cpu"

    @contextmanager
    def watch(self, mode: str = "eager") -> Iterator[Watch]:
        """Count how often a graph is computed, whatever asked for it."""
        import dask
        from dask.callbacks import Callback

        seen = Watch()

        def count(graph: object) -> None:
            seen.computes += 1

        with dask.config.set(scheduler="synchronous"), Callback(start=count):
            yield seen

    @contextmanager
    def defaults(self, device: str, dtype: str) -> Iterator[Any]:
        """Yield the namespace, with graphs computed, and counted, in the thread that asks."""
        import dask

        with dask.config.set(scheduler=_counted):
            yield self.namespace()

    @contextmanager
    def computes_limited(self, most: int, message: str) -> Iterator[None]:
        """Let this thread compute `most` graphs inside the context, which is one of `defaults`.

        Graphs computed with a scheduler of their own (``x.compute(scheduler="threads")``) are
        not counted: Dask's callbacks see those too, but take turns among threads.
        """
        before = getattr(_allowed, "left", None)
        _allowed.left, _allowed.message = most, message
        try:
            yield
        finally:
            _allowed.left = before

    def settled(self, result: Any) -> Any:
        """Return `result` with the graphs of its arrays computed, as Dask arrays still."""
        import dask

        return dask.persist(result, scheduler="synchronous")[0]


_allowed = threading.local()
"""How many graphs the thread may compute, if there is a limit, and what to say of more."""


def _counted(graph: Any, keys: Any, **options: Any) -> Any:
    """Compute a graph here and now, unless the thread has computed as many as it may."""
    from dask.local import get_sync

    left = getattr(_allowed, "left", None)
    if left is None:
        return get_sync(graph, keys, **options)
    if left == 0:
        raise AssertionError(_allowed.message)
    _allowed.left = None  # what its tasks compute is part of it
    try:
        return get_sync(graph, keys, **options)
    finally:
        _allowed.left = left - 1
