"""Dask: chunked arrays whose graph is computed when asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.backends.base import Backend, Watch


class DaskBackend(Backend):
    """Adapter of Dask's arrays over NumPy."""

    name = "dask"
    title = "Dask"
    module = "dask.array"
    distributions = ("dask",)
    columns = {"cpu": "cpu"}
    modes = ("eager", "lazy")

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
        """Yield the namespace, with graphs computed in the thread that asks for it."""
        import dask

        with dask.config.set(scheduler="synchronous"):
            yield self.namespace()

    @contextmanager
    def computes_limited(self, most: int, message: str) -> Iterator[None]:
        """Let this thread compute `most` graphs inside the context."""
        from dask.callbacks import Callback

        thread, seen = threading.get_ident(), 0

        def count(graph: object) -> None:
            nonlocal seen
            if threading.get_ident() == thread:  # callbacks are those of all threads
                seen += 1
                if seen > most:
                    raise AssertionError(message)

        with Callback(start=count):
            yield

    def settled(self, result: Any) -> Any:
        """Return `result` with the graphs of its arrays computed, as Dask arrays still."""
        import dask

        return dask.persist(result, scheduler="synchronous")[0]
