"""Dask: the call becomes one task, or with a signature one task for each block of the loops."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import getitem
from typing import Any

import array_api_compat
import array_api_compat.numpy
import dask.array as da
import numpy as np
from dask.array.core import concatenate3
from dask.array.utils import meta_from_array
from dask.base import is_dask_collection
from dask.delayed import delayed
from dask.highlevelgraph import HighLevelGraph
from dask.tokenize import tokenize

from core.lazy_apply.call import Call, Shape, function_name, is_scalar
from core.lazy_apply.dispatch import PASS
from core.lazy_apply.host import Host
from core.lazy_apply.outputs import resolve


def eager(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    as_numpy: bool,
    several: int,
) -> Any:
    """Do nothing now: there is always a graph."""
    return PASS


def lazy(call: Call) -> Any:
    """Make the call a part of the graph."""
    outputs = resolve(call, lambda: _promoted(call))
    outputs = replace(outputs, dtypes=tuple(map(np.dtype, outputs.dtypes)))
    later = _later(call)
    known = {name: x for name, x in call.kwargs.items() if name not in later}
    bare = replace(call, kwargs=known)
    host, operands = Host.of(bare, outputs, lambda x: isinstance(x, da.Array))
    name = f"{call.name}-{_token(call, host, operands)}"
    arrange = _gathered if call.signature is None else _distributed
    return outputs.wrap(arrange(name, Task(host, tuple(later)), operands, list(later.values())))


def _later(call: Call) -> dict[str, Any]:
    """Return the named arguments that Dask has yet to compute and that are no arrays."""
    named = call.kwargs.items()
    return {name: delayed(x) for name, x in named if not isinstance(x, da.Array) and _waits(x)}


def _waits(x: Any) -> bool:
    """Say whether `x` is or holds something that Dask has yet to compute."""
    try:
        return _holds_collections(x)
    except RecursionError:  # it holds itself
        return False


def _holds_collections(x: Any) -> bool:
    """Look where Dask would, but not into iterators, which that would exhaust."""
    if type(x) in _PLAIN:
        return False
    if isinstance(x, list | tuple | set | frozenset):
        return any(map(_holds_collections, x))
    if isinstance(x, dict):
        return any(_holds_collections(one) for pair in x.items() for one in pair)
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return any(map(_holds_collections, vars(x).values() if hasattr(x, "__dict__") else ()))
    return bool(is_dask_collection(x))


_PLAIN = frozenset((bool, int, float, complex, str, bytes, type(None), np.ndarray))


def _promoted(call: Call) -> np.dtype[Any]:
    return np.result_type(*(x if is_scalar(x) else x.dtype for x in call.args if x is not None))


def _token(call: Call, host: Host, operands: Sequence[Any]) -> str:
    """Return what is the same for the same function, arguments and announcements alone."""
    names = {slot: x.name for slot, x in zip(host.slots, operands, strict=True)}
    outputs = host.outputs
    token: str = tokenize(
        call.func,
        call.filled(names),
        host.slots,
        (outputs.shapes, [dtype.str for dtype in outputs.dtypes], outputs.multiple),
        call.as_numpy,
        None if call.signature is None else call.signature.text,
    )
    return token


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker runs: blocks in, the results of the function out."""

    host: Host
    later: tuple[str, ...] = ()
    """The names of arguments that are computed before the task and come after the blocks."""

    def __call__(self, *given: Any) -> list[Any]:
        """Call the function with arrays made of blocks, which may be nested lists of them.

        Raises
        ------
        Exception
            What the function raises, with a note that names it.
        """
        call = self.host.call
        blocks = given[: len(self.host.slots)]
        later = dict(zip(self.later, given[len(blocks) :], strict=True))
        xp = array_api_compat.array_namespace(_first(blocks))
        operands = [_joined(block) for block in blocks]
        try:
            if not call.as_numpy:
                return self._host(operands, later)(operands, xp)
            device = array_api_compat.device(operands[0])
            operands = [np.asarray(x) for x in operands]
            results = self._host(operands, later)(operands, array_api_compat.numpy)
            return [xp.asarray(x, device=device) for x in results]
        except Exception as error:
            error.add_note(f"in lazy_apply of {function_name(call.func)}")
            raise

    def _host(self, operands: Sequence[Any], later: Mapping[str, Any]) -> Host:
        """Return the host that announces the shapes for these operands' part of the loops."""
        host, signature = self.host, self.host.call.signature
        if later:
            host = replace(host, call=replace(host.call, kwargs={**host.call.kwargs, **later}))
        if signature is None:
            return host
        loop, _ = signature.check([tuple(x.shape) for x in operands[: len(signature.inputs)]])
        shapes = tuple(
            loop + _core(shape, names)
            for shape, names in zip(host.outputs.shapes, signature.outputs, strict=True)
        )
        return replace(host, outputs=replace(host.outputs, shapes=shapes))


