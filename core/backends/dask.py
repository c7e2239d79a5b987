"""Dask: chunked arrays whose graph is computed when asked."""

from __future__ import annotations

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
    def watch(self) -> Iterator[Watch]:
        """Count how often a graph is computed, whatever asked for it."""
        import dask
        from dask.callbacks import Callback

        seen = Watch()

        def count(graph: object) -> None:
            seen.computes += 1

        with dask.config.set(scheduler="synchronous"), Callback(start=count):
            yield seen
