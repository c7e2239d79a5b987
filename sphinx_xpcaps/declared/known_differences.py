"""The file of known differences: each has a reason, a link and an expiry date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import msgspec

from core.backends import get_backend
from sphinx_xpcaps.declared.model import Comparison, Findings, Stale
from sphinx_xpcaps.files import read_untrusted


class KnownError(Exception):
    """The file of known differences cannot be read; the message names it and gives the reason."""


class KnownDifference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One or more differences that the maintainers accept until a date."""

    target: str
    """Dotted name; ``*`` matches any text."""
    reason: str
    link: str
    """Link to an issue or similar."""
    expires: date
    """The last day on which it is accepted."""
    backend: str | None = None
    """Name of a backend; any by default."""
    device: str | None = None
    mode: str | None = None

    def covers(self, comparison: Comparison) -> bool:
        """Return whether this entry applies to a comparison."""
        required = (self.backend, self.device, self.mode)
        actual = (comparison.backend, comparison.device, comparison.mode)
        return fnmatchcase(comparison.target, self.target) and all(
            wanted in (None, found) for wanted, found in zip(required, actual, strict=True)
        )


class KnownDifferences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of the file."""

    schema: Literal[1]
    known: list[KnownDifference] = []


def read(path: Path) -> tuple[KnownDifference, ...]:
    """Return the entries of a TOML or, by its suffix, JSON file.

    Raises
    ------
    KnownError
        The file cannot be read or is not valid.
    """
    decode = msgspec.json.decode if path.suffix == ".json" else msgspec.toml.decode
    try:
        entries = decode(read_untrusted(path), type=KnownDifferences).known
        return tuple(_with_known_backend(entry) for entry in entries)
    except OSError as error:
        raise KnownError(f"{path}: {error.strerror or error}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise KnownError(f"{path}: not a file of known differences: {error}") from error


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    return msgspec.json.schema(KnownDifferences)


def classify(
    table: str, comparisons: Sequence[Comparison], known: Sequence[KnownDifference], today: date
) -> Findings:
    """Divide differences into known and new ones, and find stale entries.

    An entry that has expired is stale and accepts no difference. An entry that matches no
    difference is stale if it matches a measurement.
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
    """Yield expected differences, unless there is a measured one for the same mode."""
    measured = {(each.target, each.backend, each.mode) for each in differences}
    for each in comparisons:
        key = (each.target, each.backend, each.mode)
        if each.expected and each.verdict.differs and key not in measured:
            yield each


def _with_known_backend(entry: KnownDifference) -> KnownDifference:
    if entry.backend is None:
        return entry
    return msgspec.structs.replace(entry, backend=get_backend(entry.backend).name)
