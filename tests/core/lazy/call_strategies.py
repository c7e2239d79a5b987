"""Random arguments for calls of functions of the standard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

Call = tuple[tuple[Any, ...], dict[str, Any]]
Draw = Callable[[st.SearchStrategy[Any]], Any]

FLOATS, COMPLEX = ("float32", "float64"), ("complex64", "complex128")
SIGNED = ("int8", "int16", "int32", "int64")
# Some libraries have no wider unsigned integers.
INTEGERS = (*SIGNED, "uint8")
REAL = (*INTEGERS, *FLOATS)
NUMERIC = (*REAL, *COMPLEX)
ALL = ("bool", *NUMERIC)
FLOATING = (*FLOATS, *COMPLEX)


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0) -> Any:
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=4) | (
        st.just(()) if min_dims == 0 else st.nothing()
    )


def fill(draw: Draw, shape: tuple[int, ...], dtype: str, low: float = 0.1, high: float = 3) -> Any:
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    kind = np.dtype(dtype).kind
    if kind == "b":
        return np.asarray(rng.random(shape) > 0.5)
    if kind in "iu":
        return np.asarray(rng.integers(1, 6, shape), dtype=dtype)
    values = rng.uniform(low, high, shape)
    if kind == "c":
        values = values + 1j * rng.uniform(low, high, shape)
    return np.asarray(values).astype(dtype)


def array(draw: Draw, dtypes: tuple[str, ...], shape: Any = None, **limits: float) -> Any:
    shape = draw(shapes()) if shape is None else shape
    return fill(draw, shape, draw(st.sampled_from(dtypes)), **limits)


def broadcastable(draw: Draw, count: int) -> tuple[tuple[int, ...], ...]:
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=count, max_dims=3, max_side=4))
    return drawn.input_shapes


def unary(dtypes: tuple[str, ...], low: float = 0.1, high: float = 3) -> Callable[[Draw], Call]:
    return lambda draw: ((array(draw, dtypes, low=low, high=high),), {})


def binary(dtypes: tuple[str, ...], mixed: bool = True) -> Callable[[Draw], Call]:
    def call(draw: Draw) -> Call:
        first, second = broadcastable(draw, 2)
        dtype = draw(st.sampled_from(dtypes))
        same_kind = [one for one in dtypes if family(one) == family(dtype)] if mixed else [dtype]
        other = draw(st.sampled_from(same_kind))
        if "bool" in (dtype, other):
            other = dtype
        x1, x2 = fill(draw, first, dtype), fill(draw, second, other)
        scalar = draw(st.sampled_from(["", "", "right", "left"]))
        if scalar and dtype != "bool":
            number = {"i": 2, "u": 2, "f": 1.5, "c": 1.5}[np.dtype(dtype).kind]
            return ((x1, number) if scalar == "right" else (number, x1)), {}
        return (x1, x2), {}

    return call


def family(dtype: str) -> str:
    kind = np.dtype(dtype).kind
    return {"b": "bool", "i": "int", "u": "int"}.get(kind, "float")


def axis_of(draw: Draw, ndim: int, several: bool = True) -> Any:
    if ndim == 0:
        return None
    one = st.integers(-ndim, ndim - 1)
    many = st.lists(st.integers(0, ndim - 1), min_size=1, max_size=ndim, unique=True).map(tuple)
    return draw((st.none() | one | many) if several else one)


def reduction(dtypes: tuple[str, ...], several: bool = True) -> Callable[[Draw], Call]:
    def call(draw: Draw) -> Call:
        x = array(draw, dtypes, draw(shapes(min_side=1)))
        kwargs = {"axis": axis_of(draw, x.ndim, several), "keepdims": draw(st.booleans())}
        return (x,), kwargs

    return call


def spread(draw: Draw) -> Call:
    x = array(draw, FLOATS, draw(shapes(min_dims=1, min_side=2)))
    kwargs = {"axis": axis_of(draw, x.ndim), "keepdims": draw(st.booleans())}
    return (x,), {**kwargs, "correction": draw(st.sampled_from([0.0, 1.0]))}


def along(dtypes: tuple[str, ...], **options: st.SearchStrategy[Any]) -> Callable[[Draw], Call]:
    def call(draw: Draw) -> Call:
        x = array(draw, dtypes, draw(shapes(min_dims=1, min_side=1)))
        kwargs = {name: draw(option) for name, option in options.items()}
        return (x,), {"axis": axis_of(draw, x.ndim, several=False), **kwargs}

    return call


def matrices(
    dtypes: tuple[str, ...], square: bool = False, **options: st.SearchStrategy[Any]
) -> Callable[[Draw], Call]:
    def call(draw: Draw) -> Call:
        batch = draw(shapes(max_dims=1, min_side=1))
        m, n = draw(st.integers(1, 4)), draw(st.integers(1, 4))
        x = array(draw, dtypes, (*batch, m, m if square else n))
        if square:  # symmetric and positive definite, as some functions require
            x = x + np.conj(np.swapaxes(x, -1, -2)) + 20 * np.eye(m, dtype=x.dtype)
        return (x.astype(x.dtype),), {name: draw(option) for name, option in options.items()}

    return call


def solve(draw: Draw) -> Call:
    (a,), _ = matrices(FLOATS, square=True)(draw)
    n = a.shape[-1]
    shape = (
        draw(st.sampled_from([(n,), (n, 2), (3, n, 2)])) if a.ndim == 2 else (*a.shape[:-2], n, 2)
    )
    return (a, fill(draw, shape, str(a.dtype))), {}


def matmul(draw: Draw) -> Call:
    m, k, n = (draw(st.integers(1, 4)) for _ in range(3))
    dtype = draw(st.sampled_from(FLOATING))
    first = draw(st.sampled_from([(k,), (m, k), (2, m, k), (1, m, k)]))
    second = draw(st.sampled_from([(k,), (k, n), (2, k, n)]))
    return (fill(draw, first, dtype), fill(draw, second, dtype)), {}


def tensordot(draw: Draw) -> Call:
    x1, x2 = fill(draw, (2, 3, 4), "float64"), fill(draw, (3, 4, 2), "float64")
    return (x1, x2), {"axes": draw(st.sampled_from([2, 0, ((1,), (0,)), ((0, 2), (2, 1))]))}


def vecdot(draw: Draw) -> Call:
    n, dtype = draw(st.integers(1, 4)), draw(st.sampled_from(FLOATING))
    first, second = draw(st.sampled_from([((n,), (n,)), ((2, n), (n,)), ((3, 1, n), (2, n))]))
    return (fill(draw, first, dtype), fill(draw, second, dtype)), {}


def vectors(*lengths: int) -> Callable[[Draw], Call]:
    def call(draw: Draw) -> Call:
        dtype = draw(st.sampled_from(FLOATS))
        return tuple(fill(draw, (length,), dtype) for length in lengths), {}

    return call


def same_shape_arrays(draw: Draw) -> Call:
    shape, dtype = draw(shapes(min_dims=1)), draw(st.sampled_from(FLOATS))
    arrays = [fill(draw, shape, dtype) for _ in range(draw(st.integers(1, 3)))]
    return (arrays,), {"axis": draw(st.integers(-len(shape), len(shape) - 1))}


def concat(draw: Draw) -> Call:
    (arrays,), kwargs = same_shape_arrays(draw)
    return (arrays,), draw(st.sampled_from([kwargs, {"axis": None}]))


def reshape(draw: Draw) -> Call:
    x = array(draw, ALL, (2, 3, 4))
    return (x, draw(st.sampled_from([(24,), (-1,), (4, -1), (2, 12), (1, 24, 1)]))), {}


def permute(draw: Draw) -> Call:
    x = array(draw, ALL)
    return (x, tuple(draw(st.permutations(range(x.ndim))))), {}


def moveaxis(draw: Draw) -> Call:
    x = array(draw, FLOATS, draw(shapes(min_dims=1)))
    return (x, axis_of(draw, x.ndim, False), axis_of(draw, x.ndim, False)), {}


def expand(draw: Draw) -> Call:
    x = array(draw, ALL)
    return (x,), {"axis": draw(st.integers(-x.ndim - 1, x.ndim))}


def squeeze(draw: Draw) -> Call:
    x = array(draw, ALL, draw(st.sampled_from([(1, 2, 1), (1,), (3, 1)])))
    ones = [axis for axis, length in enumerate(x.shape) if length == 1]
    return (x,), {"axis": draw(st.sampled_from([ones[0], tuple(ones)]))}


def broadcast_to(draw: Draw) -> Call:
    shape = draw(st.sampled_from([(), (1,), (3,), (1, 3), (2, 1)]))
    return (array(draw, ALL, shape), (2, 3)), {}


def roll(draw: Draw) -> Call:
    x = array(draw, FLOATS, draw(shapes(min_dims=1, min_side=1)))
    axis = draw(st.none() | st.integers(0, x.ndim - 1))
    return (x, draw(st.integers(-5, 5))), {"axis": axis}


def take(draw: Draw) -> Call:
    x = array(draw, FLOATS, draw(shapes(min_dims=1, min_side=2)))
    indices = np.asarray(draw(st.lists(st.integers(0, 1), min_size=1, max_size=4)))
    return (x, indices), {"axis": axis_of(draw, x.ndim, several=False)}


def take_along(draw: Draw) -> Call:
    x = array(draw, FLOATS, (3, 2))
    return (x, np.asarray([[0, 1], [1, 0], [1, 1]])), {"axis": draw(st.sampled_from([-1, 1, 0]))}


def searchsorted(draw: Draw) -> Call:
    dtype = draw(st.sampled_from(FLOATS))
    x1 = np.sort(fill(draw, (5,), dtype))
    return (x1, fill(draw, draw(shapes(min_dims=1)), dtype)), {
        "side": draw(st.sampled_from(["left", "right"]))
    }


def where(draw: Draw) -> Call:
    condition, first, second = broadcastable(draw, 3)
    dtype = draw(st.sampled_from(ALL))
    x1, x2 = fill(draw, first, dtype), fill(draw, second, dtype)
    return (fill(draw, condition, "bool"), x1, x2), {}


def clip(draw: Draw) -> Call:
    x = array(draw, FLOATS)
    low = draw(st.sampled_from([None, 1.0]))
    return (x,), {"min": low, "max": draw(st.sampled_from([2.0, None])) if low else 2.0}


def created(name: str) -> Callable[[Draw], Call]:
    def call(draw: Draw) -> Call:
        dtype = {"dtype": draw(st.sampled_from([None, "float32", "int32"]))}
        shape = draw(shapes(max_dims=2))
        return {
            "arange": ((draw(st.integers(-3, 3)), draw(st.integers(-3, 9)), 2), dtype),
            "empty": ((shape,), dtype),
            "eye": (
                (draw(st.integers(0, 4)), draw(st.integers(1, 4))),
                {"k": draw(st.integers(-2, 2)), **dtype},
            ),
            "full": ((shape, draw(st.sampled_from([1, 2.5, True]))), dtype),
            "linspace": (
                (0.0, 2.0, draw(st.integers(2, 5))),
                {"endpoint": draw(st.booleans()), "dtype": None},
            ),
            "ones": ((shape,), dtype),
            "zeros": ((shape,), dtype),
            "fft.fftfreq": ((draw(st.integers(1, 5)),), {"d": 0.5}),
            "fft.rfftfreq": ((draw(st.integers(1, 5)),), {"d": 0.5}),
        }[name]

    return call


def transform(dtypes: tuple[str, ...]) -> Callable[[Draw], Call]:
    def call(draw: Draw) -> Call:
        x = array(draw, dtypes, draw(shapes(min_dims=1, min_side=2)))
        return (x,), {
            "axis": axis_of(draw, x.ndim, several=False),
            "n": draw(st.none() | st.integers(2, 5)),
            "norm": draw(st.sampled_from(["backward", "ortho", "forward"])),
        }

    return call


def transforms(dtypes: tuple[str, ...]) -> Callable[[Draw], Call]:
    def call(draw: Draw) -> Call:
        x = array(draw, dtypes, draw(shapes(min_dims=2, min_side=2)))
        axes = draw(st.sampled_from([None, (0,), (0, 1)]))
        s = None if axes is None else draw(st.sampled_from([None, (3,) * len(axes)]))
        return (x,), {"axes": axes, "s": s}

    return call


def like(draw: Draw) -> Call:
    return (array(draw, ALL),), {"dtype": draw(st.sampled_from([None, "float32"]))}


def several(draw: Draw) -> Call:
    return tuple(fill(draw, shape, "float64") for shape in broadcastable(draw, 2)), {}


def coordinates(draw: Draw) -> Call:
    arrays = tuple(fill(draw, (draw(st.integers(1, 3)),), "float64") for _ in range(3))
    return arrays[: draw(st.integers(1, 3))], {"indexing": draw(st.sampled_from(["xy", "ij"]))}
