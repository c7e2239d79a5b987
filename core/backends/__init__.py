"""One adapter per array library, and the registry that finds them.

`base` defines the interface of an adapter. What the project knows about one library is in its
adapter; `promotion` describes, as data, how libraries choose dtypes.
"""

from core.backends.base import Availability, Backend, ModeKeyword, Watch
from core.backends.registry import backends, get_backend, library_of, optional_modes

__all__ = [
    "Availability",
    "Backend",
    "ModeKeyword",
    "Watch",
    "backends",
    "get_backend",
    "library_of",
    "optional_modes",
]
