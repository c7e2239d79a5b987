"""Chains of elementwise operations run a block at a time, for large NumPy arrays.

An operation on a large array writes a result that no longer fits the processor's cache, and the
next one reads it back from memory. A chain that is run on at most 32768 elements at a time keeps
what lies between in the cache, and allocates little for it. The operations are the same, so the
bits of the results are too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.lazy.graph.tree import leaves
from core.lazy.operation import Elementwise, Operation
from core.lazy.program import Program, Ref, Step, run_steps
from core.lazy.spec import Spec

BLOCK = 1 << 15
# Below this size whole arrays fit the cache, and blocks only cost.
_PAYS = 2 * BLOCK
_RENAMED = {
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
# NumPy's operator ** has ways of its own for some exponents.
_EXCLUDED = frozenset(("pow", "round", "real", "imag", "clip"))


class BlockedChain(Operation):
    """Several elementwise operations as one.

    Parameters
    ----------
    steps : list of Step
        They refer to operands and to each other.
    operands : tuple of Ref
        What comes from outside.
    results : tuple of Ref
        What is used outside.
    specs : dict
        What is known of operands and results of steps, by number.
    """

    __slots__ = ("operands", "results", "specs", "steps")

    def __init__(
        self,
        steps: list[Step],
        operands: tuple[Ref, ...],
        results: tuple[Ref, ...],
        specs: dict[Ref, Spec],
    ) -> None:
        super().__init__("blocked_" + "_".join(one.op.name for one in steps[:4]), "elementwise")
        self.steps, self.operands, self.results, self.specs = steps, operands, results, specs

    def function(self, xp: Any) -> Callable[..., Any]:
        """Return what runs the chain: by blocks for NumPy, else step by step."""
        whole = self._whole(xp)
        if xp.__name__.rpartition(".")[2] != "numpy":
            return whole
        return self._by_blocks(whole)

    def _whole(self, xp: Any) -> Callable[..., Any]:
        def run(*arrays: Any) -> Any:
            values: dict[int, Any] = dict(zip(self.operands, arrays, strict=True))
            run_steps(self.steps, xp, values, True, set(self.results))
            found = tuple(values[ref] for ref in self.results)
            return found if len(found) > 1 else found[0]

        return run

    def _by_blocks(self, whole: Callable[..., Any]) -> Callable[..., Any]:
        specs = [self.specs[ref] for ref in self.operands]
        shape: Any = self.specs[self.results[0]].shape
        outputs = [self.specs[ref].dtype for ref in self.results]
        names = {"BLOCK": BLOCK}
        loop, scratch = self._loop(names)
        exec(compile(loop, "<core.lazy blocked chain>", "exec"), names)
        run_loop: Any = names["loop"]

        def run(*arrays: Any) -> Any:
            for array, known in zip(arrays, specs, strict=True):
                if (
                    type(array) is not np.ndarray
                    or array.dtype != known.dtype
                    or array.shape != known.shape
                    or not array.flags.c_contiguous
                ):
                    return whole(*arrays)
            made = [np.empty(shape, dtype) for dtype in outputs]
            flat = [one.reshape(-1) if one.shape else one for one in (*arrays, *made)]
            run_loop(made[0].size, *flat, *[np.empty(BLOCK, dtype) for dtype in scratch])
            return tuple(made) if len(made) > 1 else made[0]

        return run

    def _loop(self, names: dict[str, Any]) -> tuple[str, list[Any]]:
        """Write the loop over blocks; return it and the dtypes of the arrays it works in."""
        parameters = [f"x{ref:d}" for ref in self.operands] + [f"o{ref:d}" for ref in self.results]
        last = {ref: i for i, step in enumerate(self.steps) for ref in step.uses}
        text: dict[Ref, str] = {}
        lines = []
        for ref in self.operands:
            text[ref] = f"x{ref:d}"
            if self.specs[ref].shape:
                text[ref] = f"b{ref:d}"
                lines.append(f"        b{ref:d} = x{ref:d}[i:j]")
        for ref in self.results:
            text[ref] = f"r{ref:d}"
            lines.append(f"        r{ref:d} = o{ref:d}[i:j]")
        scratch: list[Any] = []
        free: dict[Any, list[str]] = {}
        if len(self.results) == 1:  # until the last step writes it, its memory is there to be used
            free[self.specs[self.results[0]].dtype] = [text[self.results[0]]]
        outer = {*self.operands, *self.results}
        body = []
        for i, step in enumerate(self.steps):
            dying = [ref for ref in step.uses if last[ref] == i and ref not in outer]
            ref, dtype = step.result, step.spec.dtype
            if ref not in text:
                same = next((one for one in dying if self.specs[one].dtype == dtype), None)
                if same is not None:
                    text[ref] = text[same]  # an element is read before it is written
                    dying.remove(same)
                elif free.get(dtype):
                    text[ref] = free[dtype].pop()
                else:
                    text[ref] = f"t{len(scratch)}"
                    scratch.append(dtype)
            for one in dying:
                free.setdefault(self.specs[one].dtype, []).append(text[one])
            name = _RENAMED.get(step.op.name, step.op.name)
            names[name] = getattr(np, name)
            given = []
            for one in step.args:
                if type(one) is Ref:
                    given.append(text[one])
                else:
                    names[f"k{len(names)}"] = one
                    given.append(f"k{len(names) - 1}")
            body.append(f"        {name}({', '.join(given)}, out={text[ref]})")
        work = [f"w{i}" for i in range(len(scratch))]
        views = [f"        t{i} = w{i}[: j - i]" for i in range(len(scratch))]
        head = [
            f"def loop(size, {', '.join(parameters + work)}):",
            "    count = -(-size // BLOCK)",
            "    length = -(-size // count)",  # equal blocks: a short last one costs as much
            "    for i in range(0, size, length):",
            "        j = min(i + length, size)",
        ]
        return "\n".join([*head, *lines, *views, *body]) + "\n", scratch

    def __reduce__(self) -> tuple[Any, ...]:
        return BlockedChain, (self.steps, self.operands, self.results, self.specs)


def block(program: Program) -> Program:
    """Return a program with chains of elementwise operations on large arrays as one step each.

    Parameters
    ----------
    program : Program

    Returns
    -------
    Program
        The same one where nothing pays.
    """
    wanted: dict[Ref, int] = {}
    for step in program.steps:
        for ref in step.uses:
            wanted[ref] = wanted.get(ref, 0) + 1
    for one in leaves(program.outputs):
        if type(one) is Ref:
            wanted[one] = wanted.get(one, 0) + 1
    steps: list[Step] = []
    specs = list(program.specs)
    chain: list[Step] = []

    def close() -> None:
        if len(chain) < 2:
            steps.extend(chain)
        else:
            steps.extend(_joined(chain, wanted, specs))
        chain.clear()

    for step in program.steps:
        if step.constant or not _fits(step, specs):
            close()
            steps.append(step)
            continue
        if chain and chain[0].spec.shape != step.spec.shape:
            close()
        chain.append(step)
    close()
    return Program(
        program.inputs, program.constants, steps, program.outputs, program.backend, specs
    )


def _fits(step: Step, specs: Sequence[Any]) -> bool:
    """Say whether NumPy can do a step block by block with the dtype that was inferred."""
    op, shape = step.op, step.spec.shape if isinstance(step.spec, Spec) else ()
    if not isinstance(op, Elementwise) or op.name in _EXCLUDED or step.kwargs:
        return False
    if step.spec.backend not in (None, "numpy") or None in shape or step.spec.size < _PAYS:
        return False
    operands = [specs[one] for one in step.args if type(one) is Ref]
    if any(one.shape not in (shape, ()) for one in operands):
        return False
    if len({one.dtype for one in operands}) != 1:
        return False
    dtype = operands[0].dtype
    given = step.spec.dtype
    return given in (dtype, np.dtype(bool)) or (op.name == "abs" and dtype.kind == "c")


def _joined(chain: list[Step], wanted: dict[Ref, int], specs: list[Any]) -> list[Step]:
    """Return the one step in place of a chain, and a step for each of several results."""
    from core.lazy.operation import ITEM

    made = {step.result for step in chain}
    inside: dict[Ref, int] = {}
    operands: dict[Ref, None] = {}
    for step in chain:
        for ref in step.uses:
            inside[ref] = inside.get(ref, 0) + 1
            if ref not in made:
                operands[ref] = None
    results = tuple(
        step.result for step in chain if wanted.get(step.result, 0) > inside.get(step.result, 0)
    )
    known = {ref: specs[ref] for ref in (*operands, *made)}
    op = BlockedChain(list(chain), tuple(operands), results, known)
    if len(results) == 1:
        last = results[0]
        return [Step(op, tuple(operands), None, last, specs[last], False, tuple(operands))]
    both = Ref(len(specs))
    specs.append(tuple(specs[ref] for ref in results))
    steps = [Step(op, tuple(operands), None, both, specs[both], False, tuple(operands))]
    for i, ref in enumerate(results):
        steps.append(Step(ITEM, (both, i), None, ref, specs[ref], False, (both,)))
    return steps