def _first(blocks: Any) -> Any:
    while isinstance(blocks, (list, tuple)):
        blocks = blocks[0]
    return blocks


def _joined(blocks: Any) -> Any:
    """Return the one array that nested lists of blocks are, as Dask puts it together."""
    single = blocks
    while isinstance(single, list) and len(single) == 1:
        single = single[0]
    found = concatenate3(blocks) if isinstance(single, list) else single
    return np.asarray(found) if isinstance(found, np.generic) else found


def _gathered(name: str, task: Task, operands: Sequence[Any], later: Sequence[Any]) -> list[Any]:
    """Return the results of one task that has the whole of every operand."""
    keys = (x.__dask_keys__() for x in operands)
    layer = {name: (task, *keys, *(x.key for x in later))}
    graph = HighLevelGraph.from_collections(name, layer, dependencies=[*operands, *later])
    outputs = task.host.outputs
    return [
        _picked(graph, name, i, {(): name}, tuple(_chunk(n) for n in shape), dtype, operands)
        for i, (shape, dtype) in enumerate(zip(outputs.shapes, outputs.dtypes, strict=True))
    ]


def _distributed(name: str, task: Task, operands: Sequence[Any], later: Sequence[Any]) -> list[Any]:
    """Return the results of one task for each block along the loop dimensions.

    The core dimensions of each operand have indices of their own, so that Dask hands all of
    their blocks, joined, to every task.
    """
    signature, outputs = task.host.call.signature, task.host.outputs
    assert signature is not None
    count = len(outputs.shapes[0]) - len(signature.outputs[0])
    pairs: list[Any] = []
    unused = itertools.count(count)
    for i, x in enumerate(operands):
        inner = len(signature.inputs[i]) if i < len(signature.inputs) else x.ndim
        outer = x.ndim - inner
        pairs += [x, (*range(count - outer, count), *itertools.islice(unused, inner))]
    for value in later:
        pairs += [value, None]
    calls = da.blockwise(
        task,
        tuple(range(count)),
        *pairs,
        name=name,
        concatenate=True,
        meta=meta_from_array(operands[0]._meta, count, dtype=outputs.dtypes[0]),
    )
    keys = {key[1:]: key for key in _flat(calls.__dask_keys__())}
    return [
        _picked(
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


def _picked(
    graph: Any,
    name: str,
    i: int,
    keys: Mapping[tuple[int, ...], Any],
    chunks: tuple[Any, ...],
    dtype: np.dtype[Any],
    operands: Sequence[Any],
) -> Any:
    """Return result `i` of the tasks at `keys`, which have their places along the loops."""
    own = f"{name}-{i}"
    layer = {
        (own, *place, *(0,) * (len(chunks) - len(place))): (getitem, key, i)
        for place, key in keys.items()
    }
    layers = {**graph.layers, own: layer}
    whole = HighLevelGraph(layers, {**graph.dependencies, own: {name}})
    meta = meta_from_array(operands[0]._meta, len(chunks), dtype=dtype)
    return da.Array(whole, own, chunks, meta=meta)


def _chunk(length: int | None) -> tuple[float, ...]:
    return (math.nan if length is None else length,)


def _core(shape: Shape, names: tuple[str, ...]) -> Shape:
    return shape[len(shape) - len(names) :]


def _flat(keys: Any) -> list[Any]:
    if not isinstance(keys, list):
        return [keys]
    return [key for part in keys for key in _flat(part)]
