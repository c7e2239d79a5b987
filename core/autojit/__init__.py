"""Compile any function without saying which of its arguments are static."""

from core.autojit.api import autojit

__all__ = ["autojit"]
