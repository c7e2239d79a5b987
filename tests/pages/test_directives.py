"""Options of the directive and of ``conf.py`` that change the looks of tables, roles and labels."""

from __future__ import annotations

import json

import pytest

from sphinx_xpcaps.extension.diagnostics import different_origins
from sphinx_xpcaps.extension.domain import TableRequest
from sphinx_xpcaps.extension.tables import measurements
from tests.pages.conftest import cells_of, words

PARTLY = "plain\n=====\n\n.. xp-capabilities:: pkg.partly\n"


def build(site, text: str, builder: str = "html", **options):
    project = site("offline")
    (project.src / "plain.rst").write_text(text, "utf-8")
    return project.build(builder, **options)


def plain(site, text: str, **options):
    built = build(site, text, **options)
    assert built.warnings == []
    return built.page("plain.html")


def test_columns_can_be_modes(site):
    table = cells_of(plain(site, PARTLY + "   :columns: modes\n   :devices: cpu\n"))
    assert table["JAX", "eager"] == "supported"
    assert table["JAX", "JIT"] == "unsupported: TracerArrayConversionError"
    assert table["Dask", "lazy"].startswith("unsupported")
    assert table["NumPy", "JIT"] == "n/a"


def test_modes_can_be_chosen(site):
    table = cells_of(plain(site, PARTLY + "   :modes: jit\n   :devices: cpu\n"))
    assert {column for _, column in table} == {"JIT"}


def test_columns_of_all_tables_are_an_option(site):
    table = cells_of(plain(site, PARTLY, xpcaps_columns="modes"))
    assert ("JAX", "CPU, JIT") in table


def test_a_caption_is_above_the_table(site):
    page = plain(site, PARTLY + "   :caption: What works\n   :name: what\n")
    caption = page.select_one("table#what caption .caption-text")
    assert words(caption).startswith("What works")


REFERENCES = "See :ref:`what`, :ref:`fails-table` and :numref:`what`.\n\n"


def test_tables_can_be_referred_to_and_are_numbered(site):
    text = PARTLY + "   :caption: What works\n   :name: what\n"
    page = plain(site, text.replace("=\n\n", f"=\n\n{REFERENCES}", 1), numfig=True)
    links = {words(link): link["href"] for link in page.select("p a.reference.internal")}
    assert links["What works"] == "#what"
    assert links["Array library support of pkg.fails"] == "markdown.html#fails-table"
    assert links["Table 1"] == "#what"
    assert "Table 1" in words(page.select_one("table#what caption"))


@pytest.mark.parametrize(
    ("extent", "shown"), [("all", {"NumPy", "JAX"}), ("failures", {"JAX"}), ("none", set())]
)
def test_the_extent_of_the_evidence_can_be_chosen(site, extent, shown):
    page = plain(site, PARTLY + f"   :details: {extent}\n")
    evidence = page.select_one("details.xpcaps-how")
    shown_text = words(evidence) if evidence else ""
    assert {library for library in ("NumPy", "JAX") if f"{library}, CPU" in shown_text} == shown


def test_the_extent_of_the_evidence_is_an_option_of_each_builder(site):
    evidence = {"text": "failures", "html": "none"}
    project = site("offline")
    (project.src / "plain.rst").write_text(PARTLY, "utf-8")
    text = project.build("text", xpcaps_evidence=evidence).text("plain.txt")
    assert "TracerArrayConversionError" in text
    page = project.build("html", xpcaps_evidence=evidence).page("plain.html")
    assert not page.select(".xpcaps-how")


def test_an_unknown_value_of_an_option_gives_a_warning(site):
    built = build(site, PARTLY + "   :columns: rows\n   :details: some\n   :modes: fast\n")
    assert [line.partition("WARNING: ")[2] for line in built.warnings] == [
        "unknown mode 'fast'; known are eager, grad, jit, lazy, trace, vmap [xpcaps.option]",
        "unknown columns 'rows'; known are devices, modes [xpcaps.option]",
        "unknown details 'some'; known are all, failures, none [xpcaps.option]",
    ]


def test_every_cell_explains_its_symbol_and_notes(site):
    page = plain(site, PARTLY)
    texts = [each["title"] for each in page.select("td .xpcaps-explained[tabindex='0']")]
    assert "partial: works with the limitation in the note" in texts[6]
    assert "no JIT: works eagerly, but cannot be compiled just in time" in texts[6]


def test_a_table_has_a_legend_of_what_occurs_in_it(site):
    page = plain(site, PARTLY)
    lines = [words(item) for item in page.select("details.xpcaps-meaning li")]
    assert "supported : every case passes, in every mode that applies" in lines
    assert "computes graph : works, but computes the lazy graph before it returns" in lines
    assert not any(line.startswith(("unsupported", "conflict")) for line in lines)


def test_a_directive_makes_one_legend_for_the_page(site):
    page = plain(site, PARTLY + "\n.. xp-capabilities-legend::\n")
    assert len(page.select("ul.xpcaps-legend")) == 1
    assert not page.select("details.xpcaps-meaning")


def test_a_role_shows_the_statuses_in_a_sentence(site):
    page = plain(site, "plain\n=====\n\nUse :xpcap:`pkg.partly` here.\n")
    (shown_text,) = page.select("p .xpcaps-inline")
    assert words(shown_text) == (
        "pkg.partly : NumPy supported , PyTorch supported , JAX partial (no JIT), "
        "Dask partial (computes graph)"
    )
    assert shown_text.a["href"] == "markdown.html#pkg.partly"


