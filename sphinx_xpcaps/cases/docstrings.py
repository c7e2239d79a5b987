"""Read the parameters that docstrings of different styles describe."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

_GOOGLE = re.compile(
    r"^(?P<indent>[ \t]*)(?:(?:Keyword |Other )?(?:Args|Arguments|Parameters|Params)):[ \t]*\n"
    r"(?P<body>(?:(?P=indent)[ \t]+\S.*(?:\n|\Z)|[ \t]*\n)+)",
    re.MULTILINE,
)
_GOOGLE_ENTRY = re.compile(
    r"^(?P<names>\*{0,2}\w+(?:[ \t]*,[ \t]*\*{0,2}\w+)*)[ \t]*"
    r"(?:\((?P<type>.*?)\))?[ \t]*:(?=\s|$)(?P<meaning>.*)"
)
_FIELD = re.compile(
    r"^[ \t]*:(?:param|parameter|arg|argument)[ \t]+(?:(?P<type>[^:\n]*?)[ \t]+)?\*{0,2}"
    r"(?P<name>\w+)[ \t]*:(?P<meaning>.*(?:\n[ \t]+[^:\s].*)*)",
    re.MULTILINE,
)
_TYPE_FIELD = re.compile(r"^[ \t]*:type[ \t]+(?P<name>\w+)[ \t]*:[ \t]*(?P<type>.*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Documented:
    """A parameter as a docstring describes it."""

    name: str
    type: str = ""
    meaning: str = ""


def documented(function: Any) -> dict[str, Documented]:
    """Return the parameters in the docstring of a function or class by name, in the same order.

    The sections of numpydoc and of Google's style and the fields of Sphinx are read.
    """
    texts = [inspect.getdoc(function)]
    if inspect.isclass(function):
        texts.append(inspect.getdoc(function.__init__))
    found: dict[str, Documented] = {}
    for text in filter(None, texts):
        for read in (_numpydoc, _google, _fields):
            for each in read(text):
                found.setdefault(each.name, each)
    return found


def _numpydoc(text: str) -> Iterator[Documented]:
    from numpydoc.docscrape import NumpyDocString

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sections = NumpyDocString(text)
    except Exception:  # a docstring of another style
        return
    for title in ("Parameters", "Other Parameters"):
        for entry in sections[title]:
            # "x: array_like", without the space that numpydoc requires, is common.
            names, _, rest = entry.name.partition(":")
            words, meaning = entry.type or rest.strip(), " ".join(entry.desc)
            for name in map(str.strip, names.split(",")):
                yield Documented(name, words, meaning)


def _google(text: str) -> Iterator[Documented]:
    for section in _GOOGLE.finditer(text):
        lines = inspect.cleandoc("\n" + section["body"]).splitlines()
        current: list[Documented] = []
        for line in lines:
            entry = _GOOGLE_ENTRY.match(line)
            if entry:
                yield from current
                kind, meaning = entry["type"] or "", entry["meaning"].strip()
                names = map(str.strip, entry["names"].split(","))
                current = [Documented(name, kind, meaning) for name in names]
            elif line[:1].isspace():
                more = line.strip()
                current = [replace(each, meaning=f"{each.meaning} {more}") for each in current]
        yield from current


def _fields(text: str) -> Iterator[Documented]:
    types = {field["name"]: field["type"].strip() for field in _TYPE_FIELD.finditer(text)}
    for field in _FIELD.finditer(text):
        name = field["name"]
        meaning = " ".join(field["meaning"].split())
        yield Documented(name, types.get(name) or (field["type"] or "").strip(), meaning)
