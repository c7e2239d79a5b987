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
LISTED = [
    "0 x: (3, ?) float64",
    "1 constant: () float64",
    "2 less of 0 and 1: (3, ?) bool",
    "3 where <&> of 2 and 0: (3, ?) float64, a result",
]


@pytest.fixture
def project(site):
    """A project whose page asks for the graph of a function that a record has."""

    def make(**changes):
        project = site("offline")
        page = project.src / "works.rst"
        page.write_text(page.read_text("utf-8").rstrip() + "\n      :graph:\n", "utf-8")
        path = project.src / "records" / "laptop.json"
        record = json.loads(path.read_text("utf-8"))
        for cell in record["targets"]["pkg.works"]["cells"]:
            if cell["backend"] == "numpy":
                cell.update(changes)
        path.write_text(json.dumps(record), "utf-8")
        return project

    return make


def test_html_draws_it_with_all_its_words_for_a_screen_reader(project):
    built = project(graph=GRAPH).build()
    (drawn,) = built.page("works.html").select(".xpcaps-graph svg")
    assert drawn["role"] == "img"
    assert drawn["aria-label"] == f"Graph of works(x). {'. '.join(LISTED)}."
    boxes = drawn.select("g.xpcaps-box")
    assert [words(box.select_one("text")) for box in boxes] == [one["name"] for one in NODES]
    assert [box for box in boxes if "xpcaps-output" in box["class"]] == [boxes[3]]
    assert len(drawn.select("path.xpcaps-edge")) == 4
    assert built.warnings == []


def test_no_box_of_a_graph_covers_another_or_leaves_the_picture(project):
    (drawn,) = project(graph=GRAPH).build().page("works.html").select(".xpcaps-graph svg")
    places = [[float(box[name]) for name in ("x", "y", "width", "height")] for box in drawn("rect")]
    for i, (x, y, width, height) in enumerate(places):
        assert x >= 0
        assert x + width <= float(drawn["width"])
        assert y + height <= float(drawn["height"])
        for x1, y1, width1, _ in places[:i]:
            assert y != y1 or x >= x1 + width1 or x1 >= x + width


@pytest.mark.parametrize("builder", ["text", "latex", "man"])
def test_elsewhere_its_steps_are_listed(project, builder):
    built = project(graph=GRAPH).build(builder)
    pages = [path for path in built.out.rglob("*") if path.suffix in (".txt", ".tex", ".1")]
    text = " ".join(path.read_text("utf-8") for path in pages)
    for line in LISTED[:3]:
        assert line in text.replace("\\PYGZus{}", "_")
    assert "works(x)" in text
    assert built.warnings == []


def test_the_evidence_names_the_functions_of_the_standard(project):
    page = project(graph=GRAPH).build().page("works.html")
    said = words(page.select_one("details.xpcaps-how"))
    assert "Needs of the array API standard: less , where" in said


REFUSED = {
    "mode": "trace",
    "outcome": "raised",
    "exception": "DataDependentError",
    "message": "bool() on a traced array at pkg/stats.py:88: use xp.where",
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reasons": [REFUSED]}, "bool() on a traced array at pkg/stats.py:88: use xp.where."),
        ({}, "the example was not traced."),
        ({"graph": {**GRAPH, "nodes": [], "operations": 412}}, "412 operations are too many to"),
    ],
    ids=["refused", "not traced", "too large"],
)
def test_without_a_graph_the_page_says_why(project, changes, said):
    page = project(**changes).build().page("works.html")
    assert words(page.select_one("p.xpcaps-where")).startswith(f"No graph, as {said}")
