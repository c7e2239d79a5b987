"""Random programs of array operations, which ``lazy_fuzz.py`` runs with several libraries."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import array_api_compat.numpy
import numpy as np

UNARY = ("abs", "square", "sign", "conj", "real", "positive", "isfinite", "isnan", "exp", "sin")
UNARY += ("sqrt", "tanh", "floor", "trunc", "log1p", "reciprocal", "logical_not", "round")
BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "less", "equal")
BINARY += ("floor_divide", "remainder", "pow", "not_equal", "logical_or", "atan2", "greater_equal")
REDUCTIONS = ("sum", "prod", "mean", "max", "min", "any", "all", "argmax", "std", "count_nonzero")
DTYPES = ("float64", "float32", "int64", "int32", "bool", "complex128", "uint8")
SCALARS = (1, 2, -1, 0.5, 3.0, True)
KINDS = ("name", "loop", "reduce", "astype", "where", "concat")
KINDS += ("in place", "operator", "unary") * 3 + ("index", "view", "binary") * 2
IN_PLACE = ("+=", "-=", "*=", "/=", "**=", "//=", "%=")
SHAPES: tuple[tuple[int, ...], ...] = ((3,), (2, 3), (0,), (4, 2), (2, 0))
KEYS: tuple[Any, ...] = (
    slice(None, None, 2),
    slice(1, None),
    slice(None, -1),
    slice(None, None, -1),
    0,
    -1,
    (Ellipsis, 0),
    (Ellipsis, slice(0, 2)),
    (slice(None), None),
    Ellipsis,
    [0, 0],
)

OPERATORS = {"add": "+", "subtract": "-", "multiply": "*"}
"""Functions of two operands that have an operator."""


@dataclass(frozen=True)
class Step:
    """One statement of a program.

    Attributes
    ----------
    kind : str
        What it does.
    name : str
        The function or the operator.
    operands : tuple of int
        The variables that it uses; they are counted modulo the number of variables.
    option : object
        The key, the axis, the dtype or the number.
    """

    kind: str
    name: str
    operands: tuple[int, ...]
    option: Any = None


@dataclass(frozen=True)
class Program:
    """The steps of a program and the arrays that it starts with."""

    inputs: tuple[Any, ...]
    steps: tuple[Step, ...]
    kernels: str = "as written"
    """Which of NumPy's kernels run: "as written", "out of place" or "operators"; see `rounded`."""

    def __call__(self, *arrays: Any) -> tuple[Any, ...]:
        """Return all variables. Steps that raise for the shapes or dtypes at hand are left out."""
        return self.run(arrays, self.steps)

    def run(self, arrays: Sequence[Any], steps: Sequence[Step]) -> tuple[Any, ...]:
        """Run some of the steps."""
        xp = _namespace(arrays[0])
        variables = [xp.asarray(x, copy=True) for x in arrays]
        for step in steps:
            _perform(step, variables, xp, self.kernels)
        return tuple(variables)

    def rounded(self) -> Iterator[Program]:
        """Yield the same program with other kernels of NumPy, which may round differently.

        NumPy has several loops for some operations, such as `power` of float32, and the last bit
        of a result depends on whether it is contiguous; and a product of complex scalars may have
        another last bit than the ufunc's.
        """
        for kernels in ("out of place", "operators"):
            yield replace(self, kernels=kernels)

    def __str__(self) -> str:
        lines = [f"x{i} = {x.dtype}{x.shape} {x.tolist()}" for i, x in enumerate(self.inputs)]
        lines = [line if len(line) < 300 else f"{line[:300]}..." for line in lines]
        steps = [f"{s.kind} {s.name} {s.operands} {s.option}" for s in self.steps]
        return "\n".join([*lines, *steps])


def _namespace(x: Any) -> Any:
    return array_api_compat.array_namespace(x)


def _perform(step: Step, variables: list[Any], xp: Any, kernels: str) -> None:
    """Run one step; a result is a new variable."""
    used = [variables[i % len(variables)] for i in step.operands]
    x, place = used[0], step.operands[0] % len(variables)
    other = used[1] if len(used) > 1 else step.option
    match step.kind:
        case "name":
            result = x
        case "in place" if kernels == "out of place" and x.ndim:
            x[...] = eval(f"x {step.name[:-1]} y", {"x": x, "y": other})
            return
        case "in place":
            scope = {"x": x, "y": other}
            exec(f"x {step.name} y", scope)  # the operators have no other common spelling
            variables[place] = scope["x"]
            return
        case "binary" if kernels == "operators" and step.name in OPERATORS:
            result = eval(f"x {OPERATORS[step.name]} y", {"x": x, "y": other})
        case "operator":
            result = eval(f"x {step.name} y", {"x": x, "y": other})
        case "loop":
            for part in x:
                part += step.option  # noqa: PLW2901
            return
        case "index":
            result = x[step.option]
        case "view":
            result = _view(step.name, x, xp)
        case "reduce":
            options = {"axis": step.option}
            result = getattr(xp, step.name)(x, **options)
        case "astype":
            result = xp.astype(x, getattr(xp, step.option))
        case "where":
            result = xp.where(used[0] > used[1], used[0], used[1])
        case "concat":
            result = xp.concat([xp.reshape(one, (-1,)) for one in used])
        case _:
            result = getattr(xp, step.name)(*used)
    variables.append(result)


