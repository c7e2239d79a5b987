"""Corrected decorators as a unified diff of their source files."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.testing import Capabilities
from sphinx_xpcaps.declared.correction import corrected, key_of
from sphinx_xpcaps.declared.edit import Change, EditError, Source, apply, arguments, change_call
from sphinx_xpcaps.declared.model import Declaration, Declarations, DecoratorLocation, Findings
from sphinx_xpcaps.results.view import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A unified diff, and a message for each declaration that it does not correct."""

    text: str
    left: tuple[str, ...] = ()


@dataclass(slots=True)
class _File:
    """A source file with its changes; functions with the same decorator share a change."""

    source: Source
    folder: Path
    changes: dict[tuple[int, int], Change] = field(default_factory=dict)


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
    files: dict[str, _File] = {}
    left = []
    for target in sorted({difference.target for difference in findings.differences}):
        declaration = declarations.entries[target]
        accepted = {key_of(known) for known in findings.known if known.target == target}
        new = corrected(declaration, tables[target], accepted=accepted)
        if new is None:
            left.append(f"{target}: no arguments agree with all measurements; correct it by hand")
        elif problem := _correct(declaration, new, declarations.backend_names, files):
            left.append(problem)
    text = "".join(_diff(name, file, base) for name, file in sorted(files.items()))
    return Patch(text=text, left=tuple(left))


def _correct(
    declaration: Declaration,
    new: Capabilities,
    backend_names: Mapping[str, str],
    files: dict[str, _File],
) -> str | None:
    """Add the change to a declaration, or return a message if it cannot be changed."""
    target, declared = declaration.target, declaration.capabilities
    after = _with_backend_names(new.keywords(), backend_names)
    advice = f"its arguments should be ({arguments(after)})"
    if declared is None:
        return f"{target} is not declared; {advice}"
    if declaration.location is None:
        return f"{target} is not declared by a decorator in a source file; {advice}"
    try:
        _change(
            declaration.location,
            _with_backend_names(declared.keywords(), backend_names),
            after,
            files,
        )
    except EditError as error:
        return f"{target}: {error} is not written out in its decorator; {advice}"
    except (OSError, SyntaxError, ValueError) as error:
        return f"{target}: {declaration.location.file} cannot be read: {error}"
    return None


def _change(
    location: DecoratorLocation,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    files: dict[str, _File],
) -> None:
    known = files.get(location.file)
    file = known or _File(Source(Path(location.file).read_text("utf-8")), Path(location.package))
    call = file.source.call_at(location.line, location.column)
    if call is None:
        raise EditError("the call")
    file.changes[location.line, location.column] = change_call(file.source, call, before, after)
    files[location.file] = file


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
