"""Apply a mode to a function: the library's own transform, or a check during the call.

A check returns what the function itself returns, so that the result is compared like any other,
and raises if the mode fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.backends import Backend
from sphinx_xpcaps.measure.modes.gradient import check_gradient
from sphinx_xpcaps.measure.modes.vmap import check_vmap

CHECKS = {"grad": check_gradient, "vmap": check_vmap}
"""Modes that check something during a call, in float64."""


def in_mode(
    mode: str, function: Callable[..., Any], backend: Backend, device: str
) -> Callable[..., Any]:
    """Return `function` as it is called in `mode` on a device of a backend."""
    if mode in CHECKS:
        return CHECKS[mode](function, backend, device)
    return backend.transform(mode, function)
