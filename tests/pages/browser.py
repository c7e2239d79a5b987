"""Pages in Chromium; tests that need it are skipped where it or Playwright is not installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
WIDE, PHONE = 1280, 390
"""Widths of the window, in pixels."""

REQUIRED = os.environ.get("XPCAPS_REQUIRE_PROGRAMS") == "1"
"""Whether tests fail, and are not skipped, if a program that they need is missing."""

needs_browser = pytest.mark.skipif(
    not REQUIRED and (CHROMIUM is None or find_spec("playwright") is None),
    reason="needs Chromium and Playwright",
)

THEMES = [
    "alabaster",
    "furo",
    "pydata_sphinx_theme",
    "sphinx_book_theme",
    "sphinx_rtd_theme",
]


def needs_theme(theme: str) -> None:
    """Skip the test if a theme is not installed."""
    if not REQUIRED and find_spec(theme) is None:
        pytest.skip(f"needs {theme}")


@contextmanager
def opened(path: Path, *, width: int = WIDE, query: str = "", **options: Any) -> Iterator[Any]:
    """Open a file in Chromium; the result is Playwright's page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": width, "height": 844}, **options)
        page = context.new_page()
        page.goto(f"{path.as_uri()}{query}")
        yield page
        browser.close()
