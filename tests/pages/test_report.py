"""The report and the explanations of symbols in a browser."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.pages.browser import PHONE, REQUIRED, needs_browser, opened

pytestmark = needs_browser


@pytest.fixture
def html(site) -> Path:
    return site("offline").build(html_theme="furo").out


def rows(page) -> list[str]:
    """Return the names in the visible rows."""
    return page.evaluate(
        "[...document.querySelectorAll('.xpcaps-functions tbody tr')]"
        ".filter(row => row.checkVisibility()).map(row => row.cells[0].textContent.trim())"
    )


def columns(page) -> list[str]:
    return page.evaluate(
        "[...document.querySelectorAll('.xpcaps-functions thead th')]"
        ".filter(head => head.checkVisibility()).map(head => head.innerText.replace(/\\s+/g, ' '))"
    )


def test_functions_are_filtered_by_text_status_and_note(html):
    with opened(html / "xpcaps-report.html") as page:
        page.fill(".xpcaps-filter input", "par")
        assert rows(page) == ["pkg.partly"]
        page.fill(".xpcaps-filter input", "")
        page.select_option("[aria-label=Status]", "unsupported")
        page.select_option("[aria-label=Library]", "PyTorch")
        assert rows(page) == ["pkg.fails"]
        page.select_option("[aria-label=Status]", "")
        page.select_option("[aria-label=Library]", "")
        page.select_option("[aria-label=Note]", "no JIT")
        assert rows(page) == ["pkg.partly"]
        assert page.inner_text("output") == "1 of 3 functions"
        page.fill(".xpcaps-filter input", "nothing")
        assert rows(page) == []
        assert page.inner_text("output") == "No function matches."


def test_a_view_shows_one_device_or_mode(html):
    with opened(html / "xpcaps-report.html") as page:
        page.select_option("[aria-label=View]", "jit")
        assert columns(page)[1:] == ["JAX JIT"]
        page.select_option("[aria-label=View]", "cpu")
        assert columns(page)[1:] == ["NumPy CPU", "PyTorch CPU", "JAX CPU", "Dask CPU"]


def test_heads_sort_the_functions(html):
    with opened(html / "xpcaps-report.html") as page:
        page.click("th button:has-text('PyTorch')")
        assert rows(page) == ["pkg.partly", "pkg.works", "pkg.fails"]
        page.click("th button:has-text('PyTorch')")
        assert rows(page)[0] == "pkg.fails"
        assert page.get_attribute("th:has-text('PyTorch')[aria-sort]", "aria-sort") == "descending"


def test_the_state_is_in_the_address(html):
    with opened(html / "xpcaps-report.html") as page:
        page.fill(".xpcaps-filter input", "pkg")
        page.select_option("[aria-label=View]", "jit")
        address = page.url
    with opened(html / "xpcaps-report.html", query=f"#{address.partition('#')[2]}") as page:
        assert page.input_value(".xpcaps-filter input") == "pkg"
        assert columns(page)[1:] == ["JAX JIT"]


def test_five_thousand_functions_are_filtered_quickly(site):
    project = site("offline")
    path = project.src / "records" / "laptop.json"
    record = json.loads(path.read_text("utf-8"))
    names = [f"pkg.module{number % 50}.function{number}" for number in range(5000)]
    partly = record["targets"]["pkg.partly"]
    record["targets"] |= dict.fromkeys(names, partly)
    path.write_text(json.dumps(record), "utf-8")
    lines = [f":xpcap:`{name}`" for name in names]
    (project.src / "plain.rst").write_text("plain\n=====\n\n" + "\n".join(lines), "utf-8")
    built = project.build()
    with opened(built.out / "xpcaps-report.html") as page:
        ready = page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
        filtered = page.evaluate(
            """() => {
              const input = document.querySelector('.xpcaps-filter input');
              const start = performance.now();
              input.value = 'function4';
              input.dispatchEvent(new Event('input', { bubbles: true }));
              return performance.now() - start;
            }"""
        )
    print(f"ready after {ready:.0f} ms, filtered in {filtered:.0f} ms")
    assert filtered < 1000  # 20 to 100 ms on a machine that does nothing else


def test_a_cell_is_explained_on_hover_and_focus(html):
    with opened(html / "markdown.html") as page:
        cell = page.locator(".xpcaps-explained", has_text="no JIT").first
        cell.hover()
        tip = page.locator("[role=tooltip]")
        assert "no JIT: works eagerly" in tip.inner_text()
        page.keyboard.press("Escape")
        assert not tip.is_visible()
        cell.focus()
        assert tip.is_visible()
        assert cell.get_attribute("aria-describedby") == tip.get_attribute("id")


def test_a_cell_is_explained_on_touch_within_the_screen(html):
    with opened(html / "markdown.html", width=PHONE, has_touch=True) as page:
        page.locator(".xpcaps-explained", has_text="no JIT").first.tap()
        box = page.locator("[role=tooltip]").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE


AXE = Path(os.environ.get("AXE_CORE", "node_modules/axe-core/axe.min.js"))
"""The script of axe-core, from npm."""


@pytest.mark.skipif(
    not REQUIRED and not AXE.is_file(), reason="needs axe-core (AXE_CORE is the path of its script)"
)
@pytest.mark.parametrize("name", ["markdown", "index", "xpcaps-report"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(html, name, scheme):
    with opened(html / f"{name}.html", color_scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("axe.run('.xpcaps')")["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
