"""Test finding example code in docstrings."""

from __future__ import annotations

import pytest

from sphinx_xpcaps.cases.example_code import prompts, statements


@pytest.mark.parametrize(
    "text",
    [
        ".. testcode::\n\n    f(1)\n\n.. testoutput::\n\n    2\n",
        ".. jupyter-execute::\n\n    f(1)\n",
        ".. plot::\n   :include-source:\n\n    f(1)\n",
        ".. code-block:: python\n   :caption: how\n   :linenos:\n\n   f(1)\n",
        ".. code-block::\n\n   f(1)\n",
        "Use it so::\n\n    f(1)\n\nText.\n",
        ":::{code-block} python\nf(1)\n:::\n",
        "```{code-block} python\n:linenos:\nf(1)\n```\n",
        "```{code-cell}\n---\ntags: [a]\n---\nf(1)\n```\n",
        "```python\nf(1)\n```\n",
        "~~~python\nf(1)\n~~~\n",
        "In [1]: f(\n   ...:     1)\nOut[1]: 2\n",
    ],
)
def test_blocks_of_code_are_found(text: str) -> None:
    assert list(statements(text, "f")) == ["f(1)"]
    assert not prompts(text)


@pytest.mark.parametrize(
    "text",
    [
        ".. code-block:: console\n\n    f(1)\n",
        "```yaml\nf(1)\n```\n",
        "Text::\n\n    word\n",
        ".. note:: Text.\n\n    f(1)\n",
        ".. doctest-skip::\n\n    >>> f(1)\n    2\n",
        ">>> f(1)  # doctest: +SKIP\n",
    ],
)
def test_other_blocks_and_skipped_code_are_left_out(text: str) -> None:
    assert not list(statements(text, "f"))
    assert not prompts(text)


def test_a_badly_written_prompt_affects_only_itself() -> None:
    text = ">>> y = f(\n... 1)\n>>>print(y)\n2\n>>> f(2)\n"
    assert prompts(text) == ["y = f(\n1)\n", "print(y)\n", "f(2)\n"]


def test_a_literal_block_with_a_formula_is_no_example() -> None:
    text = "Values are close if::\n\n    absolute(a - b) <= atol\n\nand as in::\n\n    f(1)\n"
    assert list(statements(text, "f")) == ["f(1)"]


def test_a_literal_block_with_the_body_of_a_function_is_no_example() -> None:
    text = "The threshold is::\n\n    if x < low:\n        return 0\n    return func(x)\n"
    assert list(statements(text, "func")) == []
