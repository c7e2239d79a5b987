"""NumPy's notation for generalized functions, such as ``"(n),(n)->()"``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Known = tuple[int | None, ...]

_DIMENSION = r"\w+\??"
_CORE = rf"\((?:{_DIMENSION}(?:,{_DIMENSION})*)?\)"
_SIDE = rf"{_CORE}(?:,{_CORE})*"
_SIGNATURE = re.compile(rf"({_SIDE})->({_SIDE})")


@dataclass(frozen=True, slots=True)
class Signature:
    """The core dimensions of a function's arrays; other axes are loop dimensions.

    Parameters
    ----------
    text : str
        The notation.
    inputs, outputs : tuple of tuple of str
        The core dimensions of each array. A name that is a number has this fixed length.
    optional : frozenset of str
        Dimensions marked with ``?``, which arrays may lack.
    """

    text: str
    inputs: tuple[tuple[str, ...], ...]
    outputs: tuple[tuple[str, ...], ...]
    optional: frozenset[str] = frozenset()

    @property
    def multiple(self) -> bool:
        """Whether the function returns more than one array."""
        return len(self.outputs) > 1

    def for_ndims(self, ndims: Sequence[int]) -> Signature:
        """Return the signature without the optional dimensions that arrays of `ndims` axes lack.

        As in NumPy, a dimension that is missing in one array is missing in all of them.

        Examples
        --------
        >>> parse("(m?,n),(n,p?)->(m?,p?)").for_ndims([2, 1]).text
        '(m,n),(n)->(m)'
        """
        if not self.optional:
            return self
        missing: set[str] = set()
        for names, ndim in zip(self.inputs, ndims, strict=False):
            for name in names:
                if ndim >= sum(other not in missing for other in names):
                    break
                if name in self.optional:
                    missing.add(name)
        inputs, outputs = (
            tuple(tuple(name for name in names if name not in missing) for names in side)
            for side in (self.inputs, self.outputs)
        )
        text = "->".join(
            ",".join(f"({','.join(names)})" for names in side) for side in (inputs, outputs)
        )
        return Signature(text, inputs, outputs)

    def check(self, shapes: list[Known]) -> tuple[Known, dict[str, int | None]]:
        """Return the loop shape and the length of each core dimension for inputs of `shapes`.

        Raises
        ------
        ValueError
            The inputs do not fit the signature.
        """
        if len(shapes) != len(self.inputs):
            raise ValueError(
                f"signature {self.text!r} has {len(self.inputs)} inputs, got {len(shapes)} arrays"
            )
        lengths: dict[str, int | None] = {
            name: int(name)
            for names in (*self.inputs, *self.outputs)
            for name in names
            if name.isdigit()
        }
        loops = []
        for shape, names in zip(shapes, self.inputs, strict=True):
            if len(shape) < len(names):
                raise ValueError(
                    f"an input of shape {shape} has fewer axes than the core dimensions "
                    f"({','.join(names)}) of signature {self.text!r}"
                )
            split = len(shape) - len(names)
            loops.append(shape[:split])
            self._add_lengths(names, shape[split:], lengths)
        return broadcast(loops), lengths

    def check_results(self, shapes: list[Known], results: list[Known]) -> None:
        """Raise ValueError unless results of the shapes `results` fit inputs of `shapes`."""
        loop, lengths = self.check(shapes)
        for shape, names in zip(results, self.outputs, strict=True):
            split = len(shape) - len(names)
            if split < 0 or not _agree(shape[:split], loop):
                core = ",".join(str(lengths.get(name) or name) for name in names)
                raise ValueError(
                    f"a result of shape {shape} does not consist of the loop dimensions {loop} "
                    f"and the core dimensions ({core}) of signature {self.text!r}"
                )
            self._add_lengths(names, shape[split:], lengths)

    def _add_lengths(
        self, names: tuple[str, ...], shape: Known, lengths: dict[str, int | None]
    ) -> None:
        """Add the lengths of core dimensions to `lengths`; raise if they contradict each other."""
        for name, length in zip(names, shape, strict=True):
            known = lengths.get(name)
            if known is not None and length is not None and known != length:
                found = f"not {known} but" if name.isdigit() else f"both {known} and"
                raise ValueError(
                    f"core dimension {name!r} of signature {self.text!r} is {found} {length}"
                )
            lengths[name] = length if known is None else known

    def results(self, shapes: list[Known]) -> tuple[Known, ...]:
        """Return the shape of each output for inputs of `shapes`.

        Raises
        ------
        ValueError
            The inputs do not fit the signature, or the length of an output's core dimension does
            not follow from them.
        """
        loop, lengths = self.check(shapes)
        return tuple(loop + self._core(names, lengths) for names in self.outputs)

    def _core(self, names: tuple[str, ...], lengths: dict[str, int | None]) -> Known:
        for name in names:
            if name not in lengths:
                raise ValueError(
                    f"no input of signature {self.text!r} has core dimension {name!r}: give shape="
                )
        return tuple(lengths[name] for name in names)


def parse(text: str) -> Signature:
    """Return the signature written in `text`.

    Raises
    ------
    ValueError
        `text` is not in NumPy's notation.
    """
    match = _SIGNATURE.fullmatch(re.sub(r"\s", "", text))
    if match is None:
        raise ValueError(
            f"{text!r} is not a signature in NumPy's notation, such as '(m,n),(n)->(m)'"
        )
    inputs, outputs = _side(match[1]), _side(match[2])
    dimensions = {name for names in (*inputs, *outputs) for name in names}
    optional = frozenset(name[:-1] for name in dimensions if name.endswith("?"))
    if both := sorted(optional & dimensions):
        raise ValueError(
            f"signature {text!r} has core dimension {both[0]!r} both with and without '?'"
        )
    for name in dimensions:
        if not name.rstrip("?").isidentifier() and not name.rstrip("?").isdigit():
            raise ValueError(
                f"signature {text!r}: a core dimension is a name or a length, got {name!r}"
            )
    return Signature(text, _without_marks(inputs), _without_marks(outputs), optional)


def _side(text: str) -> tuple[tuple[str, ...], ...]:
    cores = re.findall(r"\(([^)]*)\)", text)
    return tuple(tuple(core.split(",")) if core else () for core in cores)


def _without_marks(side: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(name.rstrip("?") for name in names) for names in side)


def _agree(shape: Known, other: Known) -> bool:
    """Return whether two shapes are equal as far as their lengths are known."""
    return len(shape) == len(other) and all(
        a is None or b is None or a == b for a, b in zip(shape, other, strict=True)
    )


def broadcast(shapes: list[Known]) -> Known:
    """Return the shape that `shapes`, whose lengths may be unknown, broadcast to.

    Raises
    ------
    ValueError
        The shapes cannot be broadcast.

    Examples
    --------
    >>> broadcast([(3, 1), (None,)])
    (3, None)
    """
    result: list[int | None] = []
    for back in range(1, max([0, *(len(shape) for shape in shapes)]) + 1):
        length: int | None = 1
        for shape in shapes:
            other = shape[-back] if len(shape) >= back else 1
            if length == 1 or (length is None and other != 1 and other is not None):
                length = other
            elif other is not None and other not in (1, length):
                raise ValueError(
                    f"shapes {', '.join(map(str, shapes))} cannot be broadcast together"
                )
        result.append(length)
    return tuple(reversed(result))
