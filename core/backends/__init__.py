"""One adapter per array library, and the registry that finds them."""

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
