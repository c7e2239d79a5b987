"""The command ``diff``: what changed between two records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import click

from sphinx_xpcaps.cli.formats import (
    Code,
    Format,
    csv_table,
    format_option,
    json_text,
    markdown,
    markdown_table,
)
from sphinx_xpcaps.cli.records import FILE, read_all, tables_of
from sphinx_xpcaps.results.changes import (
    Change,
    ChangeKind,
    changes,
    environment_changes,
    new_reason,
)
from sphinx_xpcaps.results.labels import DEVICES, cell_text, title
from sphinx_xpcaps.results.model import Cell
from sphinx_xpcaps.results.view import backends_of

_HEADINGS: Mapping[ChangeKind, tuple[str, str]] = {
    ChangeKind.REGRESSION: ("regression", "regressions"),
    ChangeKind.GAIN: ("gain", "gains"),
    ChangeKind.REASON: ("changed reason", "changed reasons"),
    ChangeKind.NEW_TARGET: ("new target", "new targets"),
    ChangeKind.LOST_TARGET: ("lost target", "lost targets"),
    ChangeKind.MEASURED: ("newly measured cell", "newly measured cells"),
    ChangeKind.UNMEASURED: ("cell no longer measured", "cells no longer measured"),
}
_OPEN = (ChangeKind.REGRESSION, ChangeKind.GAIN)
"""The kinds that a comment shows without a click."""
_LONGEST_COMMENT = 60_000
"""Number of characters; GitHub accepts 65,536."""
_HEADER = ("Target", "Library", "Device", "Before", "Now", "Reason")


@click.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@format_option(Format.TEXT, Format.MARKDOWN, Format.JSON, Format.CSV)
def diff(old: Path, new: Path, style: Format) -> None:
    """Compare the records in the files OLD and NEW.

    The result lists regressions, gains, changed reasons, new and lost targets, and cells that are
    measured in one of the files only. The Markdown suits a comment on a pull request.

    The exit status is 0 if nothing differs, 1 if something differs, and 2 if a file cannot be read.
    """
    before, after = read_all([old]), read_all([new])
    backends = backends_of([*before, *after])
    found = changes(tables_of(before, backends), tables_of(after, backends))
    environment = environment_changes(before, after)
    if style is Format.JSON:
        output = json_text({"environment": environment, "changes": list(map(_plain, found))})
    elif style is Format.CSV:
        output = csv_table(("Change", *_HEADER), ([change.kind, *_row(change)] for change in found))
    elif style is Format.MARKDOWN:
        output = _markdown(found, environment)
    else:
        output = _text(found, environment)
    click.echo(output, nl=False)
    if found:
        raise SystemExit(1)


def _groups(found: Sequence[Change]) -> Iterator[tuple[ChangeKind, list[Change]]]:
    for kind, group in groupby(found, key=lambda change: change.kind):
        yield kind, list(group)


def _count(kind: ChangeKind, number: int) -> str:
    return f"{number} {_HEADINGS[kind][number != 1]}"


def _summary(found: Sequence[Change]) -> str:
    return ", ".join(_count(kind, len(group)) for kind, group in _groups(found)) or "no differences"


def _text(found: Sequence[Change], environment: Sequence[str]) -> str:
    lines = [f"Environment: {', '.join(environment)}"] if environment else []
    for kind, group in _groups(found):
        lines.append(f"{_count(kind, len(group))}:")
        lines += [f"  {_line(change)}" for change in group]
    return "\n".join([*lines, _summary(found)]) + "\n"


def _line(change: Change) -> str:
    if not change.backend:
        return change.target
    before, now = cell_text(change.old), cell_text(change.new)
    reason = new_reason(change)
    where = f"{title(change.backend)} on {DEVICES.get(change.device, change.device)}"
    status = now if before == now else f"{before} → {now}"
    return f"{change.target}: {where}: {status}" + (f": {reason}" if reason else "")


def _row(change: Change) -> tuple[str | Code, ...]:
    library = title(change.backend) if change.backend else ""
    return (
        Code(change.target),
        library,
        DEVICES.get(change.device, change.device),
        cell_text(change.old),
        cell_text(change.new),
        Code(new_reason(change)),
    )


def _markdown(found: Sequence[Change], environment: Sequence[str]) -> str:
    """Return a comment: regressions and gains first, the rest behind a click."""
    parts = [f"**Array library support: {markdown(_summary(found))}**\n"]
    if environment:
        parts.append(f"Environment: {markdown(', '.join(environment))}\n")
    room = _LONGEST_COMMENT
    for kind, group in _groups(found):
        heading = _count(kind, len(group))
        block, shown = _block(group, room)
        left = len(group) - shown
        more = f"\nand {left} more\n" if left else ""
        if kind in _OPEN:
            text = f"### {heading.capitalize()}\n\n{block}{more}"
        else:
            text = f"<details><summary>{heading}</summary>\n\n{block}{more}\n</details>\n"
        parts.append(text)
        room -= len(text)
    return "\n".join(parts)


def _block(group: Sequence[Change], room: int) -> tuple[str, int]:
    """Return a list or table of the first changes of a group, and how many fit into it."""
    shown = len(group)
    while True:
        some = group[:shown]
        if group[0].backend:
            text = markdown_table(_HEADER, map(_row, some)) if some else ""
        else:
            text = "".join(f"- {markdown(Code(change.target))}\n" for change in some)
        if len(text) <= max(room, 0) or not shown:
            return text, shown
        shown //= 2


def _plain(change: Change) -> dict[str, object]:
    plain: dict[str, object] = {"kind": change.kind, "target": change.target}
    if change.backend:
        plain |= {"backend": change.backend, "device": change.device}
        plain |= {"old": _plain_cell(change.old), "new": _plain_cell(change.new)}
    return plain


def _plain_cell(cell: Cell | None) -> dict[str, object] | None:
    if cell is None:
        return None
    return {
        "status": cell.status,
        "notes": cell.notes,
        "modes": dict(cell.modes),
        "expected": cell.expected,
        "reasons": cell.reasons,
    }
