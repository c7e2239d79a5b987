"""The documentation of lazy arrays: examples run, and all public names are documented."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import core.lazy
from core import lazy
from core.lazy.namespace import EXTRAS, FUNCTIONS

MODULES = [
    one.name for one in pkgutil.walk_packages(core.lazy.__path__, "core.lazy.") if not one.ispkg
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_correct(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_every_public_name_is_documented() -> None:
    undocumented = [name for name in dir(lazy) if callable(value(name)) and not doc(value(name))]
    methods = [
        name
        for name in dir(lazy.LazyArray)
        if not name.startswith("_") and not doc(getattr(lazy.LazyArray, name))
    ]
    assert undocumented == []
    assert methods == []


def value(name: str) -> Any:
    return getattr(lazy, name)


def doc(thing: Any) -> str:
    return (thing.__doc__ or "").strip()


def test_docstrings_of_functions_have_the_sections_of_numpydoc() -> None:
    for name in ("sin", "add", "sum", "zeros", "reshape", "einsum"):
        text = doc(value(name))
        assert "Parameters\n----------" in text
        assert "Returns\n-------" in text


def test_the_page_of_functions_lists_every_function() -> None:
    page = (Path(__file__).parents[3] / "docs/core/lazy_functions.md").read_text()
    shown = re.findall(r"autofunction:: (?:core.lazy::)?(\S+)", page)
    assert sorted(shown) == sorted({*FUNCTIONS, *EXTRAS})


def test_a_docstring_describes_the_result() -> None:
    assert "A named tuple of `U`, `S`, `Vh`." in doc(lazy.linalg.svd)
    assert "Returns\n-------\nlist of LazyArray\n" in doc(value("meshgrid"))
