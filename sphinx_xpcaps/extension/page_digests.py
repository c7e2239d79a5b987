"""Digests of the tables on written pages, to find the pages whose tables changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path


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
        try:
            return cls(path, json.loads(path.read_text("utf-8")))
        except (OSError, ValueError):
            return cls(path, {})

    def is_outdated(self, docname: str, digest: str) -> bool:
        """Return whether the page of a document does not show the tables with this digest."""
        return self._before.get(docname) != digest

    def written(self, docname: str, digest: str) -> None:
        """Store that the page of a document was written."""
        self._now[docname] = digest

    def save(self) -> None:
        """Write the file atomically."""
        if not self._now:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self._before | self._now, indent=1, sort_keys=True)
        new = self._path.with_suffix(".new")
        new.write_text(text, "utf-8")
        new.replace(self._path)
