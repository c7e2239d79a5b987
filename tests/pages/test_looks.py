"""How tables look in a browser: themes, phones and print."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.pages.browser import PHONE, THEMES, WIDE, needs_browser, needs_theme, opened
from tests.pages.conftest import sphinx_build
from tests.pages.test_graphs import GRAPH, edited

pytestmark = needs_browser

BROKEN_WORDS = """() => [...document.querySelectorAll('.xp-capabilities :is(th, td)')].filter(
cell => {
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    if (node.parentElement.closest('.xpcaps-words, .xpcaps-symbol')) continue;
    for (const word of node.data.matchAll(/[\\w.]+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const tops = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
      if (tops.size > 1) return true;
    }
  }
  return false;
}).map(cell => cell.textContent)"""


CLIPBOARD = ["clipboard-read", "clipboard-write"]

ROWS_LOOK_ALIKE = """() => [...document.querySelectorAll('.xp-capabilities tbody tr')].every(
row => new Set([...row.cells].map(cell => {
  const style = getComputedStyle(cell);
  return [style.backgroundColor, style.verticalAlign, style.textAlign].join();
})).size == 1)"""


@pytest.fixture(scope="module", params=THEMES)
def html(request, tmp_path_factory, rootdir: Path) -> Path:
    """The pages of a project with a theme."""
    needs_theme(request.param)
    src = tmp_path_factory.mktemp("themes") / "src"
    shutil.copytree(rootdir / "test-offline", src)
    sphinx_build(src, "-D", f"html_theme={request.param}")
    return src / "_build/html"


@pytest.mark.parametrize("name", ["index", "markdown", "xpcaps-report"])
def test_on_a_phone_pages_do_not_scroll_sideways_and_words_do_not_break(html, name):
    with opened(html / f"{name}.html", width=PHONE) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE
        assert page.evaluate(BROKEN_WORDS) == []


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_all_columns_of_a_function_are_visible_and_look_alike(html, width):
    with opened(html / "markdown.html", width=width) as page:
        for frame in page.query_selector_all(".xpcaps-scroll"):
            assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")
        assert page.evaluate(ROWS_LOOK_ALIKE)


def test_a_button_copies_the_program_of_a_case(offline):
    with opened(offline.out / "works.html", permissions=CLIPBOARD) as page:
        page.click(".xpcaps-how > summary")
        page.click(".xpcaps-program > summary")
        page.click(".xpcaps-copy")
        page.wait_for_function("document.querySelector('.xpcaps-copy').textContent == 'Copied'")
        copied = page.evaluate("navigator.clipboard.readText()")
        program = page.text_content(".xpcaps-program pre")
    assert "import numpy as xp" in program
    assert copied == program


def test_symbols_are_marked_as_to_be_printed(offline):
    with opened(offline.out / "works.html") as page:
        adjust = page.evaluate(
            "getComputedStyle(document.querySelector('.xpcaps-drawn'), '::before').printColorAdjust"
        )
    assert adjust == "exact"


def test_a_drawing_scrolls_within_a_phone_and_has_the_colour_of_the_text(site):
    needs_theme("furo")
    built = edited(site("offline"), graph=GRAPH).build(html_theme="furo")
    with opened(built.out / "works.html", width=PHONE, color_scheme="dark") as page:
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE
        frame = page.query_selector(".xpcaps-graph")
        assert frame.bounding_box()["width"] <= PHONE
        fill = "getComputedStyle(document.querySelector('.xpcaps-graph text')).fill"
        light = [float(n) for n in page.evaluate(fill).strip("rgb()").split(",")]
        assert min(light) > 150


FORCED_COLOURS = """() => [...document.querySelectorAll('.xp-capabilities td')].every(cell =>
  getComputedStyle(cell).color == getComputedStyle(cell.closest('body')).color)"""


def test_with_forced_colours_symbols_stay_visible_and_text_has_the_system_colour(offline):
    with opened(offline.out / "works.html", forced_colors="active") as page:
        drawn = page.locator(".xpcaps-drawn").first
        image = drawn.evaluate("each => getComputedStyle(each, '::before').backgroundImage")
        assert image.startswith('url("data:image/svg+xml')
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        assert page.evaluate(FORCED_COLOURS)


@pytest.mark.parametrize("name", ["works", "markdown", "xpcaps-report"])
def test_from_right_to_left_tables_are_aligned_right_and_do_not_widen_the_page(offline, name):
    with opened(offline.out / f"{name}.html", width=PHONE) as page:
        page.evaluate("document.documentElement.dir = 'rtl'")
        head, cell = page.evaluate(
            """() => [...document.querySelector('.xp-capabilities tbody tr').cells].slice(0, 2)
            .map(cell => [cell.getBoundingClientRect().left, getComputedStyle(cell).textAlign])"""
        )
        assert head[0] > cell[0], "the heads of rows are on the right"
        assert {head[1], cell[1]} <= {"start", "right"}
        width = page.evaluate("document.documentElement.scrollWidth")
        page.evaluate("document.querySelectorAll('.xpcaps').forEach(each => each.remove())")
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_printed_page_has_the_whole_table_and_no_folds(offline):
    with opened(offline.out / "works.html") as page:
        page.emulate_media(media="print")
        assert page.locator("table.xp-capabilities").first.is_visible()
        for hidden in (".xpcaps-how", ".xpcaps-meaning", ".xpcaps-links"):
            assert not page.locator(hidden).first.is_visible()
        assert page.locator(".xpcaps-where").first.is_visible()


REACHED = """() => {
  const element = document.activeElement;
  if (!element.closest('.xpcaps') || element.dataset.reached) return '';
  element.dataset.reached = true;
  return element.className || element.tagName;
}"""


def reached(page) -> list[str]:
    """Return the class or tag of what the tabulator key reaches in tables and reports, in order."""
    found = []
    for _ in range(60):
        page.keyboard.press("Tab")
        found.append(page.evaluate(REACHED))
    return [name for name in found if name]


def test_the_keyboard_reaches_and_uses_tooltips_folds_and_programs(offline):
    with opened(offline.out / "works.html") as page:
        for summary in (".xpcaps-how > summary", ".xpcaps-program > summary"):
            page.locator(summary).first.focus()
            page.keyboard.press("Enter")
        assert page.locator(".xpcaps-program pre").first.is_visible()
        page.evaluate("document.activeElement.blur()")
        places = reached(page)
        assert "xpcaps-explained" in places
        assert places.count("SUMMARY") >= 3
        assert "xpcaps-copy" in places


def test_the_keyboard_reaches_and_uses_the_filters_and_heads_of_the_report(offline):
    with opened(offline.out / "xpcaps-report.html") as page:
        places = reached(page)
        assert places.count("SELECT") == 4
        assert {"INPUT", "xpcaps-sort"} <= set(places)
        page.locator("th button", has_text="PyTorch").focus()
        page.keyboard.press("Enter")
        assert page.locator("th[aria-sort]").inner_text().startswith("PyTorch")