def test_a_role_works_in_markdown(site):
    project = site("offline")
    (project.src / "plain.rst").unlink()
    (project.src / "plain.md").write_text("# plain\n\nUse {xpcap}`pkg.works`.\n", "utf-8")
    (shown_text,) = project.build().page("plain.html").select("p .xpcaps-inline")
    assert "NumPy supported" in words(shown_text)


def test_tables_have_links_to_themselves_the_report_and_a_form(site):
    url = "https://example.org/new?title={target}"
    page = plain(site, PARTLY, xpcaps_report_url=url)
    links = {words(link): link["href"] for link in page.select(".xpcaps-links a")}
    assert links == {
        "Link to this table": "#xpcaps-pkg-partly",
        "All functions": "xpcaps-report.html",
        "Record": "xpcaps.json",
        "Report a problem": "https://example.org/new?title=pkg.partly",
    }
    assert page.select_one("#xpcaps-pkg-partly table tr#xpcaps-pkg-partly-jax")


def test_two_tables_of_a_function_have_different_anchors(site):
    page = plain(site, f"{PARTLY}\n.. xp-capabilities:: pkg.partly\n")
    found = [table["id"] for table in page.select("div.xpcaps")]
    assert found == ["xpcaps-pkg-partly", "xpcaps-pkg-partly-2"]
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))


def test_tables_can_be_folded(site):
    page = plain(site, PARTLY, xpcaps_collapse=True)
    folded = page.select_one("details.xpcaps-folded")
    assert folded.summary.text == "Array library support"
    assert folded.table


DESCRIPTION = """
.. py:function:: pkg.works(x)

   Summary.

   :param x: Input.

   .. rubric:: Notes

   A note.
"""


@pytest.mark.parametrize(
    ("position", "order"),
    [
        ("end", ["p", "dl", "p", "p", "table"]),
        ("parameters", ["p", "dl", "table", "p", "p"]),
        ("notes", ["p", "dl", "table", "p", "p"]),
    ],
)
def test_the_position_in_a_description_can_be_chosen(site, position, order):
    page = plain(
        site,
        f"plain\n=====\n{DESCRIPTION.replace('pkg.works', 'pkg.fails')}",
        xpcaps_inject=["pkg.fails"],
        xpcaps_position=position,
    )
    body = page.find(id="pkg.fails").find_next_sibling("dd")
    found = [
        "table" if "xpcaps" in child.get("class", []) else child.name
        for child in body.find_all(recursive=False)
    ]
    assert found == order


def test_each_signature_of_a_description_has_a_table(site):
    text = (
        "plain\n=====\n\n.. py:function:: pkg.fails(x)\n                 pkg.other(x)\n\n   Two.\n"
    )
    built = build(site, text, xpcaps_inject=["pkg.*"])
    body = built.page("plain.html").find(id="pkg.fails").find_parent("dl").dd
    assert [words(title) for title in body.select("p.rubric")] == [
        "Array library support of pkg.fails",
        "Array library support of pkg.other",
    ]


def test_the_evidence_names_the_page_with_the_body(site):
    project = site("offline")
    path = project.src / "records" / "laptop.json"
    record = json.loads(path.read_text("utf-8"))
    for cell in record["targets"]["pkg.partly"]["cells"]:
        if cell["origin"]:
            cell["origin"] = "directive"
    path.write_text(json.dumps(record), "utf-8")
    (project.src / "plain.rst").write_text(f"{PARTLY}\n   pkg.partly(x)\n", "utf-8")
    built = project.build()
    here = words(built.page("plain.html").select_one("details.xpcaps-how"))
    assert "4 of 4 cases from the code on this page passed." in here
    there = built.page("markdown.html").select_one("details.xpcaps-how")
    assert "4 of 4 cases from the code on the page plain passed." in words(there)
    assert there.select_one("a[href='plain.html']")


LINES = ["# T", "", "para", "", "para", ""]


@pytest.mark.parametrize("options", [[":devices: cpu", ""], [""], []])
def test_the_line_of_a_body_is_that_of_the_document(site, options):
    directive = ["```{xp-capabilities} pkg.works", *options, "x = 1", "pkg.works(q)", "```", ""]
    project = site("offline")
    (project.src / "plain.rst").unlink()
    (project.src / "plain.md").write_text("\n".join(LINES + directive), "utf-8")
    app = project.make_app("html", srcdir=project.src)
    app.build()
    from sphinx_xpcaps.extension.domain import domain_of

    (request,) = domain_of(app.env).by_document["plain"]
    assert request.body_line == (LINES + directive).index("x = 1") + 1
    app.cleanup()


@pytest.mark.parametrize(
    ("rest", "warning"),
    [
        (
            "   :origin: docstring, examples\n",
            "unknown origin 'examples'; known are cases, docstring, signature, tests",
        ),
        (
            "   :origin: tests\n\n   pkg.partly(xp.ones(2))\n",
            "xp-capabilities: the option 'origin' has no effect beside a body",
        ),
    ],
)
def test_values_of_the_option_origin_are_checked_once_each(site, rest, warning):
    built = build(site, PARTLY + rest)
    (line,) = built.warnings
    assert line.partition("WARNING: ")[2] == f"{warning} [xpcaps.option]"


def test_origins_reach_the_measurement_of_all_requests_of_a_target():
    plain = TableRequest(target="pkg.f", docname="a")
    chosen = TableRequest(target="pkg.f", docname="b", origins=("tests",))
    (request,) = measurements([plain, chosen])
    assert request.origins == ("tests",)
    other = TableRequest(target="pkg.f", docname="c", origins=("signature",))
    (problem,) = different_origins([plain, chosen, other])
    assert (problem.request, problem.kind) == (other, "option")
    assert "also chosen in b (tests)" in problem.message
