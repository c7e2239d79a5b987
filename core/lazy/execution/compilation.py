"""Compile programs to Python functions for the arrays of one library."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from core.backends.registry import backends
from core.lazy.dtypes import REFERENCE
from core.lazy.execution.interpreter import evaluate, native
from core.lazy.execution.program import Program, Step, Value
from core.lazy.execution.source import Source, write
from core.lazy.library import convert
from core.lazy.spec import spec
from core.typing import Array, DType, Namespace


def build(
    program: Program,
    backend: str | None,
    xp: Namespace,
    *,
    fold: bool = True,
    specialize: bool = True,
) -> Callable[..., Any]:
    """Return the function that runs a program on arrays of one library, with namespace `xp`.

    The backend is None if there are no constants to convert. With `fold`, steps that depend on no
    input are computed now, once. With `specialize`, the code may be faster for the dtypes of the
    trace; it falls back for other dtypes.
    """
    optimized = program
    if specialize and backend == program.backend == REFERENCE:
        optimized = scalars_to_arrays(program)
    guard = optimized is not program
    devices = program.has_devices_of(backend)
    source = write(optimized, fold, devices=devices, guard=guard)
    names = global_names(optimized, source, backend, xp)
    if guard:

        @functools.cache
        def plain() -> Callable[..., Any]:
            return build(program, backend, xp, fold=fold, specialize=False)

        def generic(*arrays: Array) -> Any:
            return plain()(*arrays)

        names.update({f"d{i}": value.spec.dtype for i, value in enumerate(program.inputs)})
        names.update(generic=generic, ndarray=np.ndarray)
    exec(compile(source.text, "<core.lazy function>", "exec"), names)
    return names["function"]  # type: ignore[no-any-return]


def global_names(
    program: Program, source: Source, backend: str | None, xp: Namespace
) -> dict[str, Any]:
    """Return the global names that the source of a program needs, for arrays of one library."""
    # Without `__name__`: torch.compile would import a module of that name.
    names: dict[str, Any] = {name: op.function(xp) for name, op in source.functions.items()}
    names |= {name: native(value, xp) for name, value in source.objects.items()}
    folded = [value for value in source.constants if value not in program.constants]
    results = _fold(program, folded, backend, xp) if folded else []
    values = dict(zip(folded, results, strict=True))
    for value, name in source.constants.items():
        known = value in program.constants
        names[name] = convert(program.constants[value], backend, xp) if known else values[value]
    return names


def _fold(program: Program, values: list[Value], backend: str | None, xp: Namespace) -> list[Array]:
    """Compute the results of steps that depend on no input."""
    steps = [step for step in program.steps if step.result.constant]
    adapter = backends().get(backend or REFERENCE)
    with contextlib.nullcontext() if adapter is None else adapter.eager_evaluation():
        return evaluate(replace(program, steps=steps, outputs=values), backend, xp)  # type: ignore[no-any-return]


def scalars_to_arrays(program: Program) -> Program:
    """Return a program in which Python numbers next to NumPy arrays are 0-dimensional arrays.

    NumPy converts a Python number in every operation, which takes as long as a small operation
    itself. The arrays have the dtype to which NumPy would convert the number, so the results are
    the same, but only for the dtypes of the trace: the function needs a guard.

    The same program is returned if there are too few such numbers to outweigh the guard and the
    time to compile it.
    """
    known: dict[tuple[Any, DType], Value] = {}
    constants = dict(program.constants)

    def to_array(number: Any, dtype: DType) -> Any:
        value = known.get((number, dtype)) if number else None  # 0.0 and -0.0 are equal
        if value is None:
            array = _as_array(number, dtype)
            if array is None:
                return number
            value = known[number, dtype] = Value(spec((), dtype, REFERENCE), constant=True)
            constants[value] = array
        return value

    steps = program.steps.copy()
    count = 0
    for i, step in enumerate(steps):
        op = step.op
        if op.infix is None:
            if op.family == "external":
                return program  # the dtype of its result may differ from the trace
        elif len(step.operands) == 1 and op.name != "pow":  # numbers as powers are special cases
            array = step.operands[0]
            if array.spec.shape and not step.result.constant:
                one, two = [
                    to_array(arg, array.spec.dtype) if arg.__class__ in _KINDS else arg
                    for arg in step.args
                ]
                if one is not two and one.__class__ is two.__class__ is Value:
                    steps[i] = Step(op, (one, two), None, step.result, (one, two))
                    count += 1
    if not program.inputs or count < _FEWEST * len(program.inputs):
        return program
    return replace(program, steps=steps, constants=constants)


def _as_array(number: float, dtype: DType) -> Array | None:
    """Return a Python number as NumPy converts it in an operation with an array of `dtype`.

    None is returned for a number of a higher kind or out of range, which NumPy treats specially.
    """
    if dtype.kind not in _KINDS[number.__class__]:
        return None
    if isinstance(number, int):
        limits = np.iinfo(dtype) if dtype.kind in "iu" else _INTEGERS_IN_FLOATS
        if not limits.min <= number <= limits.max:
            return None
    with np.errstate(over="ignore"):
        array = np.asarray(number, dtype)
    return array if np.isfinite(array) else None


_FEWEST = 8
_KINDS: dict[type, str] = {int: "iufc", float: "fc"}
_INTEGERS_IN_FLOATS = np.iinfo(np.int32)
