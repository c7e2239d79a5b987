"""The examples in the documentation of `lazy_apply` and `autojit`."""

from __future__ import annotations

import doctest
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "core"


@pytest.fixture(autouse=True)
def single_precision() -> Iterator[None]:
    """Set the default precision of JAX, which the examples show."""
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", False)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("page", ["lazy_apply.md", "autojit.md", "limits.md"])
def test_the_examples_of_the_pages_are_correct(page: str) -> None:
    text = (PAGES / page).read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    parsed = doctest.DocTestParser().get_doctest(examples, {}, page, page, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(parsed)
    assert len(parsed.examples) > 10
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("name", ["core.lazy_apply.api", "core.lazy_apply.signature"])
def test_the_docstring_examples_of_lazy_apply_are_correct(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize(
    "name", ["core.autojit.api", "core.autojit.arguments", "core.backends.registry"]
)
def test_the_docstring_examples_of_autojit_are_correct(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
