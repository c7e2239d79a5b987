"""Sphinx extension that measures which array libraries a function works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def setup(app: Sphinx) -> ExtensionMetadata:
    """Set up the extension."""
    from sphinx_xpcaps.core_conflict import refuse_foreign_core

    refuse_foreign_core()  # before the next import, which imports core

    from sphinx_xpcaps.extension.connect import connect

    return connect(app)
