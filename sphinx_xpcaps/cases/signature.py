"""Origin "signature": make up calls from a signature and its documentation.

The documented types, the annotations and the names of the required parameters determine the
arguments. Calls that fail with NumPy are dropped.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import array_api_compat.numpy
import numpy as np
from numpy.typing import NDArray

from core.backends import backends, get_backend, library_of
from sphinx_xpcaps.cases.examples import OnStart
from sphinx_xpcaps.cases.model import CodeKind, CodePiece, FoundCall, FoundCalls, LeafPath, Origin
from sphinx_xpcaps.cases.parameters import Parameter, parameters, signature_of
from sphinx_xpcaps.cases.payload import dump_call
from sphinx_xpcaps.cases.replay import imported_libraries, library_of_reference
from sphinx_xpcaps.cases.sibling_values import with_sibling_value
from sphinx_xpcaps.cases.trees import rebuild

_MOST_CALLS = 2
_MOST_OPTIONAL = 5
"""Number of optional parameters to try, one by one, if required ones are not enough."""
SECONDS = 5.0
"""Time limit in seconds of a made-up call, whose arrays are small."""
_ARRAY_NAMES = re.compile(r"(x|y|z|a|b|c|u|v|w|arr|array|input|data|signal|image|values)s?\d*")
_COUNT_NAMES = re.compile(r"(n|m|k|l|nt|deg|degree|order|num|size|axis|ndim)\d*")
_OTHER_NAMES = re.compile(r"path|file|name|url|key|func|call|method|mode|kind|text|string|config")
"""Parts of names of parameters that are hardly arrays."""
_TYPES = re.compile(r"(?<!['\"`\w])(array_like|sequence|ndarray|int|float|str)\b(?!['\"`])")
_QUOTED = re.compile(r"(?<!\w)['\"`‘“]{1,2}([a-z][\w-]*)['\"`’”]{1,2}(?!\w)")
_CHOICES = re.compile(r"\{([^{}]*)\}")
_DIMENSIONS = re.compile(r"(\d)-?\s?[dD]\b")
_SHAPE = re.compile(r"\(([^()]*)\)")
_PRODUCT = re.compile(r"(?:\.\.\.|…|\b[A-Z0-9])(?:[x×](?:\d+|[A-Z]))+\b")
"""A documented shape such as ``...x3x3`` or ``Nx3``."""
_SIZE = re.compile(r"(?P<name>\d+|[A-Za-z]\w*)(?P<more>[+-]\d+)?")
_ROWS = re.compile(
    r"\b(list|sequence|tuple|iterable)s? of (\w+ )?(1-?D )?((nd)?arrays|tensors|matrices)"
    r"|\b(nd)?(array|tensor|matrix) (list|sequence|tuple)s?\b"
    r"|\b(list|sequence|tuple|iterable)\[[^\]]*(array|tensor)",
    re.IGNORECASE,
)
_NAMED_SHAPE = re.compile(r"\[[^\[\]]*,\s*[\"']([^\"'\[\]]*)[\"']\]")
"""The shape in an annotation such as ``Float[Array, "n m"]``."""
_LITERAL = re.compile(r"\bLiteral\[\s*([^\],]+)")
_INTEGERS = re.compile(
    r"\bU?Int(eger)?\d*\[|\bint(eger)?s? (nd)?(array|tensor)|(array|tensor)s?(_like)? of int", re.I
)
_BOOLEANS = re.compile(
    r"\bBool\[|\bbool(ean)?s? (nd)?(array|tensor)|(array|tensor)s?(_like)? of bool", re.I
)
_NUMBER_OR_SEQUENCE = re.compile(
    r"(float|scalar|number|int)\w*(,| or) (a )?(sequence|list|tuple)s?\b(?! of (nd)?arrays)", re.I
)
_FORM = re.compile(r"of the form [(\[]\w+(, ?\w+)+[)\]]")
"""The elements of a tuple of numbers, such as ``(x_deg, y_deg)``."""
_COUNTS = re.compile(r"\b(tuple|sequence|list)s?( of |\[)int", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """One choice of the dimensions, values and sizes of arrays."""

    ndim: int
    values: str
    count: int = 2
    size: int = 4
    rest: int | None = None
    """The number of dimensions of all arrays but the first, if it differs."""
    fixed: tuple[int, ...] | None = None
    """The shape of all arrays, whatever their number of dimensions."""

    def array(self, shape: tuple[int, ...], position: int) -> NDArray[Any]:
        """Return an array of this style for the parameter at `position`."""
        size = int(np.prod(shape))
        flat: NDArray[Any]
        if self.values == "unit" or (self.values == "rising" and position > 1):
            flat = np.linspace(0.1, 0.9, size)
        elif self.values in ("count", "rising"):
            flat = np.arange(1.0, size + 1) + (size if position and self.values == "rising" else 0)
        elif self.values == "integer" or (self.values == "bytes" and position):
            flat = np.arange(1, size + 1)
        elif self.values == "bytes":
            flat = np.arange(1, size + 1, dtype=np.uint8)
        else:
            flat = np.linspace(0.1, 0.9, size) + 0.25j
        return flat.reshape(shape)

    def shape(self, position: int) -> tuple[int, ...]:
        """Return the shape of the array at `position` if it is not documented."""
        if self.fixed is not None:
            return self.fixed
        ndim = self.rest if self.rest is not None and position else self.ndim
        return (self.size + (self.size == 4),) if ndim == 1 else (self.size,) * ndim


_STYLES = (
    Style(1, "unit"),
    Style(1, "count"),
    Style(2, "unit"),
    Style(2, "count"),
    Style(1, "integer"),
    Style(1, "unit", 1),
    Style(1, "count", 5),
    Style(3, "unit"),
    Style(1, "complex"),
    Style(2, "bytes"),
    Style(1, "rising"),
    Style(2, "unit", rest=1),
    Style(2, "count", size=1),
    Style(1, "unit", size=64),
    Style(2, "unit", size=32),
    Style(3, "unit", count=1, rest=2),
)


_FEW_STYLES = (_STYLES[2], _STYLES[0])
"""The styles for calls with one option."""


def from_signature(name: str, target: Any, on_start: OnStart, skip: Collection[str]) -> FoundCalls:
    """Return calls that NumPy accepts: two with arrays of different dimensions, one with options.

    The options are the optional parameters that are arrays. If no call without options is
    accepted, one optional parameter at a time is tried, and then arrays for the parameters that
    are not described.
    """
    listed = [p for p in parameters(target) if not p.name.startswith("*")]
    required = [p for p in listed if p.required]
    known = [_with_shared_default(with_sibling_value(p, name, target), target) for p in required]
    problem = "its signature does not describe its parameters"
    optional = [p for p in listed if not p.required]
    arrays = tuple(p for p in optional if p.is_array_like and p.name != "out")
    single = [(p,) for p in optional[:_MOST_OPTIONAL]]
    # A parameter may have a default that is not accepted: its description lists other values.
    quoted = [(p,) for each in optional for p in _with_quoted_values(each)]
    calls: list[FoundCall] = []
    for extras in ((), arrays, *single, *quoted, None):
        if calls and (extras is None or extras != arrays or not arrays):
            continue
        guess = extras is None  # parameters that are not described may be arrays
        seen: set[tuple[int, ...]] = set()
        enough = len(calls) + 1 if extras == arrays and arrays else _MOST_CALLS
        for style in _STYLES if not extras or extras == arrays else _FEW_STYLES:
            args = arguments_of(known, style, guess=guess)
            more = {p.name: _value(p, style, len(known) + i) for i, p in enumerate(extras or ())}
            if args is None or any(value is None for value in more.values()):
                break
            text = call_text(name, known, args, more)
            if text in skip:
                return FoundCalls(
                    Origin.SIGNATURE, problem="a call made up from it timed out or crashed"
                )
            dimensions = tuple(np.ndim(arg) for arg in args if isinstance(arg, np.ndarray))
            if dimensions in seen:
                continue
            on_start(CodePiece(CodeKind.LINE, text), SECONDS)
            payload = dump_call(name, args, more)
            if accepted(target, args, more):
                seen.add(dimensions)
                calls.append(FoundCall(text, payload, False))
            if len(calls) == enough:
                break
            problem = "NumPy accepts no call made up from its signature"
    if calls:
        return FoundCalls(Origin.SIGNATURE, tuple(calls))
    return FoundCalls(Origin.SIGNATURE, problem=problem)


def _with_quoted_values(parameter: Parameter) -> Iterator[Parameter]:
    """Yield a text parameter with each value that its description quotes as its only choice."""
    if re.match(r"str", parameter.type):
        for value in dict.fromkeys(_QUOTED.findall(parameter.meaning)):
            yield replace(parameter, type=f"{{'{value}'}}")


def _with_shared_default(parameter: Parameter, target: Any) -> Parameter:
    """Return a text parameter with the default that it has in other functions of the module."""
    if not re.match(r"str", parameter.type) or _CHOICES.search(parameter.type):
        return parameter
    module = sys.modules.get(getattr(target, "__module__", None) or "")
    for other in list(vars(module).values()) if module else ():
        signature = signature_of(other) if inspect.isfunction(other) else None
        found = signature.parameters.get(parameter.name) if signature else None
        if found is not None and isinstance(found.default, str) and "'" not in found.default:
            return replace(parameter, type=f"{{'{found.default}'}}")
    return parameter


def arguments_of(
    known: Sequence[Parameter], style: Style, *, guess: bool = False
) -> tuple[Any, ...] | None:
    """Return a value for each parameter, or None if the type of one is not known."""
    described = [
        replace(each, type="array_like")
        if guess and not each.type and not _OTHER_NAMES.search(each.name)
        else each
        for each in known
    ]
    made = [_value(parameter, style, i) for i, parameter in enumerate(described)]
    return None if any(value is None for value in made) else tuple(made)


def _value(parameter: Parameter, style: Style, position: int) -> Any:
    words = parameter.type
    if literal := _LITERAL.search(words):
        first = literal.group(1).strip()
        return first.strip("'\"") if first[:1] in "'\"" else _number(first)
    if parameter.name == "xp":
        return array_api_compat.numpy
    choices = _CHOICES.search(words)
    if choices and _TYPES.search(choices.group(1)):  # a set of types instead of values
        words = choices.group(1)
        if re.search(r"\bint", words):
            return style.count
    elif choices:
        first = choices.group(1).split(",")[0].strip()
        return first.strip("'\"`‘’“”") if first[:1] in "'\"`‘“" else _number(first)
    if choice := _NUMBER_OR_SEQUENCE.match(words):
        return style.count if choice.group(1).lower() == "int" else 0.5
    if parameter.is_array_like or (not words and _ARRAY_NAMES.fullmatch(parameter.name)):
        shape = _shape(words, style, position)
        stated = _DIMENSIONS.findall(parameter.meaning)
        if len(stated) == 1 and shape == style.shape(position):
            shape = (4,) * int(stated[0])
        array = style.array(shape, position)
        if _BOOLEANS.search(words):
            array = np.arange(array.size).reshape(array.shape) % 2 == 0
        elif _INTEGERS.search(words):
            array = np.arange(array.size).reshape(array.shape)
        if array.ndim == 1 and _ROWS.search(words):
            return [array, array]
        in_rows = array.ndim > 1 and any(map(_ROWS.search, (words, parameter.meaning)))
        return list(array) if in_rows else array
    if _COUNTS.search(words) and not re.match(r"int\b", words):
        form = _FORM.search(parameter.meaning)
        return (style.count,) * (form.group().count(",") + 1 if form else 1)
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


def _shape(words: str, style: Style, position: int) -> tuple[int, ...]:
    """Return the documented shape, or else that of the style."""
    if named := _NAMED_SHAPE.search(words):
        axes = [axis.lstrip("#").rpartition("=")[2] for axis in named.group(1).split()]
        fixed = [axis for axis in axes if axis[:1] not in "*.…_"]
        sizes = [_SIZE.fullmatch(axis) for axis in fixed]
        if all(sizes):
            return tuple(_size(found) for found in sizes if found)
    if product := _PRODUCT.search(words):
        sizes = [_SIZE.fullmatch(part) for part in re.split("[x×]", product.group())[1:]]
        if all(sizes):
            return (4, *(_size(found) for found in sizes if found))
    if found := _DIMENSIONS.search(words):
        return (4,) * int(found.group(1))
    for group in _SHAPE.findall(words):
        parts = [part.replace(" ", "") for part in group.split(",")]
        names = [part for part in parts if part.strip(".…")]
        sizes = [_SIZE.fullmatch(name) for name in names]
        if names and all(sizes):
            return tuple(_size(found) for found in sizes if found)
    return style.shape(position)


def _size(found: re.Match[str]) -> int:
    """Return the size for a documented name; all names have the same size."""
    name = found["name"]
    return max((int(name) if name.isdigit() else 4) + int(found["more"] or 0), 1)


def accepted(
    target: Callable[..., Any],
    args: tuple[Any, ...],
    more: Mapping[str, Any] = MappingProxyType({}),
) -> bool:
    """Return whether the call works and its result is not only NaN.

    It is called with NumPy, and if that fails with each library that is imported.
    """
    # A function may import its library only when it is called.
    for name in _numpy_then_imported():
        convert = library_of_reference(name).convert
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                given = rebuild((args, dict(more)), functools.partial(_converted, convert))
                result = target(*given[0], **given[1])
                if any(map(_is_informative, _arrays(result))):
                    return True
        except BaseException:
            continue
    return False


def _numpy_then_imported() -> Iterator[str]:
    """Yield NumPy, and then each library that is imported by now."""
    yield "numpy"
    yield from imported_libraries()


def _converted(convert: Callable[[Any], Any], path: LeafPath, leaf: Any) -> Any:
    return convert(leaf) if isinstance(leaf, np.ndarray) else leaf


def _arrays(result: Any) -> Iterator[NDArray[Any]]:
    from sphinx_xpcaps.cases.trees import result_leaves

    for _, leaf in result_leaves(result, lambda x: library_of(type(x)) in backends()):
        library = library_of(type(leaf))
        yield np.asarray(get_backend(library).to_numpy(leaf) if library in backends() else leaf)


def _is_informative(array: NDArray[Any]) -> bool:
    if array.dtype.kind not in "biufc" or array.size == 0:
        return False
    return array.dtype.kind in "biu" or bool(np.isfinite(array).any())


def call_text(
    name: str,
    known: Sequence[Parameter],
    args: Sequence[Any],
    more: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """Return the text of a made-up call, in which arrays are shown by dtype and shape."""
    given = {parameter.name: arg for parameter, arg in zip(known, args, strict=True)}
    shown = [f"{parameter}={_show(arg)}" for parameter, arg in (*given.items(), *more.items())]
    return f"{name.rpartition('.')[2]}({', '.join(shown)})"


def _show(arg: Any) -> str:
    if isinstance(arg, np.ndarray):
        return f"<{arg.dtype} {arg.shape}>"
    return f"[{', '.join(map(_show, arg))}]" if isinstance(arg, list) else repr(arg)
