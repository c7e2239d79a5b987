"""The extensions in `docs/_ext`: diagrams and formulas need no script and no network."""

from __future__ import annotations

import doctest
import re
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from sphinx.testing.util import SphinxTestApp

from core.notes import Note

EXTENSIONS = Path(__file__).parents[1] / "docs" / "_ext"
CONF = f"""
import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
extensions = ["myst_parser", "mathml", "mermaid"]
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["mermaid"]
"""
PAGE = r"""
# Title

Inline $x^2$, a leading subscript $_0F_1(v, z)$ and an unknown command $\unknown{x} < 1$.

$$ \sum_{j=0}^k {{n}\choose{j}} p^j $$

```mermaid
flowchart TB
    source["docs & tests"] -->|read| target
```
"""


@pytest.fixture
def flowchart(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(EXTENSIONS)
    yield __import__("flowchart")
    for name in ("flowchart", "mathml", "mermaid"):
        sys.modules.pop(name, None)


@pytest.fixture
def build(
    tmp_path: Path, make_app: Callable[..., SphinxTestApp], flowchart: ModuleType
) -> Callable[[str], SphinxTestApp]:
    def build(builder: str) -> SphinxTestApp:
        (tmp_path / "conf.py").write_text(CONF)
        (tmp_path / "index.md").write_text(PAGE)
        app = make_app(builder, srcdir=tmp_path)
        app.build()
        return app

    return build


def test_page_with_formulas_and_diagrams_loads_nothing_from_the_network(
    build: Callable[[str], SphinxTestApp],
) -> None:
    app = build("html")
    page = (app.outdir / "index.html").read_text("utf-8")
    assert app.warning.getvalue() == ""
    assert 'src="http' not in page
    assert page.count("<math") == 3
    assert r"<code>\unknown{x} &lt; 1</code>" in page
    assert "<mo>(</mo>" in page
    assert page.count("<rect") == 2
    assert "docs &amp; tests" in page


def test_other_formats_show_the_source_of_a_diagram(
    build: Callable[[str], SphinxTestApp],
) -> None:
    app = build("text")
    assert "flowchart TB" in (app.outdir / "index.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flowchart LR\n a --> b", "expected 'flowchart TB'"),
        ("flowchart TB\n a(round)", "cannot read"),
        ("flowchart TB\n a --> b\n b --> a", "cycle"),
    ],
)
def test_unsupported_charts_are_refused(flowchart: ModuleType, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        flowchart.svg(flowchart.parse(text), alternative="")


def test_boxes_do_not_overlap(flowchart: ModuleType) -> None:
    chart = flowchart.parse("flowchart TB\n a --> long_name_b & long_name_c & long_name_d")
    drawn = flowchart.svg(chart, alternative="")
    _, *row = re.findall(r'rect x="([-\d.]+)" y="[\d.]+" width="([\d.]+)"', drawn)
    boxes = sorted((float(x), float(x) + float(width)) for x, width in row)
    assert len(boxes) == 3
    assert all(end < start for (_, end), (start, _) in pairwise(boxes))


def test_examples_of_flowcharts_run(flowchart: ModuleType) -> None:
    assert doctest.testmod(flowchart).failed == 0


@pytest.mark.parametrize("page", ["core.md", "core/lazy.md"])
def test_examples_on_the_page_run(page: str) -> None:
    found = doctest.testfile(str(EXTENSIONS.parent / page), module_relative=False)
    assert found.attempted > 3
    assert found.failed == 0


def test_every_note_in_a_table_is_explained() -> None:
    guide = EXTENSIONS.parent / "guide"
    text = "".join((guide / page).read_text("utf-8") for page in ("tables.md", "modes.md"))
    rows = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    only_in_tests = {Note.NUMPY_ONLY, Note.CPU_ONLY}  # reasons of skipped tests
    assert [note for note in Note if note not in rows and note not in only_in_tests] == []
