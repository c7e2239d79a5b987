"""Change the arguments of a call in source text and keep everything else as written."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class EditError(Exception):
    """Arguments are not literals in the call; the message names them."""


class SourceText:
    """A source text that maps positions in its syntax tree to offsets.

    Parameters
    ----------
    text : str
        The whole file.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a position; `ast` counts columns in bytes."""
        before = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(before)

    def span(self, node: ast.expr | ast.keyword) -> tuple[int, int]:
        """Return the offsets of the start and end of a node."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self.offset(node.lineno, node.col_offset),
            self.offset(node.end_lineno, node.end_col_offset),
        )

    def call_at(self, line: int, column: int) -> ast.Call | None:
        """Return the call that starts at a position, or None."""
        for node in ast.walk(ast.parse(self.text)):
            if isinstance(node, ast.Call) and (node.lineno, node.col_offset) == (line, column):
                return node
        return None


@dataclass(frozen=True, slots=True)
class Edit:
    """Replacement of a range of the text."""

    begin: int
    end: int
    text: str


def change_call(
    source: SourceText, call: ast.Call, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Edit:
    """Return the change that sets the arguments of `call` to `after`.

    Parameters
    ----------
    source : SourceText
        The file.
    call : ast.Call
        A call with keyword arguments only.
    before, after : mapping
        Current and new values of the arguments, without defaults. Values can be written as
        literals.

    Raises
    ------
    EditError
        An argument to change is not a literal in the call.
    """
    begin, end = source.span(call)
    opened = source.text.index("(", source.span(call.func)[1]) + 1
    present = {keyword.arg: keyword for keyword in call.keywords}
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    texts: dict[int, str | None] = {}
    added = []
    quote = "'" if "'" in source.text[begin:end] and '"' not in source.text[begin:end] else '"'
    for name in changed:
        if name not in present:
            if None in present or name in before:
                raise EditError(name)
            added.append(f"{name}={_literal(after[name], quote)}")
            continue
        keyword = present[name]
        value = None
        if name in after:
            new = _value(source, keyword.value, before.get(name), after[name], quote)
            value = f"{name}={new}"
        texts[call.keywords.index(keyword)] = value
    inner = _sequence(source, opened, end - 1, call.keywords, texts, added)
    return Edit(opened, end - 1, inner)


def apply(text: str, edits: Sequence[Edit]) -> str:
    """Return `text` with `edits` applied, which must not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.begin, reverse=True):
        text = text[: edit.begin] + edit.text + text[edit.end :]
    return text


def _value(source: SourceText, node: ast.expr, before: Any, after: Any, quote: str) -> str:
    """Return the source of an argument; unchanged items of a list are kept as written."""
    if not isinstance(after, list):
        return _literal(after, quote)
    if not isinstance(node, ast.List | ast.Tuple) or len(node.elts) != len(before or ()):
        raise EditError(source.text[slice(*source.span(node))])
    left = list(after)
    texts: dict[int, str | None] = {}
    for i, item in enumerate(before or ()):
        if item in left:
            left.remove(item)
        else:
            texts[i] = None
    begin, end = source.span(node)
    added = [_literal(item, quote) for item in left]
    inner = _sequence(source, begin + 1, end - 1, node.elts, texts, added)
    if isinstance(node, ast.Tuple):  # a list needs no trailing comma
        inner = inner.removesuffix(",")
    return f"[{inner}]"


def _sequence(
    source: SourceText,
    begin: int,
    end: int,
    nodes: Sequence[ast.expr | ast.keyword],
    texts: Mapping[int, str | None],
    added: Sequence[str],
) -> str:
    """Return the text between two brackets with items replaced, removed (None) or added.

    Unchanged items keep the text after them: comma, comment and line break.
    """
    spans = [source.span(node) for node in nodes]
    items = [texts.get(i, source.text[b:e]) for i, (b, e) in enumerate(spans)]
    kept = [(i, text) for i, text in enumerate(items) if text is not None]
    if not kept:
        return ", ".join(added)
    ends = [*(b for b, _ in spans[1:]), end]
    tails = [source.text[e:after] for (_, e), after in zip(spans, ends, strict=True)]
    head = source.text[begin : spans[0][0]]
    between = _between(head, tails)
    last, _ = kept[-1]
    closing = tails[-1]
    if (
        "\n" in closing
    ):  # the closing bracket is on a separate line, and each item ends with a comma
        line = tails[last].rpartition("\n")[0]
        line = line if line.lstrip().startswith(",") else f",{line}"
        new = "".join(f"{between.lstrip(',')}{text}," for text in added)
        ending = f"{line}{new}{closing[closing.rindex(chr(10)) :]}"
    else:
        ending = "".join(between + text for text in added) + closing
    parts = [text + tails[i] for i, text in kept[:-1]]
    return head + "".join(parts) + kept[-1][1] + ending


def _between(head: str, tails: Sequence[str]) -> str:
    """Return the separator of two items: with a line break if there is one before the last."""
    before = tails[-2] if len(tails) > 1 else head
    return f",\n{before.rpartition(chr(10))[2]}" if "\n" in before else ", "


def _literal(value: Any, quote: str) -> str:
    """Return the source of `value`, with `quote` as the quotation mark."""
    if isinstance(value, str):
        text = repr(value)
        plain = text[1:-1]
        return f"{quote}{plain}{quote}" if quote not in plain and "\\" not in plain else text
    if isinstance(value, list | tuple):
        items = ", ".join(_literal(item, quote) for item in value)
        if isinstance(value, list):
            return f"[{items}]"
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, dict):
        pairs = (f"{_literal(k, quote)}: {_literal(v, quote)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    return repr(value)


def arguments(keywords: Mapping[str, Any]) -> str:
    """Return keywords as the source of the arguments of a call."""
    return ", ".join(f"{name}={_literal(value, chr(34))}" for name, value in keywords.items())
