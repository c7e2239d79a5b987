"""Private interfaces of Sphinx, and what differs between its versions.

The extension supports Sphinx 7.4 and newer. Elsewhere it uses only interfaces that exist in all of
these versions: ``env.docname`` (``env.current_document`` is new in 8.2), ``app.verbosity``
(``config.verbosity`` is new in 9.0) and ``env.get_domain("py")`` (``env.domains`` is new in 8.1).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import sphinx
from docutils import nodes

if TYPE_CHECKING:
    from sphinx.config import Config

not_indexed: Any = nodes.General if sphinx.version_info >= (8, 2) else nodes.comment
"""Base class of nodes with the class ``no-search``, whose text is not in the search index.

Before 8.2, Sphinx ignores the class ``no-search``, but leaves out comments and their subclasses.
"""


def names_in_conf_py(config: Config) -> Collection[str]:
    """Return all names that ``conf.py`` defines, also those that are not options.

    There is no public interface for names that no extension has registered.
    """
    defined: Collection[str] = getattr(config, "_raw_config", ())
    return defined


def names_on_command_line(config: Config) -> Collection[str]:
    """Return the names of options that ``sphinx-build -D`` sets."""
    defined: Collection[str] = getattr(config, "overrides", ())
    return defined
