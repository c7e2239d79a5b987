"""Dask: a call becomes one task, or one task per block of the loop dimensions of a signature."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import getitem
from typing import Any

import array_api_compat
import array_api_compat.numpy
import dask.array as da
import numpy as np
from dask.base import is_dask_collection
from dask.delayed import delayed
from dask.highlevelgraph import HighLevelGraph
from dask.tokenize import tokenize

from core._private.dask import concatenate_blocks, empty_like
from core.lazy_apply.bound_call import BoundCall
from core.lazy_apply.call import Call, Shape, add_name_note, is_scalar
from core.lazy_apply.implementation import Implementation
from core.lazy_apply.numpy import plain_array
from core.lazy_apply.outputs import resolve
from core.typing import Array


class DaskImplementation(Implementation):
    """`lazy_apply` on Dask, where a call always becomes part of the graph."""

    @staticmethod
    def is_traced() -> bool:
        return True

    def lazy(self, call: Call) -> Any:
        """Add the call to the graph of its arrays."""
        outputs = resolve(call, lambda: _result_type(call))
        outputs = replace(outputs, dtypes=tuple(map(np.dtype, outputs.dtypes)))
        delayed_kwargs = _delayed_kwargs(call)
        kwargs = {name: x for name, x in call.kwargs.items() if name not in delayed_kwargs}
        bound, operands = BoundCall.of(
            replace(call, kwargs=kwargs), outputs, lambda x: isinstance(x, da.Array)
        )
        name = f"{call.name}-{_token(call, bound, operands)}"
        task = Task(bound, tuple(delayed_kwargs))
        apply = _apply_to_whole if call.signature is None else _apply_to_blocks
        return outputs.wrap(apply(name, task, operands, list(delayed_kwargs.values())))


def _delayed_kwargs(call: Call) -> dict[str, Any]:
    """Return the named arguments, other than arrays, that contain Dask collections; delayed."""
    return {
        name: delayed(x)
        for name, x in call.kwargs.items()
        if not isinstance(x, da.Array) and _contains_collections(x)
    }


def _contains_collections(x: Any) -> bool:
    """Return whether `x` is or contains a Dask collection."""
    try:
        return _search_collections(x)
    except RecursionError:  # a container that contains itself
        return False


def _search_collections(x: Any) -> bool:
    """Search where Dask would, but not in iterators, which that would exhaust."""
    if type(x) in _WITHOUT_COLLECTIONS:
        return False
    if isinstance(x, list | tuple | set | frozenset):
        return any(map(_search_collections, x))
    if isinstance(x, dict):
        return any(_search_collections(one) for pair in x.items() for one in pair)
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return any(map(_search_collections, vars(x).values() if hasattr(x, "__dict__") else ()))
    return bool(is_dask_collection(x))


_WITHOUT_COLLECTIONS = frozenset((bool, int, float, complex, str, bytes, type(None), np.ndarray))


def _result_type(call: Call) -> np.dtype[Any]:
    return np.result_type(*(x if is_scalar(x) else x.dtype for x in call.args if x is not None))


def _token(call: Call, bound: BoundCall, operands: Sequence[Array]) -> str:
    """Return a token that identifies the function, its arguments and the declared results."""
    names = {slot: x.name for slot, x in zip(bound.slots, operands, strict=True)}
    outputs = bound.outputs
    token: str = tokenize(
        call.func,
        call.arguments_with(names),
        bound.slots,
        (outputs.shapes, [dtype.str for dtype in outputs.dtypes], outputs.multiple),
        call.as_numpy,
        None if call.signature is None else call.signature.text,
    )
    return token


@dataclass(frozen=True, slots=True)
class Task:
    """The function that a worker calls with blocks, and that returns the results of a call."""

    bound: BoundCall
    delayed_names: tuple[str, ...] = ()
    """The names of arguments that Dask computes before the task; they follow the blocks."""

    def __call__(self, *arguments: Any) -> list[Array]:
        """Call the function with arrays made of blocks, which may be nested lists of them.

        Raises
        ------
        Exception
            Any exception of the function, with a note that names it.
        """
        call = self.bound.call
        blocks = arguments[: len(self.bound.slots)]
        kwargs = dict(zip(self.delayed_names, arguments[len(blocks) :], strict=True))
        xp = array_api_compat.array_namespace(_first_block(blocks))
        operands = [_joined(block) for block in blocks]
        try:
            if not call.as_numpy:
                return self._bound_to(operands, kwargs)(operands, xp)
            device = array_api_compat.device(operands[0])
            operands = [np.asarray(plain_array(x)) for x in operands]
            results = self._bound_to(operands, kwargs)(operands, array_api_compat.numpy)
            return [xp.asarray(x, device=device) for x in results]
        except Exception as error:
            add_name_note(error, call.func)
            raise

    def _bound_to(self, operands: Sequence[Array], kwargs: Mapping[str, Any]) -> BoundCall:
        """Return the bound call with `kwargs`, and with the shapes of results of these operands."""
        bound, signature = self.bound, self.bound.call.signature
        if kwargs:
            all_kwargs = {**bound.call.kwargs, **kwargs}
            bound = replace(bound, call=replace(bound.call, kwargs=all_kwargs))
        if signature is None:
            return bound
        loop, _ = signature.check([tuple(x.shape) for x in operands[: len(signature.inputs)]])
        shapes = tuple(
            loop + _core(shape, names)
            for shape, names in zip(bound.outputs.shapes, signature.outputs, strict=True)
        )
        return replace(bound, outputs=replace(bound.outputs, shapes=shapes))


def _first_block(blocks: Any) -> Any:
    while isinstance(blocks, (list, tuple)):
        blocks = blocks[0]
    return blocks


def _joined(blocks: Any) -> Any:
    """Return the array that a block or nested lists of blocks make up."""
    single = blocks
    while isinstance(single, list) and len(single) == 1:
        single = single[0]
    joined = concatenate_blocks(blocks) if isinstance(single, list) else single
    return np.asarray(joined) if isinstance(joined, np.generic) else joined


def _apply_to_whole(
    name: str, task: Task, operands: Sequence[Array], kwargs: Sequence[Any]
) -> list[Array]:
    """Return the results of a single task that gets all blocks of every operand."""
    keys = (x.__dask_keys__() for x in operands)
    layer = {name: (task, *keys, *(x.key for x in kwargs))}
    graph = HighLevelGraph.from_collections(name, layer, dependencies=[*operands, *kwargs])
    outputs = task.bound.outputs
    return [
        _select_result(graph, name, i, {(): name}, tuple(_chunk(n) for n in shape), dtype, operands)
        for i, (shape, dtype) in enumerate(zip(outputs.shapes, outputs.dtypes, strict=True))
    ]


def _apply_to_blocks(
    name: str, task: Task, operands: Sequence[Array], kwargs: Sequence[Any]
) -> list[Array]:
    """Return the results of one task per block along the loop dimensions.

    The core dimensions of each operand have separate indices, so that Dask passes all of their
    blocks, concatenated, to every task.
    """
    signature, outputs = task.bound.call.signature, task.bound.outputs
    assert signature is not None
    count = len(outputs.shapes[0]) - len(signature.outputs[0])
    pairs: list[Any] = []
    unused = itertools.count(count)
    for i, x in enumerate(operands):
        inner = len(signature.inputs[i]) if i < len(signature.inputs) else x.ndim
        outer = x.ndim - inner
        pairs += [x, (*range(count - outer, count), *itertools.islice(unused, inner))]
    for value in kwargs:
        pairs += [value, None]
    calls = da.blockwise(
        task,
        tuple(range(count)),
        *pairs,
        name=name,
        concatenate=True,
        meta=empty_like(operands[0], count, dtype=outputs.dtypes[0]),
    )
    keys = {key[1:]: key for key in _flat(calls.__dask_keys__())}
    return [
        _select_result(
            calls.dask,
            name,
            i,
            keys,
            calls.chunks + tuple(_chunk(n) for n in _core(shape, names)),
            dtype,
            operands,
        )
        for i, (shape, dtype, names) in enumerate(
            zip(outputs.shapes, outputs.dtypes, signature.outputs, strict=True)
        )
    ]


def _select_result(
    graph: Any,
    name: str,
    i: int,
    keys: Mapping[tuple[int, ...], Any],
    chunks: tuple[Any, ...],
    dtype: np.dtype[Any],
    operands: Sequence[Array],
) -> Any:
    """Return result `i` of the tasks at `keys`, given by their block indices along the loops."""
    own = f"{name}-{i}"
    layer = {
        (own, *block, *(0,) * (len(chunks) - len(block))): (getitem, key, i)
        for block, key in keys.items()
    }
    layers = {**graph.layers, own: layer}
    whole = HighLevelGraph(layers, {**graph.dependencies, own: {name}})
    meta = empty_like(operands[0], len(chunks), dtype=dtype)
    return da.Array(whole, own, chunks, meta=meta)


def _chunk(length: int | None) -> tuple[float, ...]:
    return (math.nan if length is None else length,)


def _core(shape: Shape, names: tuple[str, ...]) -> Shape:
    return shape[len(shape) - len(names) :]


def _flat(keys: Any) -> list[Any]:
    if not isinstance(keys, list):
        return [keys]
    return [key for part in keys for key in _flat(part)]
