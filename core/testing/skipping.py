"""Evaluation of the marks that skip tests on some backends, or expect them to fail there."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from core.backends import backends, get_backend
from core.testing.targets import TestTarget

if TYPE_CHECKING:
    import pytest

_CATEGORIES = {
    "np_only": "do not run with non-NumPy backends",
    "cpu_only": "no array-agnostic implementation or delegation available "
    "for this backend and device",
    "eager_only": "eager checks not executed on lazy backends",
}
"""The keywords that name the backends on which tests run as usual, with their default reasons."""

_KEYWORDS = {
    "skip_xp_backends": {"backend", "condition", "exceptions", "reason", *_CATEGORIES},
    "xfail_xp_backends": {"backend", "condition", "exceptions", "reason", "strict", *_CATEGORIES},
}


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A mark that applies to a target: the test is skipped, or expected to fail."""

    reason: str
    strict: bool = True


def evaluate_marks(
    marks: Iterable[pytest.Mark], target: TestTarget, names: Mapping[str, Any]
) -> Exclusion | None:
    """Return the exclusion of `target` by any of the marks, all of one kind, or None.

    The reason of a mark that names the backend has priority over those of categories.

    Parameters
    ----------
    marks : iterable of pytest.Mark
        The test's marks of one kind, the closest first.
    target : TestTarget
        What the test runs on.
    names : mapping
        What conditions may use besides ``backend``, ``version``, ``device`` and ``dtype``.

    Raises
    ------
    TypeError
        If a keyword of a mark is unknown, or a condition is neither a bool nor a string.
    ValueError
        If a backend is unknown, keywords exclude each other, or a condition cannot be evaluated.
    """
    by_name: Exclusion | None = None
    by_category: Exclusion | None = None
    for mark in marks:
        backend, condition = _arguments(mark)
        reason = mark.kwargs.get("reason")
        strict = bool(mark.kwargs.get("strict", True))
        exceptions = {get_backend(name).name for name in _exceptions(mark)}
        if not _evaluate_condition(condition, target, names):
            continue
        if backend is not None:
            if get_backend(backend).name == target.backend.name and by_name is None:
                reason = reason or f"do not run with array API backend: {backend}"
                by_name = Exclusion(reason, strict)
        elif target.backend.name not in exceptions and by_category is None:
            default = _default_reason(mark, target)
            if default is not None:
                by_category = Exclusion(reason or default, strict)
    return by_name or by_category


def _arguments(mark: pytest.Mark) -> tuple[str | None, Any]:
    """Return the backend and the condition of a mark, after checking its arguments."""
    if unknown := set(mark.kwargs) - _KEYWORDS[mark.name]:
        raise TypeError(f"Invalid kwargs: {unknown}")
    if len(mark.args) > 2 or (len(mark.args) == 2 and _is_backend(mark.args[1])):
        raise ValueError(f"Please specify only one backend per marker: {mark.args}")
    given = dict(zip(("backend", "condition"), mark.args, strict=False))
    if repeated := given.keys() & mark.kwargs.keys():
        raise TypeError(f"{mark.name} got {', '.join(sorted(repeated))} twice")
    given = {**mark.kwargs, **given}
    backend, condition = given.get("backend"), given.get("condition", True)
    if backend is not None:
        if not _is_backend(backend):
            raise ValueError(f"Unknown backend: {backend}; {_known_backends()}")
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
        raise ValueError(f"Unknown backend(s): {unknown}; {_known_backends()}")
    return names


def _default_reason(mark: pytest.Mark, target: TestTarget) -> str | None:
    """Return why the mark's category excludes `target`, or None if it does not."""
    categories = [keyword for keyword in _CATEGORIES if mark.kwargs.get(keyword)]
    if not categories:  # the mark has a condition only, which is true
        return f"condition: {mark.kwargs.get('condition', mark.args[1:])}"
    included = {
        "np_only": target.backend.is_reference,
        "cpu_only": target.device == "cpu",
        "eager_only": set(target.backend.modes) == {"eager"},
    }
    category = categories[0]
    return None if included[category] else _CATEGORIES[category]


def _evaluate_condition(condition: Any, target: TestTarget, names: Mapping[str, Any]) -> bool:
    if isinstance(condition, bool):
        return condition
    if not isinstance(condition, str):
        raise TypeError(f"a condition must be a bool or a string, got {condition!r}")
    variables = {
        "os": os,
        "sys": sys,
        "platform": platform,
        "backend": target.backend.name,
        "device": target.device,
        "dtype": target.dtype,
        "version": Version(target.backend.version() or "0"),
        "Version": Version,
        **names,
    }
    try:
        return bool(eval(condition, variables))
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


def _known_backends() -> str:
    return f"must be one of {list(backends())}"
