"""Read the parameters of a callable from its docstring and its signature."""

from __future__ import annotations

import inspect
import re
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

_ARRAY_LIKE = re.compile(
    r"array[-_ ]?like|ndarray|\barrays?\b|\btensors?\b|\bmatrix\b|\bmatrices\b|\bsequences?\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\b(tuple|sequence|list)s? of (int|str|tuple|callable|func)", re.IGNORECASE)
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
        return bool(_ARRAY_LIKE.search(words)) and not _COUNTED.search(words)

    @property
    def is_size(self) -> bool:
        """Whether it is documented or named as a shape, size or axes, which are not arrays."""
        return bool(_COUNTED.search(self.type) or _SIZES.fullmatch(self.name))


def parameters(function: Any) -> tuple[Parameter, ...]:
    """Return the parameters of `function` in the order of a call, without ``self``.

    Types come from the numpydoc section "Parameters", or else from the annotations. The parameters
    of a callable without a signature, such as a ufunc, come from its docstring.
    """
    documented = documented_parameters(function)
    if isinstance(function, np.ufunc):
        names = list(documented)[: function.nin] or [f"x{i + 1}" for i in range(function.nin)]
        inputs = [Parameter(name, "array_like") for name in names]
        return (*inputs, *(Parameter("out", "ndarray", False) for _ in range(function.nout)))
    signature = signature_of(function)
    if signature is None:
        return tuple(documented.values())
    # A wrapper may take ``*args`` or positional-only names in place of the documented
    # parameters, which then come in the order of the docstring.
    hidden = [each for name, each in documented.items() if name not in signature.parameters]
    found: list[Parameter] = []
    for parameter in signature.parameters.values():
        name, stars = parameter.name, _STARS.get(parameter.kind, "")
        if name in ("self", "cls"):
            continue
        known = documented.get(stars + name) or documented.get(name)
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
    from numpydoc.docscrape import NumpyDocString

    texts = [inspect.getdoc(function)]
    if inspect.isclass(function):
        texts.append(inspect.getdoc(function.__init__))
    found: dict[str, Parameter] = {}
    for text in texts:
        if not text:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                sections = NumpyDocString(text)
        except Exception:  # a docstring of another style
            continue
        for title in ("Parameters", "Other Parameters"):
            for entry in sections[title]:
                # "x: array_like", without the space that numpydoc requires, is common.
                names, _, rest = entry.name.partition(":")
                words, meaning = entry.type or rest.strip(), " ".join(entry.desc)
                for name in map(str.strip, names.split(",")):
                    required = "optional" not in words
                    found.setdefault(name, Parameter(name, words, required, meaning))
    return found


def _annotation(parameter: inspect.Parameter) -> str:
    words = parameter.annotation
    if words is parameter.empty:
        return ""
    return words if isinstance(words, str) else getattr(words, "__name__", str(words))
