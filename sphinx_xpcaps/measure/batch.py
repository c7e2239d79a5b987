"""The main job: from requests to records, running only what is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.request import Request
from sphinx_xpcaps.results.model import Cell, Environment, Record

Progress = Callable[[str, int, int], None]
"""Called with what was finished (a target's name), how many are done, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the cache holds after a batch."""

    records: tuple[Record, ...]
    """This machine's records, that of the present environment first."""
    is_current: Callable[[str, Cell, Environment], bool]
    """Whether a cell of a target, measured in an environment, would still be measured so."""


def run(
    requests: Sequence[Request], config: Config, *, cache: Path, progress: Progress
) -> Measured:
    """Measure what `requests` need and `cache` does not hold."""
    raise NotImplementedError
