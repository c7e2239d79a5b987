"""Sphinx extension that measures which array libraries a function works with.

- `cases` finds calls of a function, `measure` runs them on each array library, and `results` stores
  what happened in records and derives tables from them.
- `extension` and `render` show tables in Sphinx's pages; `cli` is the command line.
- `declared` compares declarations with tables, `advise` finds calls in code that do not work, and
  `virtual_environments` measures with other versions. `init` adds the extension to a project.

`config` has the options, `project_options` reads them from ``pyproject.toml``, and `project_table`
and `option_checks` check them. `files` writes files, and `core_conflict` detects another package
named `core`. `core`, the other package of the project, has the array tools.
"""

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
