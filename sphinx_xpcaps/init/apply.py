"""Write the files of a plan, and restore their former content."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sphinx_xpcaps.files import read_untrusted, write_atomically
from sphinx_xpcaps.init.plan import Plan


class UndoError(Exception):
    """Changes cannot be undone; the message names what is in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _SavedFile:
    path: str
    """Relative to the project."""
    before: bytes | None
    after: str
    """Digest of the content that was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saved:
    root: str
    files: tuple[_SavedFile, ...]
    folders: tuple[str, ...]
    """Folders that were created, the inner ones first."""


def apply(plan: Plan, state: Path) -> None:
    """Write the files of a plan.

    Parameters
    ----------
    plan : Plan
        The plan.
    state : Path
        The folder in which the former content is kept.
    """
    root = plan.root.resolve()
    folders = {
        parent
        for change in plan.changes
        for parent in change.path.resolve().parents
        if not parent.exists()
    }
    saved = _Saved(
        root=str(root),
        files=tuple(
            _SavedFile(
                path=str(change.path.resolve().relative_to(root)),
                before=change.before,
                after=_digest(change.after),
            )
            for change in plan.changes
        ),
        folders=tuple(str(each.relative_to(root)) for each in sorted(folders, reverse=True)),
    )
    # First what is needed to undo, so that an interrupted run can be undone.
    write_atomically(_state_file(root, state), msgspec.json.encode(saved))
    for change in plan.changes:
        write_atomically(change.path, change.after)


def undo(root: Path, state: Path) -> tuple[Path, ...]:
    """Restore the files that `apply` wrote last in a project, and return them.

    Raises
    ------
    UndoError
        Nothing was written, or files were changed since. Nothing is restored then.
    """
    root = root.resolve()
    file = _state_file(root, state)
    try:
        saved = msgspec.json.decode(read_untrusted(file), type=_Saved)
    except FileNotFoundError:
        raise UndoError(f"{root}: there is nothing to undo") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise UndoError(f"{file}: {error}") from error
    current = {each.path: _content(root / each.path) for each in saved.files}
    changed = [
        each.path
        for each in saved.files
        if current[each.path] != each.before and _digest(current[each.path]) != each.after
    ]
    if changed:
        raise UndoError(f"changed since, so nothing is restored: {', '.join(changed)}")
    for each in saved.files:
        if each.before is None:
            (root / each.path).unlink(missing_ok=True)
        elif current[each.path] != each.before:
            write_atomically(root / each.path, each.before)
    for folder in saved.folders:
        with contextlib.suppress(OSError):  # it has other files
            (root / folder).rmdir()
    file.unlink()
    return tuple(root / each.path for each in saved.files)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _digest(content: bytes | None) -> str:
    return hashlib.sha256(content).hexdigest() if content is not None else ""


def _state_file(root: Path, state: Path) -> Path:
    name = hashlib.sha256(str(root).encode()).hexdigest()[:16]
    return state / f"{name}.json"
