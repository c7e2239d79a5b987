"""Graphs of examples on pages, from a committed record."""

from __future__ import annotations

import json

import pytest

from tests.pages.conftest import words

NODES = [
    {"name": "x", "kind": "input", "array": "(3, ?) float64"},
    {"name": "constant", "kind": "constant", "array": "() float64"},
    {"name": "less", "kind": "operation", "array": "(3, ?) bool", "operands": [0, 1]},
    {"name": "where <&>", "kind": "operation", "array": "(3, ?) float64", "operands": [2, 0]},
]
GRAPH = {
    "call": "works(x)",
    "functions": ["less", "where"],
    "operations": 2,
    "nodes": [*NODES[:3], {**NODES[3], "output": True}],
}
LINES = [
    "0 x: (3, ?) float64",
    "1 constant: () float64",
    "2 less of 0 and 1: (3, ?) bool",
    "3 where <&> of 2 and 0: (3, ?) float64, a result",
]


@pytest.fixture
def project(site):
    """A project with a page that requests the graph of a function."""
    return lambda **changes: edited(site("offline"), **changes)


def edited(project, **changes):
    """Return a project after adding a graph to a page and changing the cell of NumPy."""
    page = project.src / "works.rst"
    page.write_text(page.read_text("utf-8").rstrip() + "\n      :graph:\n", "utf-8")
    path = project.src / "records" / "laptop.json"
    record = json.loads(path.read_text("utf-8"))
    for cell in record["targets"]["pkg.works"]["cells"]:
        if cell["backend"] == "numpy":
            cell.update(changes)
    path.write_text(json.dumps(record), "utf-8")
    return project


def test_html_has_a_drawing_with_a_text_for_screen_readers(project):
    built = project(graph=GRAPH).build()
    (drawn,) = built.page("works.html").select(".xpcaps-graph svg")
    assert drawn["role"] == "img"
    assert drawn["aria-label"] == f"Graph of works(x). {'. '.join(LINES)}."
    boxes = drawn.select("g.xpcaps-box")
    assert [words(box.select_one("text")) for box in boxes] == [one["name"] for one in NODES]
    assert [box for box in boxes if "xpcaps-output" in box["class"]] == [boxes[3]]
    assert len(drawn.select("path.xpcaps-edge")) == 4
    assert built.warnings == []


def test_boxes_of_a_drawing_do_not_overlap_and_are_within_its_bounds(project):
    (drawn,) = project(graph=GRAPH).build().page("works.html").select(".xpcaps-graph svg")
    places = [[float(box[name]) for name in ("x", "y", "width", "height")] for box in drawn("rect")]
    for i, (x, y, width, height) in enumerate(places):
        assert x >= 0
        assert x + width <= float(drawn["width"])
        assert y + height <= float(drawn["height"])
        for x1, y1, width1, _ in places[:i]:
            assert y != y1 or x >= x1 + width1 or x1 >= x + width


@pytest.mark.parametrize("builder", ["text", "latex", "man"])
def test_other_builders_list_the_nodes(project, builder):
    built = project(graph=GRAPH).build(builder)
    pages = [path for path in built.out.rglob("*") if path.suffix in (".txt", ".tex", ".1")]
    text = " ".join(path.read_text("utf-8") for path in pages)
    for line in LINES[:3]:
        assert line in text.replace("\\PYGZus{}", "_")
    assert "works(x)" in text
    assert built.warnings == []


def test_the_evidence_lists_the_functions_of_the_standard_that_are_called(project):
    page = project(graph=GRAPH).build().page("works.html")
    shown_text = words(page.select_one("details.xpcaps-how"))
    assert "Functions of the array API standard that it calls: less , where" in shown_text


REFUSED = {
    "mode": "trace",
    "outcome": "raised",
    "exception": "DataDependentError",
    "message": "bool() on a traced array at pkg/stats.py:88: use xp.where",
}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reasons": [REFUSED]}, "bool() on a traced array at pkg/stats.py:88: use xp.where."),
        ({}, "the example was not traced."),
        (
            {"graph": {**GRAPH, "nodes": [], "operations": 412}},
            "412 operations are too many to draw.",
        ),
    ],
    ids=["refused", "not traced", "too large"],
)
def test_the_page_gives_the_reason_if_there_is_no_graph(project, changes, reason):
    page = project(**changes).build().page("works.html")
    assert words(page.select_one("p.xpcaps-where")).startswith(f"No graph: {reason}")
