"""Chains of elementwise operations on large NumPy arrays, run block by block.

The result of an operation on a large array does not fit the processor's cache, and the next
operation reads it back from memory. A chain that is run on at most 32768 elements at a time keeps
its intermediate results in the cache and allocates little memory. The operations are the same, and
so are the bits of the results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from core.lazy.execution.compilation import build
from core.lazy.execution.program import Program, Step, Value
from core.lazy.graph.tree import leaves
from core.lazy.operation import ITEM, Elementwise, Operation
from core.lazy.spec import Spec
from core.typing import DType, Namespace

BLOCK = 1 << 15
_SMALLEST = 2 * BLOCK  # smaller arrays fit the cache, and blocks only cost time
_UFUNCS = {
    "abs": "absolute",
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "bitwise_invert": "invert",
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
    "conj": "conjugate",
}
# No ufuncs, except `pow`: for some exponents NumPy's operator ** does not call it.
_EXCLUDED = frozenset(("pow", "round", "real", "imag", "clip"))


class BlockedChain(Operation):
    """Several elementwise operations as one.

    Parameters
    ----------
    program : Program
        The operations. Its inputs are the operands of the chain, its outputs a tuple of values.
    """

    __slots__ = ("program",)

    def __init__(self, program: Program) -> None:
        names = [step.op.name for step in program.steps[:4]]
        super().__init__(f"blocked_{'_'.join(names)}", "elementwise")
        self.program = program

    def function(self, xp: Namespace) -> Callable[..., Any]:
        """Return what runs the chain: by blocks for NumPy, otherwise on whole arrays."""
        whole = build(self.program, None, xp)
        is_numpy = xp.__name__.rpartition(".")[2] == "numpy"
        return _by_blocks(self.program, whole) if is_numpy else whole

    def __reduce__(self) -> tuple[Any, ...]:
        return BlockedChain, (self.program,)


def _by_blocks(program: Program, whole: Callable[..., Any]) -> Callable[..., Any]:
    """Return what runs a chain by blocks, or `whole` on arrays that differ from the trace."""
    inputs = [value.spec for value in program.inputs]
    outputs = [value.spec for value in program.outputs]
    names: dict[str, Any] = {"BLOCK": BLOCK}
    source, scratch = _loop(program, names)
    exec(compile(source, "<core.lazy blocked chain>", "exec"), names)
    loop: Any = names["loop"]

    def run(*arrays: Any) -> Any:
        for array, spec in zip(arrays, inputs, strict=True):
            if (
                type(array) is not np.ndarray
                or array.dtype != spec.dtype
                or array.shape != spec.shape
                or not array.flags.c_contiguous
            ):
                return whole(*arrays)
        results = [np.empty(spec.shape, spec.dtype) for spec in outputs]
        flat = [array.reshape(-1) if array.shape else array for array in (*arrays, *results)]
        loop(results[0].size, *flat, *[np.empty(BLOCK, dtype) for dtype in scratch])
        return tuple(results)

    return run


def _loop(program: Program, names: dict[str, Any]) -> tuple[str, list[DType]]:
    """Return the source of the loop over blocks and the dtypes of its scratch arrays.

    The source's global names are added to `names`.
    """
    steps, outputs = program.steps, program.outputs
    last = {value: i for i, step in enumerate(steps) for value in step.operands}
    text: dict[Value, str] = {}
    blocks = []
    for i, value in enumerate(program.inputs):
        text[value] = f"b{i}" if value.spec.shape else f"x{i}"
        if value.spec.shape:
            blocks.append(f"        b{i} = x{i}[i:j]")
    for i, value in enumerate(outputs):
        text[value] = f"r{i}"
        blocks.append(f"        r{i} = o{i}[i:j]")
    kept = {*program.inputs, *outputs}
    scratch: list[DType] = []
    free: dict[DType, list[str]] = {}
    if len(outputs) == 1:  # its memory is unused until the last step writes it
        free[outputs[0].spec.dtype] = [text[outputs[0]]]
    body = []
    for i, step in enumerate(steps):
        dying = [value for value in step.operands if last[value] == i and value not in kept]
        result, dtype = step.result, step.result.spec.dtype
        if result not in text:
            same = next((value for value in dying if value.spec.dtype == dtype), None)
            if same is not None:
                text[result] = text[same]  # ufuncs read an element before they write it
                dying.remove(same)
            elif free.get(dtype):
                text[result] = free[dtype].pop()
            else:
                text[result] = f"t{len(scratch)}"
                scratch.append(dtype)
        for value in dying:
            free.setdefault(value.spec.dtype, []).append(text[value])
        name = _UFUNCS.get(step.op.name, step.op.name)
        names[name] = getattr(np, name)
        given = []
        for arg in step.args:
            if type(arg) is not Value:
                names[f"k{len(names)}"] = arg
                given.append(f"k{len(names) - 1}")
            else:
                given.append(text[arg])
        body.append(f"        {name}({', '.join(given)}, out={text[result]})")
    parameters = [f"x{i}" for i in range(len(program.inputs))]
    parameters += [f"o{i}" for i in range(len(outputs))] + [f"w{i}" for i in range(len(scratch))]
    lines = [
        f"def loop(size, {', '.join(parameters)}):",
        "    count = -(-size // BLOCK)",
        "    length = -(-size // count)",  # equal blocks, as a short last one costs as much
        "    for i in range(0, size, length):",
        "        j = min(i + length, size)",
        *blocks,
        *[f"        t{i} = w{i}[: j - i]" for i in range(len(scratch))],
        *body,
    ]
    return "\n".join(lines) + "\n", scratch


def block(program: Program) -> Program:
    """Return a program in which each chain of elementwise operations on large arrays is one step.

    The same program is returned if there is no such chain.
    """
    uses = Counter(value for step in program.steps for value in step.operands)
    uses.update(leaf for leaf in leaves(program.outputs) if type(leaf) is Value)
    steps: list[Step] = []
    chain: list[Step] = []
    for step in [*program.steps, None]:
        fits = step is not None and not step.result.constant and _fits(step)
        if chain and not (
            fits and step is not None and chain[0].result.spec.shape == step.result.spec.shape
        ):
            steps += chain if len(chain) < 2 else _join(program, chain, uses)
            chain = []
        if step is not None:
            (chain if fits else steps).append(step)
    return replace(program, steps=steps)


def _fits(step: Step) -> bool:
    """Return whether NumPy can run a step block by block and gives the inferred dtype."""
    op, spec = step.op, step.result.spec
    if not isinstance(op, Elementwise) or op.name in _EXCLUDED or step.kwargs:
        return False
    if spec.backend not in (None, "numpy") or None in spec.shape or spec.size < _SMALLEST:
        return False
    operands: list[Spec] = [value.spec for value in step.operands]
    dtype = operands[0].dtype
    if any(one.shape not in (spec.shape, ()) or one.dtype != dtype for one in operands):
        return False
    return spec.dtype in (dtype, np.dtype(bool)) or (op.name == "abs" and dtype.kind == "c")


def _join(program: Program, chain: list[Step], uses: Counter[Value]) -> list[Step]:
    """Return the step that replaces a chain, and one for each of its results."""
    inside = Counter(value for step in chain for value in step.operands)
    made = {step.result for step in chain}
    operands = tuple(value for value in inside if value not in made)
    results = tuple(step.result for step in chain if uses[step.result] > inside[step.result])
    part = replace(program, inputs=list(operands), constants={}, steps=chain, outputs=results)
    every = Value(tuple(value.spec for value in results))
    return [
        Step(BlockedChain(part), operands, None, every, operands),
        *[Step(ITEM, (every, i), None, value, (every,)) for i, value in enumerate(results)],
    ]
