"""Chains of elementwise operations on large NumPy arrays, run block by block.

The result of an operation on a large array does not fit the processor's cache, and the next
operation reads it back from memory. A chain that is run on at most 32768 elements at a time keeps
its intermediate results in the cache and allocates little memory. The operations are the same, and
so are the bits of the results.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter
from typing import Any

import numpy as np

from core.lazy.dtypes import REFERENCE
from core.lazy.execution.compilation import build
from core.lazy.execution.program import Program, Step, Value
from core.lazy.graph.tree import leaves
from core.lazy.library import namespace_of
from core.lazy.operation import ITEM, Elementwise, Operation
from core.lazy.spec import Spec
from core.typing import DType, Namespace

BLOCK = 1 << 15
_WIDTH = 64
_SMALLEST = 2 * BLOCK  # smaller arrays fit the cache, and blocks only cost time
# Of complex numbers only these are exact. The last bit of others depends on whether the processor's
# vector instructions compute an element, and so on its position in the array.
_EXACT = "add conj equal isfinite isinf isnan negative not_equal positive subtract"


class BlockedChain(Operation):
    """The elementwise operations of a program, whose outputs are a tuple, as one operation."""

    def __init__(self, program: Program) -> None:
        names = [step.op.name for step in program.steps[:4]]
        super().__init__(f"blocked_{'_'.join(names)}", "elementwise")
        self.program = program

    def function(self, xp: Namespace) -> Callable[..., Any]:
        """Return what runs the chain: by blocks for NumPy, otherwise on whole arrays."""
        whole = build(self.program, None, xp)
        return _by_blocks(self.program, whole) if xp is namespace_of(REFERENCE) else whole

    def __reduce__(self) -> tuple[Any, ...]:
        return BlockedChain, (self.program,)


def _by_blocks(program: Program, whole: Callable[..., Any]) -> Callable[..., Any]:
    """Return what runs a chain by blocks, or `whole` on arrays that differ from the trace."""
    inputs = [value.spec for value in program.inputs]
    outputs = [value.spec for value in program.outputs]
    numbers = [arg for step in program.steps for arg in step.args if type(arg) is not Value]
    calls, scratch = _calls(program)

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
        buffers = [np.empty(BLOCK, dtype) for dtype in scratch]
        size = results[0].size
        # Equal blocks, as a short last one costs as much. Each starts at a multiple of the width of
        # vector instructions, so that these compute the same elements as in the whole array.
        length = -(-size // -(-size // BLOCK))
        length = -(-length // _WIDTH) * _WIDTH
        for start in range(0, size, length):
            stop = min(start + length, size)
            slots = [array[start:stop] if array.shape else array for array in flat]
            slots += numbers
            slots += [buffer[: stop - start] for buffer in buffers]
            for ufunc, arguments in calls:
                *operands, result = arguments(slots)
                ufunc(*operands, out=result)
            del slots
        return tuple(results)

    return run


def _calls(program: Program) -> tuple[list[tuple[np.ufunc, itemgetter[Any]]], list[DType]]:
    """Return the calls of a chain and the dtypes of its scratch arrays.

    A call is a ufunc, and what gets the operands and the array for the result from slots. The slots
    are, in this order, the inputs, the outputs, the numbers among the arguments, and the scratch
    arrays.
    """
    outputs = program.outputs
    slot = {value: i for i, value in enumerate([*program.inputs, *outputs])}
    kept = set(slot)
    last = {value: i for i, step in enumerate(program.steps) for value in step.operands}
    number = len(slot)
    first = number + sum(type(arg) is not Value for step in program.steps for arg in step.args)
    scratch: list[DType] = []
    unused: dict[DType, list[int]] = defaultdict(list)
    if len(outputs) == 1:  # its memory is unused until the last step writes it
        unused[outputs[0].spec.dtype].append(slot[outputs[0]])
    calls = []
    for i, step in enumerate(program.steps):
        operands = []
        for arg in step.args:
            operands.append(slot[arg] if type(arg) is Value else number)
            number += type(arg) is not Value
        # The result may overwrite an operand, as ufuncs read an element before they write it.
        for value in reversed(step.operands):
            if last[value] == i and value not in kept:
                unused[value.spec.dtype].append(slot[value])
        result, dtype = step.result, step.result.spec.dtype
        if result not in slot:
            if not unused[dtype]:
                unused[dtype].append(first + len(scratch))
                scratch.append(dtype)
            slot[result] = unused[dtype].pop()
        calls.append((_ufunc(step.op), itemgetter(*operands, slot[result])))
    return calls, scratch


def _ufunc(op: Operation) -> Any:
    """Return NumPy's ufunc for an operation, or None if there is none that gives the same bits."""
    found = getattr(np, op.name, None)
    # For some exponents NumPy's operator ** does not call the ufunc.
    return found if isinstance(found, np.ufunc) and op.name != "pow" else None


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
    if not isinstance(op, Elementwise) or step.kwargs or _ufunc(op) is None:
        return False
    if spec.backend not in (None, REFERENCE) or None in spec.shape or spec.size < _SMALLEST:
        return False
    operands: list[Spec] = [value.spec for value in step.operands]
    dtype = operands[0].dtype
    if any(one.shape not in (spec.shape, ()) or one.dtype != dtype for one in operands):
        return False
    if dtype.kind == "c" and op.name not in _EXACT.split():
        return False
    return spec.dtype in (dtype, np.dtype(bool))


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
