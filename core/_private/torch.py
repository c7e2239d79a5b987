"""How ``torch.compile`` treats functions. Importing this module does not import PyTorch."""

from __future__ import annotations

import itertools
import types
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., object])

_count = itertools.count()


def mark_constant(function: F) -> F:
    """Let ``torch.compile`` call `function` while it traces, instead of tracing it.

    This is ``torch.compiler.assume_constant_result`` for modules that must not import PyTorch. If
    the mark had another name, ``torch.compile`` would fail to trace these functions.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


def without_shared_versions(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a copy of a function that ``torch.compile`` treats as a different function.

    Copies that share a code object share the versions compiled for it and the limit of their
    number; functions whose code objects have the same name share what was seen of numbers that
    change. If PyTorch identified functions in another way, the copies would be compiled as one
    function: results would stay right, with more compilation and, past the limit, without.

    Parameters
    ----------
    function : function
        A Python function.
    name : str
        The first part of the name of the copy's code object.
    """
    unique = f"{name}_{next(_count)}"
    code = function.__code__.replace(co_name=unique)
    return types.FunctionType(code, function.__globals__, unique, None, function.__closure__)
