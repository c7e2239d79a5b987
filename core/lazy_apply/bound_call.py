"""A call whose arrays are passed when a graph runs, with results of the declared dtypes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.lazy_apply.call import SEQUENTIAL_METHODS, Call, is_scalar
from core.lazy_apply.checks import VECTORIZE, checked, refuse_masked
from core.lazy_apply.outputs import Outputs, list_results
from core.typing import Array, Namespace

_KINDS = {bool: "bool", int: "integral", float: "real floating", complex: "complex floating"}


@dataclass(frozen=True, slots=True)
class Batch:
    """One ``vmap`` around the call: its length, and which operands have its axis as the first."""

    size: int
    mapped: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Replaces an array that is passed later, so that a graph does not keep the array alive."""

    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class BoundCall:
    """A call whose arrays are passed later, possibly with additional leading axes of ``vmap``."""

    call: Call
    outputs: Outputs
    slots: tuple[int | str, ...]
    """Positions and names of the arguments that are passed later."""
    convert_scalar: Callable[[Any], Any] | None = None
    """Converts scalars before they are passed to the function; None leaves them unchanged."""
    batches: tuple[Batch, ...] = ()
    """The outermost first."""

    @classmethod
    def of(
        cls, call: Call, outputs: Outputs, owns: Callable[[Any], bool]
    ) -> tuple[BoundCall, list[Array]]:
        """Return `call` without its arrays, and these arrays."""
        found = {slot: x for slot, x in call.inputs() if owns(x)}
        placeholders = {slot: Placeholder(tuple(x.shape)) for slot, x in found.items()}
        args, kwargs = call.arguments_with(placeholders)
        bare = replace(call, args=tuple(args), kwargs=kwargs, xp=None)
        return cls(bare, outputs, tuple(found)), list(found.values())

    def batched(self, batch: Batch) -> BoundCall:
        """Return the same call inside another ``vmap``."""
        return replace(self, batches=(batch, *self.batches))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The lengths of the axes of ``vmap``."""
        return tuple(batch.size for batch in self.batches)

    def __call__(self, operands: Sequence[Array], xp: Namespace) -> list[Array]:
        """Call the function with `operands` and return its results as arrays of `xp`.

        Raises
        ------
        TypeError, ValueError
            A result does not have the declared shape or dtype.
        """
        sizes, shapes = self.sizes, self.outputs.shapes
        if not sizes:
            return self._checked(self._called(operands), shapes, xp)
        if not self._is_sequential:
            expanded = [self._expanded(i, x, xp) for i, x in enumerate(operands)]
            results = self._with_mapped_numbers(operands, xp)._called(expanded)
            return self._checked(results, [sizes + shape for shape in shapes], xp)
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
    def _is_sequential(self) -> bool:
        method = self.call.vmap_method
        if method is not None or self.call.signature is None:
            return method is None or method in SEQUENTIAL_METHODS
        # A signature does not describe arrays that are passed by name.
        return any(
            isinstance(slot, str) and any(batch.mapped[i] for batch in self.batches)
            for i, slot in enumerate(self.slots)
        )

    def _called(self, operands: Sequence[Array]) -> list[Any]:
        args, kwargs = self.call.arguments_with(dict(zip(self.slots, operands, strict=True)))
        if self.convert_scalar is not None:
            args = [self.convert_scalar(x) if is_scalar(x) and x is not None else x for x in args]
        result = self.call.func(*args, **kwargs)
        count = self.call.result_count
        return list_results(self.call.func, result, count) if count else [result]

    def _element(self, operands: Sequence[Array], index: tuple[int, ...]) -> list[Array]:
        """Return the operands of one element of the batch, without the axes of ``vmap``."""
        return [
            x[(*(j for j, b in zip(index, self.batches, strict=True) if b.mapped[i]), ...)]
            for i, x in enumerate(operands)
        ]

    def _with_mapped_numbers(self, operands: Sequence[Array], xp: Namespace) -> BoundCall:
        """Return the call with numbers as arrays with the axes that unmapped operands have."""
        if self.call.vmap_method not in ("expand_dims", "broadcast_all"):
            return self
        lead = (1,) * (len(self.batches) + self._aligned_ndim())
        values: dict[int | str, Array] = {}
        for slot, value in self.call.inputs():
            kind = _KINDS.get(type(value))
            if kind is not None and not isinstance(slot, str):
                promoted = xp.result_type(value, *operands)
                dtype = promoted if kind != "bool" and xp.isdtype(promoted, kind) else None
                number = xp.reshape(xp.asarray(value, dtype=dtype), lead)
                values[slot] = self._tiled(number, xp)
        args, kwargs = self.call.arguments_with(values)
        return replace(self, call=replace(self.call, args=tuple(args), kwargs=kwargs))

    def _expanded(self, i: int, x: Array, xp: Namespace) -> Array:
        """Return operand `i` with a leading axis for each ``vmap``, of length 1 if not mapped."""
        if self.call.vmap_method == "legacy_vectorized":
            return x
        own = x.shape[sum(batch.mapped[i] for batch in self.batches) :]
        lead = tuple(batch.size if batch.mapped[i] else 1 for batch in self.batches)
        return self._tiled(xp.reshape(x, lead + self._padding(i, own) + own), xp)

    def _tiled(self, x: Array, xp: Namespace) -> Array:
        """Return `x` with axes of ``vmap`` of full length, if the method is to tile inputs."""
        if self.call.vmap_method != "broadcast_all":
            return x
        return xp.broadcast_to(x, self.sizes + x.shape[len(self.batches) :])

    def _padding(self, i: int, own: tuple[int, ...]) -> tuple[int, ...]:
        """Return axes of length 1 after those of ``vmap``, so that axes of all operands align."""
        signature = self.call.signature
        if signature is None:
            return (1,) * (0 if isinstance(self.slots[i], str) else self._aligned_ndim() - len(own))
        if i >= len(signature.inputs):
            return ()
        loops = [
            len(x.shape) - len(core)
            for x, core in zip(self.call.arrays, signature.inputs, strict=True)
        ]
        return (1,) * (max(loops) - (len(own) - len(signature.inputs[i])))

    def _aligned_ndim(self) -> int:
        """Return the number of axes of an element to which shorter ones are extended.

        It is 0 unless the result has the shape to which the operands broadcast: other functions
        get elements with the shapes that the caller knows.
        """
        if self.call.signature is not None or self.call.shape is not None:
            return 0
        return max((len(x.shape) for x in self.call.arrays), default=0)

    def _checked(self, results: list[Any], shapes: Sequence[Any], xp: Namespace) -> list[Array]:
        if self.call.as_numpy:
            for result in results:
                refuse_masked(result)
        hint = "give shape=" if self.call.signature is None else VECTORIZE
        declared = zip(results, shapes, self.outputs.dtypes, strict=True)
        return [
            checked(self.call.func, result, shape, dtype, xp, hint)
            for result, shape, dtype in declared
        ]