def _view(name: str, x: Any, xp: Any) -> Any:
    if name == "reshape":
        return xp.reshape(x, (-1, 1))
    if name == "flip":
        return xp.flip(x)
    if name == "expand":
        return xp.expand_dims(x, axis=0)
    if name == "transpose":
        return xp.permute_dims(x, tuple(range(x.ndim))[::-1])
    if name == "copy":
        return xp.asarray(x, copy=True)
    return xp.squeeze(x[None, ...], axis=0)


def random_step(rng: random.Random) -> Step:
    """Return a step; most of what it does is likely to be possible."""
    one, two = rng.randrange(1000), rng.randrange(1000)
    kind = rng.choice(KINDS)
    match kind:
        case "in place" | "operator":
            symbols = IN_PLACE if kind == "in place" else [one[:-1] for one in IN_PLACE]
            scalar = rng.random() < 0.5
            operands = (one,) if scalar else (one, two)
            return Step(kind, rng.choice(symbols), operands, rng.choice(SCALARS))
        case "loop":
            return Step(kind, "", (one,), rng.choice(SCALARS))
        case "index":
            return Step(kind, "", (one,), rng.choice(KEYS))
        case "view":
            names = ["reshape", "flip", "expand", "transpose", "copy", "squeeze"]
            return Step(kind, rng.choice(names), (one,))
        case "reduce":
            return Step(kind, rng.choice(REDUCTIONS), (one,), rng.choice([None, 0, -1]))
        case "astype":
            return Step(kind, "", (one,), rng.choice(DTYPES))
        case "unary":
            return Step(kind, rng.choice(UNARY), (one,))
        case "binary":
            return Step(kind, rng.choice(BINARY), (one, two))
    return Step(kind, "", (one, two))


def random_program(
    rng: random.Random, xp: Any = array_api_compat.numpy, *, large: bool = False
) -> tuple[Program, list[Any]]:
    """Return a program whose steps all succeed in a library, and its results in this library.

    A `large` program is run by blocks.
    """
    values = np.random.default_rng(rng.randrange(2**32))
    numpy = xp is array_api_compat.numpy
    shape: tuple[int, ...] = rng.choice(SHAPES if numpy else SHAPES[:3])
    shape = (70_000,) if large else shape
    inputs = []
    for _ in range(rng.randint(1, 3)):
        own = shape if large or rng.random() < 0.7 else rng.choice([(), shape[-1:], (1,)])
        array = np.asarray(values.normal(size=own) * 3)
        dtype = rng.choice(DTYPES)
        inputs.append(np.asarray(np.abs(array) if dtype == "uint8" else array).astype(dtype))
    start = [xp.asarray(np.array(x)) for x in inputs]
    steps: list[Step] = []
    variables = [xp.asarray(x, copy=True) for x in start]
    wanted = rng.randint(5, 30)
    for _ in range(wanted * 4):
        step = random_step(rng)
        if step.kind == "reduce" and variables[step.operands[0] % len(variables)].ndim == 0:
            continue  # NumPy alone allows an axis here
        if not numpy and step.kind in ("in place", "loop") and rng.random() < 0.85:
            continue  # only NumPy's views can be followed, so that many such programs raise
        if step.kind == "loop" and large:
            continue  # a loop over many elements takes minutes to trace
        if step.kind == "astype":
            complex_ = "complex" in str(variables[step.operands[0] % len(variables)].dtype)
            if complex_ and not step.option.startswith("complex"):
                continue  # the standard does not define it
        operands = [variables[i % len(variables)] for i in step.operands]
        shapes = [one.shape for one in operands]
        mixed = () in shapes and len({one.dtype for one in operands}) > 1
        if not numpy and mixed and step.kind in ("in place", "operator", "where"):
            continue  # PyTorch's operators ignore dtypes of arrays without axes
        try:
            if math.prod(np.broadcast_shapes(*shapes)) > 4_000_000:
                continue  # too much memory
            _perform(step, variables, xp)
            if numpy:
                possible = sum(x.size for x in variables) <= (4_000_000 if large else 5_000)
            else:  # JAX compiles each function for each shape
                possible = all(x.ndim <= 2 and math.prod(x.shape) <= 12 for x in variables)
        except Exception:
            possible = False
        if not possible:
            variables = list(Program(tuple(inputs), ()).run(start, steps))
            continue
        steps.append(step)
        if len(steps) == wanted:
            break
    return Program(tuple(inputs), tuple(steps)), variables
