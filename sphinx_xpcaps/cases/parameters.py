"""Read the parameters of a callable from its docstring and its signature."""

from __future__ import annotations

import inspect
import re
import types
from dataclasses import dataclass, replace
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

import numpy as np

from sphinx_xpcaps.cases.docstrings import documented

_ARRAY_LIKE = re.compile(
    r"array[-_ ]?like|(nd|\b|_)arrays?\b|(\b|_)tensors?\b|\bmatrix\b|\bmatrices\b|\bsequences?\b",
    re.IGNORECASE,
)
_ARRAY_CLASS = re.compile(r"\b_?[A-Z]\w*(Array|Tensor|Matrix|Vector)\w*\b|\bArray[A-Z]?\w*\b")
"""Names of classes and aliases, such as ``FloatArray``."""
_FUNCTION = re.compile(r"(\w+\.)*(callable|function)\b", re.IGNORECASE)
_COUNTED = re.compile(
    r"\b(tuple|sequence|list)s?( of |\[)(int|str|tuple|callable|func)", re.IGNORECASE
)
_SIZES = re.compile(r"(\w+_)?(shape|sizes?|axis|axes|dims?)")

_STARS: dict[Any, str] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter with its documented type, if it has one."""

    name: str
    type: str = ""
    required: bool = True
    meaning: str = ""
    """The description in the docstring."""

    @property
    def is_array_like(self) -> bool:
        """Whether the documented type is an array or array-like."""
        words = self.type.partition(", optional")[0]
        if _FUNCTION.match(words):
            return False
        if _ARRAY_CLASS.search(words):
            return True
        return bool(_ARRAY_LIKE.search(words)) and not _COUNTED.search(words)

    @property
    def is_size(self) -> bool:
        """Whether it is documented or named as a shape, size or axes, which are not arrays."""
        return bool(_COUNTED.search(self.type) or _SIZES.fullmatch(self.name))


def parameters(function: Any) -> tuple[Parameter, ...]:
    """Return the parameters of `function` in the order of a call, without ``self``.

    Types come from the docstring, or else from the annotations. The parameters
    of a callable without a signature, such as a ufunc, come from its docstring.
    """
    described = documented_parameters(function)
    if isinstance(function, np.ufunc):
        names = list(described)[: function.nin] or [f"x{i + 1}" for i in range(function.nin)]
        inputs = [Parameter(name, "array_like") for name in names]
        return (*inputs, *(Parameter("out", "ndarray", False) for _ in range(function.nout)))
    signature = signature_of(function)
    if signature is None:
        return tuple(described.values())
    # A wrapper may take ``*args`` or positional-only names in place of the documented
    # parameters, which then come in the order of the docstring.
    hidden = [each for name, each in described.items() if name not in signature.parameters]
    found: list[Parameter] = []
    for parameter in signature.parameters.values():
        name, stars = parameter.name, _STARS.get(parameter.kind, "")
        if name in ("self", "cls"):
            continue
        known = described.get(stars + name) or described.get(name)
        words = known.type if known and known.type else _annotation(parameter)
        if not words and hidden and stars == "*":
            found.extend(replace(each, required=True) for each in hidden)
            continue
        if not words and hidden and parameter.kind is parameter.POSITIONAL_ONLY:
            known = hidden.pop(0)
            name, words = known.name, known.type
        required = parameter.default is parameter.empty and not stars
        meaning = known.meaning if known else ""
        found.append(Parameter(stars + name, words, required, meaning))
    return tuple(found)


def signature_of(function: Any) -> inspect.Signature | None:
    """Return the signature of `function`, or None if it has none."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def documented_parameters(function: Any) -> dict[str, Parameter]:
    """Return the parameters in the docstring by name, in the same order."""
    return {
        name: Parameter(name, each.type, "optional" not in each.type, each.meaning)
        for name, each in documented(function).items()
    }


def _annotation(parameter: inspect.Parameter) -> str:
    """Return the annotation of a parameter as text, with aliases replaced by what they name."""
    found = parameter.annotation
    return "" if found in (parameter.empty, Any, "Any") else _type_text(found)


def _type_text(kind: Any) -> str:
    if isinstance(kind, str):
        return kind
    if isinstance(kind, TypeVar):
        inner = [kind.__bound__] if kind.__bound__ is not None else kind.__constraints__
        return " | ".join(map(_type_text, inner)) or kind.__name__
    if hasattr(kind, "__value__"):  # a type alias
        return f"{getattr(kind, '__name__', '')} | {_type_text(kind.__value__)}"
    if isinstance(kind, ForwardRef):
        return kind.__forward_arg__
    arguments = get_args(kind)
    if not arguments or get_origin(kind) in (Literal, np.ndarray):
        plain = isinstance(kind, type) or (get_origin(kind) is np.ndarray)
        return getattr(kind, "__name__", str(kind)) if plain else str(kind)
    if get_origin(kind) in (Union, types.UnionType):
        return " | ".join(map(_type_text, arguments))
    if get_origin(kind) is Annotated:
        return " ".join(map(str, (_type_text(arguments[0]), *arguments[1:])))
    name = getattr(get_origin(kind), "__name__", str(get_origin(kind)))
    return f"{name}[{', '.join(map(_type_text, arguments))}]"
