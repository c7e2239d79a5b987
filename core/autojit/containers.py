"""Kinds of Python's own containers and of NumPy's arrays, scalars and dtypes."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from core.autojit.kind import Kind, Leaves, Memo, Tokens, seen

if TYPE_CHECKING:
    from core.autojit.codec import Codec

TUPLE = Kind("TUPLE")
LIST = Kind("LIST")
DICT = Kind("DICT")
MAPPING = Kind("MAPPING")
SET = Kind("SET")
FROZENSET = Kind("FROZENSET")
SLICE = Kind("SLICE")
COMPLEX = Kind("COMPLEX")
METHOD = Kind("METHOD")
ARRAY = Kind("ARRAY")
SCALAR = Kind("SCALAR")
DTYPE = Kind("DTYPE")


def _write_tuple(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    tokens.append(TUPLE)
    tokens.append(len(x))
    codec.write(x, leaves, tokens, memo)


def _read_tuple(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    return tuple([codec.read(stream, leaves, memo) for _ in range(next(stream))])


def _write_list(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    if not seen(x, tokens, memo):
        tokens.append(LIST)
        tokens.append(len(x))
        codec.write(x, leaves, tokens, memo)


def _read_list(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    result: list[Any] = []
    memo.append(result)
    # Not at once: an item may be the list itself.
    result.extend(codec.read(stream, leaves, memo) for _ in range(next(stream)))
    return result


def _write_dict(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    if seen(x, tokens, memo):
        return
    keys = tuple(x)
    for key in keys:
        if type(key) is not str:  # 1, 1.0 and True are one key to a dict, and three to us
            tokens.append(MAPPING)
            tokens.append(len(keys))
            codec.hashed.write(keys, leaves, tokens, memo)
            break
    else:
        tokens.append(DICT)
        tokens.append(keys)
    codec.write(x.values(), leaves, tokens, memo)


def _read_dict(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    result: dict[Any, Any] = {}
    memo.append(result)
    for key in next(stream):
        result[key] = codec.read(stream, leaves, memo)
    return result


def _read_mapping(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    result: dict[Any, Any] = {}
    memo.append(result)
    keys = [codec.read(stream, leaves, memo) for _ in range(next(stream))]
    for key in keys:
        result[key] = codec.read(stream, leaves, memo)
    return result


def _write_set(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    """Write a set as the set of its elements' descriptions: it has no order to rely on.

    Only where arrays are within, which have an order, or objects that other arguments may refer
    to as well, the elements have one too.
    """
    if type(x) is set and seen(x, tokens, memo):
        return
    tokens.append(SET if type(x) is set else FROZENSET)
    described: set[tuple[Any, ...]] = set()
    found_leaves: Leaves = []
    objects: Memo = {}
    for element in x:
        found: Tokens = []
        codec.hashed.write((element,), found_leaves, found, objects)
        described.add(tuple(found))
    if found_leaves or objects:
        tokens.append(len(x))
        codec.hashed.write(x, leaves, tokens, memo)
    else:
        tokens.append(frozenset(described))


def _read_set(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    result: set[Any] = set()
    memo.append(result)
    result.update(_elements(codec, stream, leaves, memo))
    return result


def _read_frozenset(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    return frozenset(_elements(codec, stream, leaves, memo))


def _elements(
    codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any
) -> Iterator[Any]:
    described = next(stream)
    if type(described) is frozenset:
        return (codec.read(iter(element), leaves, memo) for element in described)
    return (codec.read(stream, leaves, memo) for _ in range(described))


def _write_slice(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    tokens.append(SLICE)
    codec.write((x.start, x.stop, x.step), leaves, tokens, memo)


def _read_slice(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    return slice(*(codec.read(stream, leaves, memo) for _ in range(3)))


def _write_complex(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    tokens.append(COMPLEX)
    codec.write((x.real, x.imag), leaves, tokens, memo)


def _read_complex(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    return complex(codec.read(stream, leaves, memo), codec.read(stream, leaves, memo))


def _write_method(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    tokens.append(METHOD)
    codec.write((x.__func__, x.__self__), leaves, tokens, memo)


def _read_method(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    function = codec.read(stream, leaves, memo)
    return types.MethodType(function, codec.read(stream, leaves, memo))


def _write_array(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    if seen(x, tokens, memo):
        return
    tokens += (ARRAY, x.dtype, x.shape, x.flags.fnc)
    if _has_no_bytes(x.dtype):
        codec.write(x.ravel().tolist(), leaves, tokens, memo)
    else:
        tokens.append(x.tobytes())


def _read_array(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    dtype, shape, by_columns = next(stream), next(stream), next(stream)
    result: Any = np.empty(shape, dtype=dtype, order="F" if by_columns else "C")
    memo.append(result)
    if _has_no_bytes(dtype):
        for i in range(result.size):
            result.flat[i] = codec.read(stream, leaves, memo)
    else:
        result[...] = np.frombuffer(next(stream), dtype=dtype).reshape(shape)
    return result


def _write_scalar(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    tokens += (SCALAR, x.dtype)
    if _has_no_bytes(x.dtype):
        codec.write((x.item(),), leaves, tokens, memo)
    else:
        tokens.append(x.tobytes())


def _read_scalar(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    dtype = next(stream)
    if _has_no_bytes(dtype):
        return np.array(codec.read(stream, leaves, memo), dtype=dtype)[()]
    return np.frombuffer(next(stream), dtype=dtype)[0]


def _has_no_bytes(dtype: np.dtype[Any]) -> bool:
    """Say whether the bytes of a number do not tell what it is: those of objects, and none."""
    return dtype.hasobject or dtype.itemsize == 0


def _write_dtype(codec: Codec, x: Any, leaves: Leaves, tokens: Tokens, memo: Memo) -> None:
    tokens += (DTYPE, x)


def _read_dtype(codec: Codec, stream: Iterator[Any], leaves: Iterator[Any], memo: Any) -> Any:
    return next(stream)


for _kind, _write, _read in (
    (TUPLE, _write_tuple, _read_tuple),
    (LIST, _write_list, _read_list),
    (DICT, _write_dict, _read_dict),
    (MAPPING, _write_dict, _read_mapping),
    (SET, _write_set, _read_set),
    (FROZENSET, _write_set, _read_frozenset),
    (SLICE, _write_slice, _read_slice),
    (COMPLEX, _write_complex, _read_complex),
    (METHOD, _write_method, _read_method),
    (ARRAY, _write_array, _read_array),
    (SCALAR, _write_scalar, _read_scalar),
    (DTYPE, _write_dtype, _read_dtype),
):
    _kind.write, _kind.read = _write, _read

BY_TYPE: dict[type, Kind] = {
    tuple: TUPLE,
    list: LIST,
    dict: DICT,
    set: SET,
    frozenset: FROZENSET,
    slice: SLICE,
    complex: COMPLEX,
    types.MethodType: METHOD,
    np.ndarray: ARRAY,
}
