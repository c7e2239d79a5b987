"""Compile any function without naming its static arguments."""

from core.autojit.api import autojit

__all__ = ["autojit"]
