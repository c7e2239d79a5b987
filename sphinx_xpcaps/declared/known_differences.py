"""The file of known differences: each with a reason, a link and a date on which it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import msgspec

from core.backends import get_backend
from sphinx_xpcaps.declared.model import Comparison, Findings, Stale


class KnownError(Exception):
    """A file that is none of known differences; the message names it and says what is wrong."""


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One difference, or several, that the maintainers know of and accept for a time."""

    target: str
    """Dotted name; ``*`` stands for anything."""
    reason: str
    link: str
    """Where it is dealt with, such as an issue."""
    expires: date
    """The last day on which it is accepted."""
    backend: str | None = None
    """A backend's name; any if left out."""
    device: str | None = None
    mode: str | None = None

    def covers(self, comparison: Comparison) -> bool:
        """Say whether this is about what was compared."""
        asked = (self.backend, self.device, self.mode)
        there = (comparison.backend, comparison.device, comparison.mode)
        return fnmatchcase(comparison.target, self.target) and all(
            want is None or want == have for want, have in zip(asked, there, strict=True)
        )


class KnownDifferences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as a whole."""

    schema: Literal[1]
    known: list[Known] = []


def read(path: Path) -> tuple[Known, ...]:
    """Return the entries of a TOML or, by its suffix, JSON file.

    Raises
    ------
    KnownError
        The file cannot be read or is not of the declared form.
    """
    decode = msgspec.json.decode if path.suffix == ".json" else msgspec.toml.decode
    try:
        entries = decode(path.read_bytes(), type=KnownDifferences).known
        return tuple(_with_known_backend(entry) for entry in entries)
    except OSError as error:
        raise KnownError(f"{path}: {error.strerror or error}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise KnownError(f"{path}: not a file of known differences: {error}") from error


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    return msgspec.json.schema(KnownDifferences)


def sift(
    table: str, comparisons: Sequence[Comparison], known: Sequence[Known], today: date
) -> Findings:
    """Tell differences that are known from those that are not.

    An entry that has expired accepts nothing. One that no difference needs any more is stale, but
    only if what it is about was measured.
    """
    measured = [each for each in comparisons if not each.expected]
    differences = [each for each in measured if each.verdict.differs]
    valid = [entry for entry in known if entry.expires >= today]
    accepted = [d for d in differences if any(entry.covers(d) for entry in valid)]
    stale = []
    for entry in known:
        about = [each for each in measured if entry.covers(each)]
        if about and not any(each.verdict.differs for each in about):
            stale.append(Stale(target=entry.target, problem="is no longer true: remove its entry"))
        elif entry.expires < today:
            problem = f"expired on {entry.expires} ({entry.reason}, {entry.link})"
            stale.append(Stale(target=entry.target, problem=problem))
    return Findings(
        table=table,
        compared=len(measured),
        differences=tuple(each for each in differences if each not in accepted),
        known=tuple(accepted),
        stale=tuple(stale),
        expected=tuple(_only_expected(comparisons, differences)),
    )


def _only_expected(
    comparisons: Sequence[Comparison], differences: Sequence[Comparison]
) -> Iterator[Comparison]:
    """Yield what is expected to differ, but not where the CPU's measurement differs already."""
    told = {(each.target, each.backend, each.mode) for each in differences}
    for each in comparisons:
        of = (each.target, each.backend, each.mode)
        if each.expected and each.verdict.differs and of not in told:
            yield each


def _with_known_backend(entry: Known) -> Known:
    if entry.backend is None:
        return entry
    return msgspec.structs.replace(entry, backend=get_backend(entry.backend).name)
