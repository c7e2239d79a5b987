"""Tables, summaries and the report, from a committed record."""

from __future__ import annotations

import json
import re

import pytest

from sphinx_xpcaps.results.record import read_files, read_records, write_bundle
from tests.pages.conftest import cells, cells_of, words


def test_a_page_shows_the_statuses_in_the_record(offline):
    assert cells(offline.page("works.html"), "pkg.works") == {
        ("NumPy", "CPU"): "supported",
        ("NumPy", "GPU"): "n/a",
        ("CuPy", "CPU"): "n/a",
        ("CuPy", "GPU"): "not measured: no CUDA device",
        ("PyTorch", "CPU"): "supported",
        ("PyTorch", "GPU"): "not measured: no CUDA device expected supported",
        ("JAX", "CPU"): "supported",
        ("JAX", "GPU"): "not measured: no GPU or TPU that it can use expected supported",
        ("Dask", "CPU"): "supported",
        ("Dask", "GPU"): "n/a",
    }
    assert offline.warnings == []


def test_partial_cells_have_notes(offline):
    table = cells(offline.page("markdown.html"), "pkg.partly")
    assert table["JAX", "CPU"] == "partial: no JIT"
    assert table["Dask", "CPU"] == "partial: computes graph"
    assert table["PyTorch", "GPU"].endswith("expected unsupported : converts to NumPy")


def test_symbols_are_hidden_from_screen_readers_and_texts_are_not(offline):
    page = offline.page("works.html")
    mark = page.select_one("td .xpcaps-mark")
    assert mark is not None
    symbol, shown_text = mark.find_all("span")
    assert (symbol.text, symbol["aria-hidden"]) == ("✅", "true")
    assert (shown_text.text, shown_text.get("aria-hidden")) == ("supported", None)


def test_rows_and_columns_have_headers(offline):
    table = offline.page("works.html").find("table", class_="xp-capabilities")
    assert [head.text.strip() for head in table.select("thead th")] == ["Library", "CPU", "GPU"]
    heads = table.select("tbody th[scope=row]")
    assert [words(head) for head in heads] == ["NumPy", "CuPy", "PyTorch", "JAX", "Dask"]


def test_the_environment_is_below_a_table(offline):
    page = offline.page("works.html")
    assert words(page.select_one("p.xpcaps-where")) == (
        "pkg 1.2.0 measured 2026-11-22 with NumPy 2.4.6, PyTorch 2.13.0, JAX 0.10.2, "
        "Dask 2026.8.0; Python 3.11.7, linux-x86_64; PKG_SWITCH=1."
    )


def test_the_evidence_is_folded_and_describes_each_failure(offline):
    page = offline.page("markdown.html")
    partly, fails = page.select("details.xpcaps-how")
    assert partly.summary.text == "How this was measured"
    shown_text = words(partly)
    assert "JAX, CPU : eager supported , JIT unsupported ." in shown_text
    assert "4 of 4 cases from the docstring's examples passed." in shown_text
    assert "partly(x, axis=1) raised TracerArrayConversionError: The numpy.ndarray" in shown_text
    assert "Computed its graph 2 times." in shown_text
    assert "CuPy, GPU : not measured (cupy 14.2.0 is installed, but there is no CUDA" in shown_text
    shown_text = words(fails)
    assert "0 of 4 cases" in shown_text
    assert "raised TypeError: mean(): could not infer output dtype. Got: Long <int64>" in shown_text
    assert "returned another library's arrays" in shown_text
    assert "timed out: 30 s" in shown_text


def test_arguments_that_fail_on_some_libraries_are_listed_with_a_call_for_each(offline):
    page = offline.page("markdown.html")
    [limits] = page.select("ul.xpcaps-limits")
    assert words(limits.find_previous_sibling("p")) == "Limits"
    [item] = limits.find_all("li", recursive=False)
    assert words(item.p) == "axis=1 fails on JAX (JIT), Dask (lazy)"
    jax, dask = map(words, item.select("li"))
    assert dask == "Dask (lazy): partly(x, axis=1) computes the graph twice"
    assert jax.startswith("JAX (JIT): partly(x, axis=1) raised TracerArrayConversionError")


def test_name_and_class_of_a_directive_are_attributes_of_the_table(offline):
    table = offline.page("markdown.html").find(id="fails-table")
    assert {"xpcaps", "special"} <= set(table["class"])


