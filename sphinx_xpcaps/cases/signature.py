"""Makes calls up from a signature and its documentation, where nobody has written one.

The documented types, the annotations and the names say what each required parameter may be; NumPy
says whether it accepts the call. What it refuses is dropped.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sphinx_xpcaps.cases.examples import At, Found
from sphinx_xpcaps.cases.parameters import Parameter, parameters
from sphinx_xpcaps.cases.payload import dump_call

_MOST_CALLS = 2
SECONDS = 5.0
"""What a made-up call on a handful of numbers may take."""
_ARRAY_NAMES = re.compile(r"(x|y|z|a|b|c|u|v|w|arr|array|input|data|signal|image|values)s?\d*")
_COUNT_NAMES = re.compile(r"(n|m|k|l|nt|deg|degree|order|num|size|axis|ndim)\d*")
_CHOICES = re.compile(r"\{([^{}]*)\}")
_DIMENSIONS = re.compile(r"(\d)-?\s?[dD]\b")
_SHAPE = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class _Style:
    """One way to fill in arrays: their dimensions and their values."""

    ndim: int
    values: str
    count: int = 2

    def array(self, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return an array of this style."""
        size = int(np.prod(shape))
        flat: NDArray[Any]
        if self.values == "unit":
            flat = np.linspace(0.1, 0.9, size)
        elif self.values == "count":
            flat = np.arange(1.0, size + 1)
        elif self.values == "integer":
            flat = np.arange(1, size + 1)
        elif self.values == "bytes":
            flat = np.arange(1, size + 1, dtype=np.uint8)
        else:
            flat = np.linspace(0.1, 0.9, size) + 0.25j
        return flat.reshape(shape)


_STYLES = (
    _Style(1, "unit"),
    _Style(1, "count"),
    _Style(2, "unit"),
    _Style(2, "count"),
    _Style(1, "integer"),
    _Style(1, "unit", 1),
    _Style(1, "count", 5),
    _Style(3, "unit"),
    _Style(1, "complex"),
    _Style(2, "bytes"),
)


def from_signature(name: str, holder: Any, target: Any, at: At, skip: Collection[str]) -> Found:
    """Return up to two calls that NumPy accepts, with arrays of different dimensions."""
    if inspect.isclass(holder):
        return Found("signature", problem="a method needs an example")
    known = [p for p in parameters(target) if p.required and not p.name.startswith("*")]
    calls: list[tuple[str, bytes, bool]] = []
    seen: set[tuple[int, ...]] = set()
    for style in _STYLES:
        args = _arguments(known, style)
        if args is None:
            return Found("signature", problem="its signature does not say what it takes")
        dimensions = tuple(np.ndim(arg) for arg in args if isinstance(arg, np.ndarray))
        text = _text(name, known, args)
        if text in skip:
            return Found("signature", problem="a call made up from its signature never comes back")
        if dimensions in seen:
            continue
        at(("line", text), SECONDS)
        payload = dump_call(name, args, {})
        if _accepted(target, args):
            seen.add(dimensions)
            calls.append((text, payload, False))
        if len(calls) == _MOST_CALLS:
            break
    problem = "" if calls else "NumPy accepts no call made up from its signature"
    return Found("signature", tuple(calls), problem)


def _arguments(known: Sequence[Parameter], style: _Style) -> tuple[Any, ...] | None:
    """Return a value for each parameter, or None where one of them could be anything."""
    made = [_value(parameter, style) for parameter in known]
    return None if any(value is None for value in made) else tuple(made)


def _value(parameter: Parameter, style: _Style) -> Any:
    words = parameter.type
    if choices := _CHOICES.search(words):
        first = choices.group(1).split(",")[0].strip()
        return first.strip("'\"`‘’“”") if first[:1] in "'\"`‘“" else _number(first)
    if parameter.is_array_like or (not words and _ARRAY_NAMES.fullmatch(parameter.name)):
        return style.array(_shape(words, style))
    if re.search(r"\bint(eger)?s?\b", words) or (
        not words and _COUNT_NAMES.fullmatch(parameter.name)
    ):
        return style.count
    if re.search(r"\b(float|scalar|number|real|complex)\b", words):
        return 0.5
    if re.search(r"\bbool(ean)?\b", words):
        return True
    return None


def _number(text: str) -> Any:
    return int(text) if re.fullmatch(r"-?\d+", text) else None


def _shape(words: str, style: _Style) -> tuple[int, ...]:
    """Return the shape that the words ask for, else the style's."""
    if found := _DIMENSIONS.search(words):
        return (4,) * int(found.group(1))
    for group in _SHAPE.findall(words):
        names = [part.strip() for part in group.split(",") if part.strip()]
        if names and all(re.fullmatch(r"\d+|[A-Za-z]\w?|\.\.\.|…", part) for part in names):
            sizes = [int(part) if part.isdigit() else 4 for part in names if "." not in part]
            return tuple(sizes)
    return (5,) if style.ndim == 1 else (4,) * style.ndim


def _accepted(target: Any, args: tuple[Any, ...]) -> bool:
    """Say whether NumPy takes the call and gives more than NaN."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = target(*args)
    except BaseException:
        return False
    return any(_says_something(leaf) for leaf in _arrays(result))


def _arrays(result: Any) -> Iterator[NDArray[Any]]:
    from sphinx_xpcaps.cases.trees import result_leaves

    for _, leaf in result_leaves(result, lambda x: isinstance(x, np.ndarray)):
        yield np.asarray(leaf)


def _says_something(array: NDArray[Any]) -> bool:
    if array.dtype.kind not in "biufc" or array.size == 0:
        return False
    return array.dtype.kind in "biu" or bool(np.isfinite(array).any())


def _text(name: str, known: Sequence[Parameter], args: Sequence[Any]) -> str:
    shown = [
        f"{parameter.name}=<{arg.dtype} {arg.shape}>"
        if isinstance(arg, np.ndarray)
        else f"{parameter.name}={arg!r}"
        for parameter, arg in zip(known, args, strict=True)
    ]
    return f"{name.rpartition('.')[2]}({', '.join(shown)})"
