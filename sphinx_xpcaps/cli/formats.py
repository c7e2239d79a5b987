"""Tables as Markdown, CSV, HTML and JSON.

Texts may come from records, which are untrusted: they are escaped for each format.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import click
import msgspec

from sphinx_xpcaps.results.labels import one_line

Command = TypeVar("Command", bound=Callable[..., None])

_MARKDOWN = re.compile(r"([\\`*_\[\]|~])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_REFERENCES = re.compile(r"([@#])(?=\w)")
_FORMULA = re.compile(r"[=+\-@\t\r]")


class Format(StrEnum):
    """How results are printed."""

    TEXT = "text"
    MARKDOWN = "md"
    CSV = "csv"
    HTML = "html"
    JSON = "json"


def format_option(*formats: Format) -> Callable[[Command], Command]:
    """Return the option ``--format``, whose default is the first of `formats`."""
    option: Callable[[Command], Command] = click.option(
        "--format",
        "style",
        type=click.Choice([str(each) for each in formats]),
        default=str(formats[0]),
        show_default=True,
        callback=lambda _context, _parameter, value: Format(value),
        help="How the results are printed.",
    )
    return option


@dataclass(frozen=True, slots=True)
class Code:
    """A text that is shown as code, such as a name or a call."""

    text: str


Value = str | Code


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Return a table in GitHub's Markdown."""
    lines = [
        f"| {' | '.join(map(markdown, header))} |",
        f"|{' --- |' * len(header)}",
        *(f"| {' | '.join(map(markdown, row))} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def markdown(value: Value) -> str:
    """Return Markdown that shows a text as it is, on one line.

    Names after ``@`` and numbers after ``#`` do not become links, since a comment would notify the
    people that they name.

    Examples
    --------
    >>> print(markdown("a|b *c* @user"))
    a\\|b \\*c\\* @<!-- -->user
    >>> print(markdown(Code("f(x)")))
    `f(x)`
    """
    if isinstance(value, Code):
        text = one_line(value.text, 500)
        quotes = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
        space = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{quotes}{space}{text}{space}{quotes}".replace("|", "\\|") if text else ""
    text = _MARKDOWN.sub(r"\\\1", one_line(value, 500))
    text = "".join(_HTML.get(character, character) for character in text)
    return _REFERENCES.sub(r"\1<!-- -->", text)


def csv_table(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Return a table as CSV; texts that a spreadsheet would calculate begin with an apostrophe."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_csv_text(value) for value in row])
    return stream.getvalue()


def html_table(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Return an HTML table; the first column has the headers of the rows."""
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in header)
    lines = [f"<table>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>"]
    for first, *others in rows:
        cells = "".join(f"<td>{_html_text(value)}</td>" for value in others)
        lines.append(f'<tr><th scope="row">{_html_text(first)}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody>", "</table>"]) + "\n"


def json_text(content: Any) -> str:
    """Return JSON with sorted keys."""
    encoded = msgspec.json.encode(content, order="sorted")
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def table(style: Format, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Return a table as Markdown, CSV or HTML."""
    if style is Format.CSV:
        return csv_table(header, rows)
    return html_table(header, rows) if style is Format.HTML else markdown_table(header, rows)


def _csv_text(value: Value) -> str:
    text = value.text if isinstance(value, Code) else value
    return f"'{text}" if _FORMULA.match(text) else text


def _html_text(value: Value) -> str:
    if isinstance(value, Code):
        return f"<code>{html.escape(value.text)}</code>" if value.text else ""
    return html.escape(value)
