"""Apply an eager function to arrays of any library, also inside a lazy graph."""

from core.lazy_apply.api import lazy_apply

__all__ = ["lazy_apply"]
