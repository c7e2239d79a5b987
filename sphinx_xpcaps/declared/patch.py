"""Corrected decorators as a unified diff of their source files."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from core.testing import Capabilities
from sphinx_xpcaps.declared.correction import corrected, key_of
from sphinx_xpcaps.declared.edit import Edit, EditError, SourceText, apply, arguments, change_call
from sphinx_xpcaps.declared.model import Declaration, Declarations, DecoratorLocation, Findings
from sphinx_xpcaps.results.view import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A unified diff, and a message for each declaration that it does not correct."""

    text: str
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _DecoratorEdit:
    """The edit of a decorator, whose functions may be several."""

    location: DecoratorLocation
    source: SourceText
    edit: Edit


def patch(
    declarations: Declarations, tables: Mapping[str, Table], findings: Findings, *, base: Path
) -> Patch:
    """Return the changes that make all declarations agree with the measurements.

    Known differences are not corrected.

    Parameters
    ----------
    declarations : Declarations
        The current declarations.
    tables : mapping of str to Table
        The measurements.
    findings : Findings
        The differences.
    base : Path
        Paths in the diff are relative to this folder; those of files outside it are relative
        to the folder of their package.
    """
    edits: list[_DecoratorEdit] = []
    left = []
    for target in sorted({difference.target for difference in findings.differences}):
        declaration = declarations.entries[target]
        accepted = {key_of(known) for known in findings.known if known.target == target}
        new = corrected(declaration, tables[target], accepted=accepted)
        if new is None:
            left.append(f"{target}: no arguments agree with all measurements; correct it by hand")
            continue
        try:
            edits.append(_correction(declaration, new, declarations.backend_names))
        except _NotCorrectedError as error:
            left.append(str(error))
    by_file = groupby(sorted(edits, key=_file_of), key=_file_of)
    text = "".join(_diff(list(of_file), base) for _, of_file in by_file)
    return Patch(text=text, left=tuple(left))


class _NotCorrectedError(Exception):
    """A declaration cannot be corrected; the message is the reason and what to write."""


def _file_of(edit: _DecoratorEdit) -> str:
    return edit.location.file


def _correction(
    declaration: Declaration, new: Capabilities, backend_names: Mapping[str, str]
) -> _DecoratorEdit:
    """Return the edit that changes a declaration.

    Raises
    ------
    _NotCorrectedError
        It has no decorator in a source file that can be changed.
    """
    target, declared = declaration.target, declaration.capabilities
    after = _with_backend_names(new.keywords(), backend_names)
    advice = f"its arguments should be ({arguments(after)})"
    if declared is None:
        raise _NotCorrectedError(f"{target} is not declared; {advice}")
    if declaration.location is None:
        message = f"{target} is not declared by a decorator in a source file; {advice}"
        raise _NotCorrectedError(message)
    try:
        before = _with_backend_names(declared.keywords(), backend_names)
        return _edit(declaration.location, before, after)
    except EditError as error:
        message = f"{target}: {error} is not written out in its decorator; {advice}"
        raise _NotCorrectedError(message) from error
    except (OSError, SyntaxError, ValueError) as error:
        message = f"{target}: {declaration.location.file} cannot be read: {error}"
        raise _NotCorrectedError(message) from error


def _edit(
    location: DecoratorLocation, before: Mapping[str, Any], after: Mapping[str, Any]
) -> _DecoratorEdit:
    source = SourceText(Path(location.file).read_text("utf-8"))
    call = source.call_at(location.line, location.column)
    if call is None:
        raise EditError("the call")
    return _DecoratorEdit(
        location=location, source=source, edit=change_call(source, call, before, after)
    )


def _diff(edits: Sequence[_DecoratorEdit], base: Path) -> str:
    """Return the diff of one file; functions with the same decorator share an edit."""
    location, before = edits[0].location, edits[0].source.text
    by_position = {(each.location.line, each.location.column): each.edit for each in edits}
    after = apply(before, list(by_position.values()))
    path = Path(location.file)
    folder = base if path.is_relative_to(base) else Path(location.package)
    shown = path.relative_to(folder).as_posix()
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{shown}",
        f"b/{shown}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _with_backend_names(
    keywords: Mapping[str, Any], backend_names: Mapping[str, str]
) -> dict[str, Any]:
    """Return keywords with the backend names that the table uses."""
    spelled = dict(keywords)
    for name in ("skip_backends", "xfail_backends", "warnings"):
        if name in spelled:
            spelled[name] = [
                (_renamed(limit[0], backend_names), *limit[1:]) for limit in spelled[name]
            ]
    if "exceptions" in spelled:
        spelled["exceptions"] = [backend_names.get(each, each) for each in spelled["exceptions"]]
    return spelled


def _renamed(text: str, backend_names: Mapping[str, str]) -> str:
    """Return a backend, optionally with a version range, with the name that the table uses."""
    for i, character in enumerate(text):
        if character in "<>=!~":
            return backend_names.get(text[:i], text[:i]) + text[i:]
    return backend_names.get(text, text)
