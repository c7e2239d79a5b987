"""NumPy's notation for generalized functions, such as ``"(n),(n)->()"``."""

from __future__ import annotations

import re
from dataclasses import dataclass

Known = tuple[int | None, ...]

_CORE = r"\((?:\w+(?:,\w+)*)?\)"
_SIDE = rf"{_CORE}(?:,{_CORE})*"
_SIGNATURE = re.compile(rf"({_SIDE})->({_SIDE})")


@dataclass(frozen=True, slots=True)
class Signature:
    """The names of the core dimensions of a function's arrays; other axes are loop dimensions."""

    text: str
    inputs: tuple[tuple[str, ...], ...]
    outputs: tuple[tuple[str, ...], ...]

    @property
    def multiple(self) -> bool:
        """Whether the function returns more than one array."""
        return len(self.outputs) > 1

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
        lengths: dict[str, int | None] = {}
        loops = []
        for shape, names in zip(shapes, self.inputs, strict=True):
            if len(shape) < len(names):
                raise ValueError(
                    f"an input of shape {shape} has fewer axes than the core dimensions "
                    f"({','.join(names)}) of signature {self.text!r}"
                )
            split = len(shape) - len(names)
            loops.append(shape[:split])
            for name, length in zip(names, shape[split:], strict=True):
                known = lengths.get(name)
                if known is not None and length is not None and known != length:
                    raise ValueError(
                        f"core dimension {name!r} of signature {self.text!r} is both "
                        f"{known} and {length}"
                    )
                lengths[name] = length if known is None else known
        return broadcast(loops), lengths

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
            if name not in lengths and not name.isdigit():
                raise ValueError(
                    f"no input of signature {self.text!r} has core dimension {name!r}: give shape="
                )
        return tuple(lengths[name] if name in lengths else int(name) for name in names)


def parse(text: str) -> Signature:
    """Return the signature written in `text`.

    Raises
    ------
    ValueError
        `text` is not in NumPy's notation.
    """
    match = _SIGNATURE.fullmatch(text.replace(" ", ""))
    if match is None:
        raise ValueError(
            f"{text!r} is not a signature in NumPy's notation, such as '(m,n),(n)->(m)'"
        )
    return Signature(text, _side(match[1]), _side(match[2]))


def _side(text: str) -> tuple[tuple[str, ...], ...]:
    cores = re.findall(r"\(([^)]*)\)", text)
    return tuple(tuple(core.split(",")) if core else () for core in cores)


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