def test_texts_of_tables_are_not_in_the_search_index(offline):
    index = offline.text("searchindex.js")
    assert '"tracerarrayconversionerror' not in index
    assert '"pytorch"' not in index
    assert '"return"' in index or '"returns"' in index


@pytest.mark.parametrize("builder", ["text", "latex", "man"])
def test_other_builders_write_texts_without_symbols(site, builder):
    built = site("offline").build(builder)
    pages = [path for path in built.out.rglob("*") if path.suffix in (".txt", ".tex", ".1")]
    markup = r"[|+=-]{2,}|\||\\DUrole\{[a-z-]*\}\{|(?m:^T[{}])|[{}\\]"
    text = " ".join(re.sub(markup, " ", path.read_text("utf-8")) for path in pages)
    text = " ".join(text.split())
    assert not re.search("[✅⚠⛔⚡]", text)
    assert "partial: no JIT" in text
    assert "expected unsupported" in text
    assert re.search(r"unsupported: TypeError", text)
    assert "TracerArrayConversionError" not in text, "only one line of evidence is shown"
    if builder != "man":  # the manual page is that of the index
        assert "Python 3.11.7, linux" in text.replace("\xa0", " ")
    assert built.warnings == []


def test_singlehtml_and_epub_have_the_tables(site):
    project = site("offline")
    single = project.build("singlehtml").page("index.html")
    assert cells(single, "pkg.partly")["JAX", "CPU"] == "partial: no JIT"
    book = project.build("epub", version="1", copyright="2026, nobody").page("works.xhtml")
    assert cells(book, "pkg.works")["PyTorch", "CPU"] == "supported"


def test_the_summary_has_counts_and_links(offline):
    page = offline.page("index.html")
    counts, functions = page.select("table.xp-capabilities")
    assert [words(entry) for entry in counts.tbody.tr.find_all("td")] == [
        "3 supported",
        "2 supported , 1 unsupported",
        "1 supported , 1 partial , 1 unsupported",
        "1 supported , 1 partial , 1 unsupported",
    ]
    links = {
        words(row.th): row.a["href"] if row.a else None for row in functions.select("tbody tr")
    }
    assert links == {
        "pkg.fails": None,
        "pkg.partly": "markdown.html#pkg.partly",
        "pkg.works": "works.html#pkg.works",
    }


def test_the_report_lists_every_target_with_links(offline):
    page = offline.page("xpcaps-report.html")
    rows = page.select(".xpcaps-report table.xpcaps-functions tbody tr")
    assert [words(row.th) for row in rows] == ["pkg.fails", "pkg.partly", "pkg.works"]
    assert [row.a["href"] for row in rows] == [
        "markdown.html",
        "markdown.html#pkg.partly",
        "works.html#pkg.works",
    ]


def test_the_report_counts_functions_per_module_and_view(offline):
    page = offline.page("xpcaps-report.html")
    counts = page.select_one("table.xpcaps-counts")
    assert [words(head) for head in counts.select("thead th")] == [
        "Module", "Functions", "NumPy CPU", "PyTorch CPU", "JAX CPU", "Dask CPU", "JAX JIT",
        "Dask lazy",
    ]  # fmt: skip
    assert [words(entry) for entry in counts.tbody.tr.find_all("td")] == [
        "3", "100 % (3/3)", "66 % (2/3)", "33 % (1/3) + 1 partial", "33 % (1/3) + 1 partial",
        "50 % (1/2)", "50 % (1/2)",
    ]  # fmt: skip
    shown_text = words(page.select_one(".xpcaps-report"))
    assert "pkg 1.2.0 measured 2026-11-22 with NumPy 2.4.6" in shown_text
    assert "3 functions" in shown_text


def test_the_data_of_the_report_is_in_files_beside_it(site):
    built = site("offline").build("dirhtml")
    page = built.page("xpcaps-report/index.html")
    links = [link["href"] for link in page.select(".xpcaps-where a")]
    assert links == ["../xpcaps.csv", "../xpcaps.json"]
    assert "pkg.partly,jax,cpu,partial,no JIT,supported,unsupported," in built.text("xpcaps.csv")
    (record,) = read_records(built.out / "xpcaps.json")
    (cell,) = [
        cell
        for cell in record.targets["pkg.partly"].cells
        if (cell.backend, cell.device) == ("jax", "cpu")
    ]
    assert (cell.status, cell.notes, cell.modes["jit"]) == ("partial", ("no JIT",), "unsupported")


