"""What a mode makes of a function: the library's own transform, or a check in the course of a call.

A check returns what the function itself returns, so that it is compared like any other result, and
raises where the mode fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.backends import Backend
from sphinx_xpcaps.measure.modes.gradient import differentiated
from sphinx_xpcaps.measure.modes.vmap import mapped

CHECKS = {"grad": differentiated, "vmap": mapped}
"""Modes that check a call in its course, each in float64."""


def in_mode(
    mode: str, function: Callable[..., Any], backend: Backend, device: str
) -> Callable[..., Any]:
    """Return `function` as it is called in `mode` on a device of a backend."""
    if mode in CHECKS:
        return CHECKS[mode](function, backend, device)
    return backend.transform(mode, function)
