"""Corrected decorators, as a difference of the files in which they stand."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.testing import Capabilities
from sphinx_xpcaps.declared.arguments import corrected, of
from sphinx_xpcaps.declared.edit import CannotEdit, Change, Source, apply, arguments, change_call
from sphinx_xpcaps.declared.model import Declaration, Declarations, Findings, Place
from sphinx_xpcaps.results.view import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A unified diff, and a line for each declaration that it cannot correct."""

    text: str
    left: tuple[str, ...] = ()


@dataclass(slots=True)
class _File:
    """A file with its changes; functions that share a decorator share a change."""

    source: Source
    folder: Path
    changes: dict[tuple[int, int], Change] = field(default_factory=dict)


def patch(
    declarations: Declarations, tables: Mapping[str, Table], findings: Findings, *, base: Path
) -> Patch:
    """Return what makes every declaration say what was measured, but for known differences.

    Parameters
    ----------
    declarations : Declarations
        What is declared.
    tables : mapping of str to Table
        What was measured.
    findings : Findings
        What differs.
    base : Path
        The folder that paths in the diff are relative to; a file elsewhere is named from the
        folder of its package.
    """
    files: dict[str, _File] = {}
    left = []
    for target in sorted({difference.target for difference in findings.differences}):
        declaration = declarations.entries[target]
        accepted = {of(known) for known in findings.known if known.target == target}
        new = corrected(declaration, tables[target], accepted=accepted)
        if new is None:
            left.append(f"{target}: no arguments say all that was measured; correct it by hand")
        elif problem := _correct(declaration, new, declarations.spelling, files):
            left.append(problem)
    text = "".join(_diff(name, file, base) for name, file in sorted(files.items()))
    return Patch(text=text, left=tuple(left))


def _correct(
    declaration: Declaration,
    new: Capabilities,
    spelling: Mapping[str, str],
    files: dict[str, _File],
) -> str | None:
    """Add the change that a declaration needs, or return a line saying why there is none."""
    target, declared = declaration.target, declaration.capabilities
    after = _spelled(new.keywords(), spelling)
    words = f"its arguments should be ({arguments(after)})"
    if declared is None:
        return f"{target} is not declared; {words}"
    if declaration.place is None:
        return f"{target} is not declared by a decorator of its own in a source file; {words}"
    try:
        _change(declaration.place, _spelled(declared.keywords(), spelling), after, files)
    except CannotEdit as error:
        return f"{target}: {error} is not written out in its decorator; {words}"
    except (OSError, SyntaxError, ValueError) as error:
        return f"{target}: {declaration.place.file} cannot be read: {error}"
    return None


def _change(
    place: Place, before: Mapping[str, Any], after: Mapping[str, Any], files: dict[str, _File]
) -> None:
    known = files.get(place.file)
    file = known or _File(Source(Path(place.file).read_text("utf-8")), Path(place.package))
    call = file.source.call_at(place.line, place.column)
    if call is None:
        raise CannotEdit("the call")
    file.changes[place.line, place.column] = change_call(file.source, call, before, after)
    files[place.file] = file


def _diff(name: str, file: _File, base: Path) -> str:
    before = file.source.text
    after = apply(before, list(file.changes.values()))
    path = Path(name)
    shown = path.relative_to(base if path.is_relative_to(base) else file.folder).as_posix()
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{shown}",
        f"b/{shown}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _spelled(keywords: Mapping[str, Any], spelling: Mapping[str, str]) -> dict[str, Any]:
    """Return keywords with each backend called as the table calls it."""
    spelled = dict(keywords)
    for name in ("skip_backends", "xfail_backends", "warnings"):
        if name in spelled:
            spelled[name] = [(_renamed(limit[0], spelling), *limit[1:]) for limit in spelled[name]]
    if "exceptions" in spelled:
        spelled["exceptions"] = [spelling.get(each, each) for each in spelled["exceptions"]]
    return spelled


def _renamed(text: str, spelling: Mapping[str, str]) -> str:
    """Return a backend, perhaps with versions, by the table's name for it."""
    for i, character in enumerate(text):
        if character in "<>=!~":
            return spelling.get(text[:i], text[:i]) + text[i:]
    return spelling.get(text, text)