def test_the_report_groups_functions_by_the_reason_of_failure(offline):
    page = offline.page("xpcaps-report.html")
    libraries = {
        words(each.summary): [words(item) for item in each.select("li")]
        for each in page.select(".xpcaps-report details.xpcaps-how")
    }
    assert libraries["Dask: 2 functions"] == [
        "computes graph (1 function): works, but computes the lazy graph before it returns"
        " pkg.partly",
        "timeout (1 function): a call exceeds the time limit pkg.fails",
    ]


def test_a_document_can_contain_the_report_in_any_format(site):
    project = site("offline")
    text = "Report\n======\n\n.. xp-capabilities-report::\n"
    (project.src / "plain.rst").write_text(text, "utf-8")
    built = project.build()
    assert not (built.out / "xpcaps-report.html").exists()
    assert built.page("plain.html").select_one(".xpcaps-report[data-words]")
    links = built.page("works.html").select(".xpcaps-links a")
    assert "plain.html" in [link["href"] for link in links]
    assert "no JIT" in project.build("text").text("plain.txt")


def test_a_report_without_any_table_gives_one_warning(site):
    project = site("offline")
    text = "Report\n======\n\n.. xp-capabilities-report:: other\n"
    (project.src / "plain.rst").write_text(text, "utf-8")
    message = "xp-capabilities-report: no table for anything in 'other' [xpcaps.match]"
    assert project.build().warnings == [f"plain.rst:4: WARNING: {message}"]


def test_rows_and_columns_can_be_chosen(site):
    project = site("offline")
    (project.src / "plain.rst").write_text(
        "plain\n=====\n\n.. xp-capabilities:: pkg.works\n"
        "   :backends: jax, torch\n   :devices: cpu\n",
        "utf-8",
    )
    table = cells_of(project.build().page("plain.html"))
    assert list(table) == [("PyTorch", "CPU"), ("JAX", "CPU")]


def test_a_target_in_no_record_has_an_empty_table_and_gives_one_warning(site):
    project = site("offline")
    (project.src / "plain.rst").write_text(
        "plain\n=====\n\n.. xp-capabilities:: pkg.unheard\n", "utf-8"
    )
    built = project.build()
    table = cells_of(built.page("plain.html"))
    assert table["PyTorch", "CPU"] == "not measured: in no record yet"
    assert built.warnings == [
        "WARNING: 1 of 4 targets is in no record: pkg.unheard [xpcaps.record]"
    ]


def test_an_older_version_with_another_result_becomes_a_note(site):
    project = site("offline")
    path = project.src / "records" / "laptop.json"
    older = json.loads(path.read_text("utf-8"))
    older["environment"]["packages"]["torch"] = "2.5.1"
    older["environment"]["date"] = "2026-01-05"
    (torch,) = [
        cell
        for cell in older["targets"]["pkg.works"]["cells"]
        if (cell["backend"], cell["device"]) == ("torch", "cpu")
    ]
    torch.update(status="unsupported", notes=["TypeError"])
    (project.src / "records" / "older.json").write_text(json.dumps(older), "utf-8")
    page = project.build().page("works.html")
    assert cells(page, "pkg.works")["PyTorch", "CPU"] == "supported: torch ≥ 2.13"
    shown_text = words(page.select_one("details.xpcaps-how"))
    assert (
        "2026-01-05, pkg 1.2.0, PyTorch 2.5.1, linux-x86_64: unsupported (TypeError)" in shown_text
    )
    versions = "By version: supported since torch 2.13.0; unsupported (TypeError) with 2.5.1."
    assert versions in shown_text


def test_a_bundle_gives_the_same_page_as_its_records(site):
    project = site("offline")
    records = project.src / "records"
    older = json.loads((records / "laptop.json").read_text("utf-8"))
    older["environment"]["packages"]["torch"] = "2.5.1"
    older["targets"]["pkg.works"]["cells"][0]["notes"] = ["another note"]
    (records / "older.json").write_text(json.dumps(older), "utf-8")
    separate = project.build().page("works.html")
    paths = sorted(records.glob("*.json"))
    found = read_files(paths).records
    for path in paths:
        path.unlink()
    write_bundle(found, records / "all.json")
    assert str(project.build().page("works.html")) == str(separate)
