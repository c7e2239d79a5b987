"""The function as a graph calls it: concrete arrays in, arrays of the announced dtypes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.lazy_apply.call import Call, is_scalar
from core.lazy_apply.checks import VECTORIZE, checked
from core.lazy_apply.outputs import Outputs, listed


@dataclass(frozen=True, slots=True)
class Batch:
    """One ``vmap`` around the call: its length, and which operands have its axis in front."""

    size: int
    mapped: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """What stands for an array in a call that waits for it: a graph must not keep it alive."""

    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Host:
    """A call whose arrays are handed in later, perhaps with axes of ``vmap`` before their own."""

    call: Call
    outputs: Outputs
    slots: tuple[int | str, ...]
    """Positions and names of the arguments that are handed in."""
    scalar: Callable[[Any], Any] | None = None
    """What a scalar becomes before the function sees it, if not what it is."""
    batches: tuple[Batch, ...] = ()
    """The outermost first."""

    @classmethod
    def of(
        cls, call: Call, outputs: Outputs, owns: Callable[[Any], bool]
    ) -> tuple[Host, list[Any]]:
        """Return `call` without the arrays that it was made with, and these arrays."""
        found = {slot: x for slot, x in call.inputs() if owns(x)}
        args, kwargs = call.filled({slot: Absent(tuple(x.shape)) for slot, x in found.items()})
        bare = replace(call, args=tuple(args), kwargs=kwargs, xp=None)
        return cls(bare, outputs, tuple(found)), list(found.values())

    def batched(self, batch: Batch) -> Host:
        """Return the same call inside one more ``vmap``."""
        return replace(self, batches=(batch, *self.batches))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The lengths of the axes of ``vmap``."""
        return tuple(batch.size for batch in self.batches)

    def __call__(self, operands: Sequence[Any], xp: Any) -> list[Any]:
        """Call the function with `operands` and return its results as arrays of `xp`.

        Raises
        ------
        TypeError, ValueError
            A result has not the announced shape or dtype.
        """
        sizes, shapes = self.sizes, self.outputs.shapes
        if not sizes:
            return self._checked(self._called(operands), shapes, xp)
        if not self._one_by_one:
            led = [self._led(i, x, xp) for i, x in enumerate(operands)]
            return self._checked(self._called(led), [sizes + shape for shape in shapes], xp)
        rows = [
            self._checked(self._called(self._element(operands, index)), shapes, xp)
            for index in np.ndindex(*sizes)
        ]
        if not rows:
            empty = zip(shapes, self.outputs.dtypes, strict=True)
            return [xp.zeros(sizes + shape, dtype=dtype) for shape, dtype in empty]
        columns = zip(zip(*rows, strict=True), shapes, strict=True)
        return [xp.reshape(xp.stack(column), sizes + shape) for column, shape in columns]

    @property
    def _one_by_one(self) -> bool:
        method = self.call.vmap_method
        if method is not None or self.call.signature is None:
            return method in (None, "sequential")
        # A signature says nothing of arrays that are given by name.
        return any(
            isinstance(slot, str) and any(batch.mapped[i] for batch in self.batches)
            for i, slot in enumerate(self.slots)
        )

    def _called(self, operands: Sequence[Any]) -> list[Any]:
        args, kwargs = self.call.filled(dict(zip(self.slots, operands, strict=True)))
        if self.scalar is not None:
            args = [self.scalar(x) if is_scalar(x) and x is not None else x for x in args]
        result = self.call.func(*args, **kwargs)
        several = self.call.several
        return listed(self.call.func, result, several) if several else [result]

    def _element(self, operands: Sequence[Any], index: tuple[int, ...]) -> list[Any]:
        """Return one element of the batch: the operands without the axes of ``vmap``."""
        return [
            x[(*(at for at, b in zip(index, self.batches, strict=True) if b.mapped[i]), ...)]
            for i, x in enumerate(operands)
        ]

    def _led(self, i: int, x: Any, xp: Any) -> Any:
        """Return operand `i` with one leading axis for each ``vmap``, of length 1 if not mapped."""
        own = x.shape[sum(batch.mapped[i] for batch in self.batches) :]
        lead = tuple(batch.size if batch.mapped[i] else 1 for batch in self.batches)
        x = xp.reshape(x, lead + self._padding(i, own) + own)
        if self.call.vmap_method == "broadcast_all":
            x = xp.broadcast_to(x, self.sizes + x.shape[len(lead) :])
        return x

    def _padding(self, i: int, own: tuple[int, ...]) -> tuple[int, ...]:
        """Return axes of length 1 that put the loop dimensions below the batch everywhere."""
        signature = self.call.signature
        if signature is None or i >= len(signature.inputs):
            return ()
        loops = [
            len(x.shape) - len(core)
            for x, core in zip(self.call.arrays, signature.inputs, strict=True)
        ]
        return (1,) * (max(loops) - (len(own) - len(signature.inputs[i])))

    def _checked(self, results: list[Any], shapes: Sequence[Any], xp: Any) -> list[Any]:
        hint = "give shape=" if self.call.signature is None else VECTORIZE
        announced = zip(results, shapes, self.outputs.dtypes, strict=True)
        return [
            checked(self.call.func, result, shape, dtype, xp, hint)
            for result, shape, dtype in announced
        ]
