"""What the pages of one output folder showed when they were last written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Written:
    """Digests of the tables of each document, by document.

    They belong to an output folder, not to the environment: several builders share that, and a
    build that was interrupted has not written what the environment already knows.
    """

    def __init__(self, path: Path, digests: Mapping[str, str]) -> None:
        self._path = path
        self._before = dict(digests)
        self._now: dict[str, str] = {}

    @classmethod
    def load(cls, app: Sphinx) -> Written:
        """Read what is known of a build's output folder; nothing if that cannot be read."""
        folder = hashlib.sha256(os.fsencode(app.outdir)).hexdigest()[:12]
        path = cache_folder(app) / f"written-{app.builder.name}-{folder}.json"
        try:
            return cls(path, json.loads(path.read_text("utf-8")))
        except (OSError, ValueError):
            return cls(path, {})

    def is_stale(self, docname: str, digest: str) -> bool:
        """Say whether a document's page shows something else than `digest`."""
        return self._before.get(docname) != digest

    def note(self, docname: str, digest: str) -> None:
        """Remember that a page was written."""
        self._now[docname] = digest

    def save(self) -> None:
        """Write the file, whole or not at all."""
        if not self._now:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self._before | self._now, indent=1, sort_keys=True)
        new = self._path.with_suffix(".new")
        new.write_text(text, "utf-8")
        new.replace(self._path)


def cache_folder(app: Sphinx) -> Path:
    """Return the folder where measurements are kept between builds."""
    return Path(app.doctreedir) / "xpcaps"
