"""Test changing the arguments of a call in source text."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sphinx_xpcaps.declared.edit import EditError, SourceText, apply, arguments, change_call


def change(text: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return `text` with the arguments of its decorator changed."""
    source = SourceText(text)
    (decorator,) = ast.parse(text).body[0].decorator_list  # type: ignore[attr-defined]
    call = source.call_at(decorator.lineno, decorator.col_offset)
    assert call is not None
    return apply(text, [change_call(source, call, before, after)])


def keywords(text: str) -> dict[str, Any]:
    """Return the keywords of the decorator."""
    (decorator,) = ast.parse(text).body[0].decorator_list  # type: ignore[attr-defined]
    return {k.arg: ast.literal_eval(k.value) for k in decorator.keywords}


DEF = "def f(x): return x\n"


@pytest.mark.parametrize(
    ("text", "before", "after", "changed"),
    [
        ("@d()\n", {}, {"a": True}, "@d(a=True)\n"),
        ("@d(a=True)\n", {"a": True}, {}, "@d()\n"),
        ("@d(\n    a=True,\n)\n", {"a": True}, {}, "@d()\n"),
        ("@d(a=1, b=2, c=3)\n", {"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3}, "@d(a=1, c=3)\n"),
        (
            "@d(\n    a=1,  # one\n    b=2,  # two\n)\n",
            {"a": 1, "b": 2},
            {"a": 1, "b": 2, "c": 3},
            "@d(\n    a=1,  # one\n    b=2,  # two\n    c=3,\n)\n",
        ),
        (
            "@d(a=[('x', 'é')], b=('y',))\n",
            {"a": [("x", "é")], "b": ["y"]},
            {"a": [("x", "é"), ("z", "it's")], "b": ["y", "w"]},
            "@d(a=[('x', 'é'), ('z', \"it's\")], b=['y', 'w'])\n",
        ),
        (
            "@d(a=[\n    1,  # one\n    2,  # two\n    3  # three\n])\n",
            {"a": [1, 2, 3]},
            {"a": [1, 4]},
            "@d(a=[\n    1,  # one\n    4,\n])\n",
        ),
        (
            "@d(a=[1,\n      2,\n      3])\n",
            {"a": [1, 2, 3]},
            {"a": [1, 3, 4]},
            "@d(a=[1,\n      3,\n      4])\n",
        ),
        ("@m.d (a = 1 , b=2)\n", {"a": 1, "b": 2}, {"a": 5, "b": 2}, "@m.d (a=5 , b=2)\n"),
    ],
)
def test_only_changed_arguments_are_rewritten(
    text: str, before: dict[str, Any], after: dict[str, Any], changed: str
) -> None:
    assert change(text + DEF, before, after) == changed + DEF


@pytest.mark.parametrize(
    ("text", "before", "named"),
    [
        ("@d(a=NAMES)\n", {"a": ["x", "y"]}, "NAMES"),
        ("@d(a=[*NAMES])\n", {"a": ["x", "y"]}, r"\[\*NAMES\]"),
        ("@d(**ALL)\n", {"a": ["x", "y"]}, "a"),
    ],
)
def test_error_names_arguments_that_are_not_literals(
    text: str, before: dict[str, Any], named: str
) -> None:
    with pytest.raises(EditError, match=f"^{named}$"):
        change(text + DEF, before, {"a": ["x"]})


WORDS = st.text("ab é'\"\\#(,\n", max_size=5)
LIMITS = st.lists(st.tuples(WORDS, WORDS), max_size=3, unique=True)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "flag": st.just(True),
        "count": st.integers(1, 3),
        "reason": WORDS,
        "limits": LIMITS.filter(bool),
        "names": st.lists(WORDS, min_size=1, max_size=3, unique=True),
    },
)


def in_lines(found: dict[str, Any]) -> str:
    """Return keywords as the arguments of a call, with each item on a separate line."""
    lines = []
    for name, value in found.items():
        if isinstance(value, list):
            items = "".join(f"        {item!r},  # ),(\n" for item in value)
            lines.append(f"    {name}=[\n{items}    ],\n")
        else:
            lines.append(f"    {name}={value!r},  # as is\n")
    return "\n" + "".join(lines) if lines else ""


@pytest.mark.parametrize("written", [arguments, in_lines])
@given(before=VALUES, after=VALUES)
def test_changed_call_has_the_new_arguments_in_any_style(
    written: Any, before: dict[str, Any], after: dict[str, Any]
) -> None:
    text = f"@d({written(before)})\n{DEF}"
    assert keywords(text) == before
    found = keywords(change(text, before, after))
    # What is new in a list goes behind what stays.
    assert {name: _unordered(value) for name, value in found.items()} == {
        name: _unordered(value) for name, value in after.items()
    }


def _unordered(value: Any) -> Any:
    return set(value) if isinstance(value, list) else value
