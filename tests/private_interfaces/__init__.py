"""The private interfaces of other projects that the code depends on, one test for each.

If a test fails after an update of one of these projects, `docs/private_interfaces.md` says which
module uses the interface and what depends on it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "private_interfaces.md"


def depends_on(interface: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that lets failures of a test name the interface and the page."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> None:
            page = PAGE.read_text("utf-8").replace("`", "")
            assert f"| {interface}" in page, f"{PAGE.relative_to(ROOT)} does not list {interface}"
            try:
                test(*args, **kwargs)
            except Exception as error:
                pytest.fail(
                    f"the private interface {interface} has changed: "
                    f"{type(error).__name__}: {error}\n"
                    f"what depends on it: {PAGE.relative_to(ROOT)}"
                )

        return run

    return decorate
