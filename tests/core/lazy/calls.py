"""Random calls of every function of the standard, with NumPy arrays and options by keyword."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from tests.core.lazy.call_strategies import (
    ALL,
    COMPLEX,
    FLOATING,
    FLOATS,
    INTEGERS,
    NUMERIC,
    REAL,
    SIGNED,
    Call,
    Draw,
    along,
    array,
    binary,
    broadcast_to,
    clip,
    concat,
    coordinates,
    created,
    expand,
    fill,
    like,
    matmul,
    matrices,
    moveaxis,
    permute,
    reduction,
    reshape,
    roll,
    same_shape_arrays,
    searchsorted,
    several,
    shapes,
    solve,
    spread,
    squeeze,
    take,
    take_along,
    tensordot,
    transform,
    transforms,
    unary,
    vecdot,
    vectors,
    where,
)

_FLOAT_UNARY = (
    "acosh asinh atan ceil conj cos cosh exp expm1 floor isfinite isinf isnan log log10 log1p log2 "
    "negative positive reciprocal round sign sin sinh sqrt square tan tanh trunc abs"
)
CALLS: dict[str, Callable[[Draw], Call]] = {
    name: unary(FLOATS if name in ("ceil", "floor", "trunc") else FLOATING, low=1.1)
    for name in _FLOAT_UNARY.split()
}
CALLS |= {name: unary(FLOATS, low=-0.9, high=0.9) for name in ("acos", "asin", "atanh", "signbit")}
CALLS |= {name: unary(COMPLEX) for name in ("real", "imag")}
CALLS |= {name: binary(NUMERIC) for name in ["add", "subtract", "multiply", "equal", "not_equal"]}
CALLS |= {name: binary(FLOATING) for name in ("divide", "pow")}
CALLS |= {
    name: binary(REAL)
    for name in [
        "floor_divide",
        "remainder",
        "less",
        "less_equal",
        "greater",
        "greater_equal",
        "maximum",
        "minimum",
    ]
}
CALLS |= {name: binary(FLOATS) for name in ["atan2", "copysign", "hypot", "logaddexp"]}
CALLS |= {"nextafter": binary(FLOATS, mixed=False)}
CALLS |= {f"logical_{name}": binary(("bool",)) for name in ("and", "or", "xor")}
CALLS |= {f"bitwise_{name}": binary(("bool", *INTEGERS)) for name in ("and", "or", "xor")}
CALLS |= {f"bitwise_{name}_shift": binary(INTEGERS, mixed=False) for name in ("left", "right")}
CALLS |= {"logical_not": unary(("bool",)), "bitwise_invert": unary(("bool", *INTEGERS))}
CALLS |= {name: reduction(REAL) for name in ("max", "min")}
CALLS |= {name: reduction(NUMERIC) for name in ("sum", "prod")}
CALLS |= {name: reduction(ALL) for name in ("all", "any", "count_nonzero")}
CALLS |= {name: reduction(REAL, several=False) for name in ("argmax", "argmin")}
CALLS |= {"mean": reduction(FLOATING), "std": spread, "var": spread}
CALLS |= {
    name: along(NUMERIC, include_initial=st.booleans())
    for name in ("cumulative_sum", "cumulative_prod")
}
CALLS |= {
    "argsort": along(FLOATS, descending=st.booleans()),
    "asarray": unary(ALL),
    "astype": lambda draw: ((array(draw, REAL), draw(st.sampled_from(REAL))), {}),
    "broadcast_arrays": several,
    "broadcast_to": broadcast_to,
    "clip": clip,
    "concat": concat,
    "diff": along(FLOATS, n=st.integers(0, 2)),
    "empty_like": like,
    "expand_dims": expand,
    "flip": along(ALL),
    "full_like": lambda draw: ((array(draw, FLOATS), 2.0), {}),
    "isin": lambda draw: ((array(draw, SIGNED), fill(draw, (3,), "int64")), {}),
    "matmul": matmul,
    "matrix_transpose": matrices(ALL[1:]),
    "meshgrid": coordinates,
    "moveaxis": moveaxis,
    "nonzero": lambda draw: ((array(draw, ALL, draw(shapes(min_dims=1))),), {}),
    "ones_like": like,
    "permute_dims": permute,
    "repeat": lambda draw: (
        (array(draw, FLOATS, draw(shapes(min_dims=1, min_side=1))), draw(st.integers(0, 3))),
        {"axis": 0},
    ),
    "reshape": reshape,
    "roll": roll,
    "searchsorted": searchsorted,
    "sort": along(FLOATS, descending=st.booleans()),
    "squeeze": squeeze,
    "stack": same_shape_arrays,
    "take": take,
    "take_along_axis": take_along,
    "tensordot": tensordot,
    "tile": lambda draw: (
        (array(draw, FLOATS), draw(st.sampled_from([(2,), (1, 2), (2, 1, 3, 1)]))),
        {},
    ),
    "tril": matrices(FLOATS, k=st.integers(-2, 2)),
    "triu": matrices(FLOATS, k=st.integers(-2, 2)),
    "unstack": along(FLOATS),
    "vecdot": vecdot,
    "where": where,
    "zeros_like": like,
}
CALLS |= {
    f"unique_{name}": unary(("int64", "float64")) for name in ("all", "counts", "inverse", "values")
}
CALLS |= {
    name: created(name)
    for name in [
        "arange",
        "empty",
        "eye",
        "full",
        "linspace",
        "ones",
        "zeros",
        "fft.fftfreq",
        "fft.rfftfreq",
    ]
}
CALLS |= {
    f"linalg.{name}": matrices(FLOATS, square=True)
    for name in ["det", "eigh", "eigvalsh", "inv", "slogdet"]
}
CALLS |= {f"linalg.{name}": matrices(FLOATS) for name in ["pinv", "svdvals", "matrix_rank"]}
CALLS |= {
    "linalg.cholesky": matrices(FLOATS, square=True, upper=st.booleans()),
    "linalg.cross": vectors(3, 3),
    "linalg.diagonal": matrices(FLOATS, offset=st.integers(-2, 2)),
    "linalg.matmul": matmul,
    "linalg.matrix_norm": matrices(
        FLOATS, keepdims=st.booleans(), ord=st.sampled_from(["fro", "nuc", 1, 2])
    ),
    "linalg.matrix_power": lambda draw: ((*matrices(FLOATS, square=True)(draw)[0], 3), {}),
    "linalg.matrix_transpose": matrices(FLOATING),
    "linalg.outer": vectors(2, 3),
    "linalg.qr": matrices(FLOATS, mode=st.sampled_from(["reduced", "complete"])),
    "linalg.solve": solve,
    "linalg.svd": matrices(FLOATS, full_matrices=st.booleans()),
    "linalg.tensordot": tensordot,
    "linalg.trace": matrices(FLOATS, offset=st.integers(-1, 1)),
    "linalg.vecdot": vecdot,
    "linalg.vector_norm": reduction(FLOATS),
}
CALLS |= {f"fft.{name}": transform(COMPLEX) for name in ("fft", "ifft", "irfft", "hfft")}
CALLS |= {f"fft.{name}": transform(FLOATS) for name in ("rfft", "ihfft")}
CALLS |= {f"fft.{name}": transforms(COMPLEX) for name in ("fftn", "ifftn", "irfftn")}
CALLS |= {"fft.rfftn": transforms(FLOATS)}
CALLS |= {
    f"fft.{name}": lambda draw: ((array(draw, FLOATS, draw(shapes(min_dims=1))),), {})
    for name in ("fftshift", "ifftshift")
}
