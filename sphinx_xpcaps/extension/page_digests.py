"""Digests of the tables on written pages, to find the pages whose tables changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from sphinx_xpcaps.files import read_cache, write_cache


class PageDigests:
    """Digests of the tables of each document in one output folder.

    They belong to an output folder, not to the environment: several builders share the
    environment, and an interrupted build has not written all pages that the environment contains.
    """

    def __init__(self, path: Path, digests: Mapping[str, str]) -> None:
        self._path = path
        self._before = dict(digests)
        self._now: dict[str, str] = {}

    @classmethod
    def load(cls, cache: Path, builder: str, output: Path) -> PageDigests:
        """Return the digests of what a builder wrote to a folder; none if they cannot be read."""
        folder = hashlib.sha256(os.fsencode(output)).hexdigest()[:12]
        path = cache / f"pages-{builder}-{folder}.json"
        return cls(path, read_cache(path, dict[str, str]) or {})

    def is_outdated(self, docname: str, digest: str) -> bool:
        """Return whether the page of a document does not show the tables with this digest."""
        return self._before.get(docname) != digest

    def written(self, docname: str, digest: str) -> None:
        """Store that the page of a document was written."""
        self._now[docname] = digest

    def save(self) -> None:
        """Write the file; without it, the next build writes these pages again."""
        if self._now:
            write_cache(self._path, self._before | self._now)
