"""Which backends a test leaves out, as its marks say."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from core.backends import backends, get_backend
from core.testing.current import Place

if TYPE_CHECKING:
    import pytest

_CATEGORIES = {
    "np_only": "do not run with non-NumPy backends",
    "cpu_only": "no array-agnostic implementation or delegation available "
    "for this backend and device",
    "eager_only": "eager checks not executed on lazy backends",
}
"""Keywords that choose backends by what they are, with the reason where none is given."""

_KEYWORDS = {
    "skip_xp_backends": {"backend", "condition", "exceptions", "reason", *_CATEGORIES},
    "xfail_xp_backends": {"backend", "condition", "exceptions", "reason", "strict", *_CATEGORIES},
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """That a test is to be skipped, or expected to fail, at one place."""

    reason: str
    strict: bool = True


def left_out(
    marks: Iterable[pytest.Mark], place: Place, names: Mapping[str, Any]
) -> LeftOut | None:
    """Return what the marks, all of one kind, say about `place`.

    A mark that names the backend gives the reason before those of categories do.

    Parameters
    ----------
    marks : iterable of pytest.Mark
        The test's marks of one kind, the closest first.
    place : Place
        Where the test runs.
    names : mapping
        What conditions may use besides ``backend``, ``version``, ``device`` and ``dtype``.

    Raises
    ------
    TypeError
        A mark has a keyword that is not known, or a condition that is neither bool nor text.
    ValueError
        A backend is not known; keywords exclude each other; a condition cannot be evaluated.
    """
    named: LeftOut | None = None
    others: LeftOut | None = None
    for mark in marks:
        backend, condition = _arguments(mark)
        reason = mark.kwargs.get("reason")
        strict = bool(mark.kwargs.get("strict", True))
        exceptions = {get_backend(name).name for name in _exceptions(mark)}
        if not _holds(condition, place, names):
            continue
        if backend is not None:
            if get_backend(backend).name == place.backend.name and named is None:
                reason = reason or f"do not run with array API backend: {backend}"
                named = LeftOut(reason, strict)
        elif place.backend.name not in exceptions and others is None:
            default = _default_reason(mark, place)
            if default is not None:
                others = LeftOut(reason or default, strict)
    return named or others


def _arguments(mark: pytest.Mark) -> tuple[str | None, Any]:
    """Return the backend and the condition of a mark that is well made."""
    if unknown := set(mark.kwargs) - _KEYWORDS[mark.name]:
        raise TypeError(f"Invalid kwargs: {unknown}")
    if len(mark.args) > 2 or (len(mark.args) == 2 and _is_backend(mark.args[1])):
        raise ValueError(f"Please specify only one backend per marker: {mark.args}")
    given = dict(zip(("backend", "condition"), mark.args, strict=False))
    if twice := given.keys() & mark.kwargs.keys():
        raise TypeError(f"{mark.name} got {', '.join(sorted(twice))} twice")
    given = {**mark.kwargs, **given}
    backend, condition = given.get("backend"), given.get("condition", True)
    if backend is not None:
        if not _is_backend(backend):
            raise ValueError(f"Unknown backend: {backend}; {_known()}")
        for keyword in (*_CATEGORIES, "exceptions"):
            if keyword in mark.kwargs:
                raise ValueError(f"{keyword} is mutually exclusive with {backend}")
    elif not any(mark.kwargs.get(keyword) for keyword in _CATEGORIES) and condition is True:
        raise ValueError(f"{mark.name} names no backend: give one, {', '.join(_CATEGORIES)}")
    return backend, condition


def _exceptions(mark: pytest.Mark) -> tuple[str, ...]:
    given = mark.kwargs.get("exceptions") or ()
    names = (given,) if isinstance(given, str) else tuple(given)
    if unknown := [name for name in names if not _is_backend(name)]:
        raise ValueError(f"Unknown backend(s): {unknown}; {_known()}")
    return names


def _default_reason(mark: pytest.Mark, place: Place) -> str | None:
    """Return why the mark's category leaves out `place`, or None if it does not."""
    chosen = [keyword for keyword in _CATEGORIES if mark.kwargs.get(keyword)]
    if not chosen:  # a condition alone, which holds
        return f"condition: {mark.kwargs.get('condition', mark.args[1:])}"
    meets = {
        "np_only": place.backend.name == "numpy",
        "cpu_only": place.device == "cpu",
        "eager_only": set(place.backend.modes) == {"eager"},
    }
    category = chosen[0]
    return None if meets[category] else _CATEGORIES[category]


def _holds(condition: Any, place: Place, names: Mapping[str, Any]) -> bool:
    if isinstance(condition, bool):
        return condition
    if not isinstance(condition, str):
        raise TypeError(f"a condition is a bool or an expression as text, not {condition!r}")
    known = {
        "os": os,
        "sys": sys,
        "platform": platform,
        "backend": place.backend.name,
        "device": place.device,
        "dtype": place.dtype,
        "version": Version(place.backend.version() or "0"),
        "Version": Version,
        **names,
    }
    try:
        return bool(eval(condition, known))
    except Exception as error:
        raise ValueError(
            f"condition {condition!r} cannot be evaluated: {type(error).__name__}: {error}"
        ) from None


def _is_backend(name: Any) -> bool:
    try:
        get_backend(name)
    except (ValueError, TypeError):
        return False
    return True


def _known() -> str:
    return f"must be one of {list(backends())}"
