"""The assertion rewriting of pytest, extended to change test modules further."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from _pytest.assertion import rewrite

from core._private.patching import patched


def rewriting_test_modules(transform: Callable[[ast.Module], None], tag: str) -> patched:
    """Return a context in which pytest transforms the syntax trees of test modules.

    pytest has no public hook for the syntax trees that it compiles. If it rewrote assertions in
    another way, test modules would not be transformed, and no call would be recorded.

    Parameters
    ----------
    transform : callable
        Changes a module in place, before pytest rewrites its assertions.
    tag : str
        A part of the names of files in which pytest caches compiled modules, so that these are
        used in such contexts only.
    """
    original = rewrite.rewrite_asserts

    def rewrite_asserts(mod: ast.Module, source: bytes, *args: Any, **kwargs: Any) -> None:
        transform(mod)
        original(mod, source, *args, **kwargs)

    return patched(rewrite, rewrite_asserts=rewrite_asserts, PYC_TAIL=f".{tag}{rewrite.PYC_TAIL}")
