"""The key of a cell: a digest of the cell's own facts, and digests that many cells share.

A file with schema 2 has the shared digests once for each record, so that a change of the package
changes one line in place of one for each cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sphinx_xpcaps.results.model import Cell, Name, Target

_SEPARATOR = " + "
_OF_RECORD = f"{_SEPARATOR}record"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDigests:
    """The digests that are parts of the keys of many cells."""

    engine: Name | None = None
    """Digest of the code that finds, runs and judges cases."""
    packages: dict[Name, Name] = field(default_factory=dict)
    """Digests of the packages that are measured, by top-level name."""


def join_key(own: str, *, engine: str, package: str) -> str:
    """Return the key of a cell.

    Parameters
    ----------
    own : str
        Digest of everything that is specific to the cell.
    engine : str
        Digest of the code that finds, runs and judges cases.
    package : str
        Digest of the package of the cell's target.

    Examples
    --------
    >>> join_key("sha256:11", engine="sha256:22", package="sha256:33")
    'sha256:11 + sha256:22 + sha256:33'
    """
    return _SEPARATOR.join((own, engine, package))


def shared_digests(targets: Iterable[tuple[str, Target]]) -> SharedDigests:
    """Return the most frequent digest of the engine and of each package."""
    engines = Counter[str]()
    packages: dict[str, Counter[str]] = {}
    for name, target in targets:
        counts = packages.setdefault(_package(name), Counter())
        for cell in target.cells:
            _, engine, package = _split(cell.key)
            if package:
                engines[engine] += 1
                counts[package] += 1
    frequent = {name: _most_frequent(counts) for name, counts in sorted(packages.items())}
    return SharedDigests(
        engine=_most_frequent(engines),
        packages={name: digest for name, digest in frequent.items() if digest is not None},
    )


def abbreviate(target: str, cell: Cell, shared: SharedDigests) -> Cell:
    """Return a cell for a file, whose key does not repeat the digests of the record."""
    own, engine, package = _split(cell.key)
    if package and engine == shared.engine and package == shared.packages.get(_package(target)):
        return replace(cell, key=own + _OF_RECORD)
    return cell


def complete(target: str, key: str, shared: SharedDigests) -> str:
    """Return the key of a cell from its key in a file; inverse of `abbreviate`."""
    package = shared.packages.get(_package(target))
    if shared.engine is None or package is None or not key.endswith(_OF_RECORD):
        return key
    return join_key(key.removesuffix(_OF_RECORD), engine=shared.engine, package=package)


def _split(key: str | None) -> tuple[str, str, str]:
    """Return the own, the engine's and the package's digest; empty texts if they are unknown."""
    parts = key.split(_SEPARATOR) if key else []
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else ("", "", "")


def _package(target: str) -> str:
    return target.partition(".")[0]


def _most_frequent(counts: Counter[str]) -> str | None:
    """Return the most frequent text, of equally frequent ones the first in order."""
    return min(counts, key=lambda text: (-counts[text], text), default=None)
