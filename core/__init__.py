"""The array side of sphinx-xpcaps: lazy functions, tracing, backends and test helpers.

Importing this package imports no array library but NumPy.
"""

from core.lazy.tracing import trace

__all__ = ["trace"]
