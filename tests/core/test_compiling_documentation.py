"""The documentation of `lazy_apply` and `autojit`: every example gives what it shows."""

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
    """Let JAX have the defaults that the examples show."""
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", False)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("page", ["lazy_apply.md", "autojit.md"])
def test_examples_on_the_page_give_what_they_show(page: str) -> None:
    text = (PAGES / page).read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    parsed = doctest.DocTestParser().get_doctest(examples, {}, page, page, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(parsed)
    assert len(parsed.examples) > 10
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("name", ["core.lazy_apply.api", "core.lazy_apply.signature"])
def test_examples_of_lazy_apply_give_what_they_show(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", ["core.autojit.api", "core.backends.registry"])
def test_examples_of_autojit_give_what_they_show(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
