"""Array tools: `lazy_apply`, `autojit`, tracing, adapters of array libraries, and test helpers.

Importing this package imports no array library but NumPy.
"""

from core.autojit import autojit
from core.lazy.tracing import trace
from core.lazy_apply import lazy_apply

__all__ = ["autojit", "lazy_apply", "trace"]
