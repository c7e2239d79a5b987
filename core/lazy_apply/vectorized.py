"""A function of core dimensions, called once for each element of the loop dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import array_api_compat
import numpy as np

from core.lazy_apply.call import function_name, is_scalar
from core.lazy_apply.signature import Signature
from core.typing import Array, Namespace


class VectorizedFunction:
    """A function of the core dimensions of a signature, made to accept loop dimensions too."""

    def __init__(self, func: Callable[..., Any], signature: Signature) -> None:
        self.func = func
        self.signature = signature
        self.__name__ = function_name(func)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return (self.func, self.signature.text)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arrays = [i for i, arg in enumerate(args) if not is_scalar(arg)]
        loop_shape, _ = self.signature.check([args[i].shape for i in arrays])
        loop = tuple(int(length or 0) for length in loop_shape)
        xp = array_api_compat.array_namespace(*(args[i] for i in arrays))
        if math.prod(loop) == 0:
            return self._empty_results([args[i] for i in arrays], xp)
        broadcast = list(args)
        for i, names in zip(arrays, self.signature.inputs, strict=True):
            core = args[i].shape[args[i].ndim - len(names) :]
            broadcast[i] = xp.broadcast_to(args[i], (*loop, *core))
        columns: list[list[Array]] = [[] for _ in self.signature.outputs]
        for index in np.ndindex(*loop):
            element = [x[(*index, ...)] if i in arrays else x for i, x in enumerate(broadcast)]
            result = self.func(*element, **kwargs)
            for column, one in zip(
                columns, result if self.signature.multiple else (result,), strict=True
            ):
                column.append(xp.asarray(one))
        stacked = [xp.stack(column) for column in columns]
        results = tuple(xp.reshape(x, (*loop, *x.shape[1:])) for x in stacked)
        return results if self.signature.multiple else results[0]

    def _empty_results(self, arrays: list[Array], xp: Namespace) -> Any:
        """Return empty results; the function is not called, so their dtype is a guess."""
        dtype = xp.result_type(*arrays)
        shapes = self.signature.results([x.shape for x in arrays])
        results = tuple(xp.zeros(shape, dtype=dtype) for shape in shapes)
        return results if self.signature.multiple else results[0]
