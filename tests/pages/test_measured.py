"""Builds that measure the functions, from documents to tables."""

from __future__ import annotations

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.pages.conftest import Run, cells, cells_of, sphinx_build, words

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def first(tmp_path_factory, rootdir: Path) -> Run:
    src = tmp_path_factory.mktemp("measured") / "src"
    shutil.copytree(rootdir / "test-measured", src)
    return sphinx_build(src)


@pytest.fixture(scope="module")
def second(first: Run) -> Run:
    return sphinx_build(first.src)


@pytest.fixture
def copy(first: Run, tmp_path: Path) -> Path:
    """A copy of the built project with its measurements, to change and build again."""
    src = tmp_path / "src"
    shutil.copytree(first.src, src)
    return src


def test_measured_statuses_are_on_the_page(first):
    table = cells(first.page("generated/smallpkg.double.html"), "smallpkg.double")
    assert {library for library, _ in table} == {"NumPy", "PyTorch", "array-api-strict"}
    assert table["NumPy", "CPU"] == "supported"
    assert table["NumPy", "GPU"] == "n/a"
    assert table["array-api-strict", "CPU"] == "supported"
    assert table["array-api-strict", "GPU"] == "supported: on its second device"


@pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch")
def test_a_library_that_sphinx_does_not_import_is_measured(first):
    table = cells(first.page("generated/smallpkg.double.html"), "smallpkg.double")
    assert table["PyTorch", "CPU"] == "supported"


def test_a_function_that_converts_to_numpy_is_unsupported_on_other_backends(first):
    table = cells(first.page("markdown.html"), "smallpkg.through_numpy")
    assert table["NumPy", "CPU"] == "supported"
    assert table["array-api-strict", "CPU"].startswith("unsupported: ")


@pytest.mark.parametrize(
    ("page", "target"),
    [
        ("generated/smallpkg.double.html", "smallpkg.double"),  # a stub page of autosummary
        ("markdown.html", "smallpkg.through_numpy"),  # a directive in Markdown
        ("module.html", "smallpkg.without_example"),  # autofunction
    ],
)
def test_a_pattern_matches_descriptions_from_every_source(first, page, target):
    assert cells(first.page(page), target)


def test_each_case_has_its_call_and_a_program_that_repeats_it(first, monkeypatch, capsys):
    (evidence,) = first.page("markdown.html").select("details.xpcaps-how")
    calls = [words(item) for item in evidence.select("ul ul > li > p")]
    assert calls[0] == "through_numpy(np.asarray([1.0, 2.0])) : passed"
    assert calls[-1].startswith("through_numpy(np.asarray([1.0, 2.0])) : eager: raised")
    programs = evidence.select("details.xpcaps-program")
    assert len(programs) == len(calls)
    monkeypatch.syspath_prepend(str(first.src))
    text = programs[0].pre.get_text()
    exec(text, {})
    assert capsys.readouterr().out.strip() == "[1. 2.]"
    assert "import array_api_strict as xp" in programs[-1].pre.get_text()


def described(page: BeautifulSoup) -> dict[str, list[str]]:
    """Return the kinds of elements in the body of each description, by name."""
    found = {}
    for signature in page.select("dt.sig"):
        name = words(signature.select_one(".descname"))
        parts = []
        for child in signature.find_next_sibling("dd").find_all(recursive=False):
            kind = "table" if "xpcaps" in child.get("class", []) else child.name
            parts.append(kind)
        found[name] = parts
    return found


def test_a_pattern_adds_tables_to_methods_and_ufuncs_but_not_to_plain_data(first):
    parts = described(first.page("module.html"))
    assert "table" in parts["apply"]
    assert "table" in parts["square"]
    assert "table" not in parts["LIMIT"]


def test_the_table_of_a_class_is_before_its_methods(first):
    parts = described(first.page("module.html"))["Scaler"]
    assert parts.count("table") == 1
    assert parts.index("table") < parts.index("dl", parts.index("table"))
    assert parts[-1] == "dl"


def test_a_pattern_adds_no_table_next_to_a_directive(first):
    parts = described(first.page("hand.html"))["double"]
    assert parts == ["p", "table", "p"]


def test_the_graph_is_shown_only_for_the_directive_that_requests_it(first):
    drawn = first.page("hand.html").select(".xpcaps-graph svg")
    assert [words(box) for box in drawn[0].select("text")] == [
        "x",
        "(2,) float64",
        "multiply",
        "(2,) float64",
    ]
    assert not first.page("generated/smallpkg.double.html").select(".xpcaps-graph")


def test_mistakes_get_one_warning_each_with_document_and_line(first):
    assert first.warnings == [
        "hand.rst:17: WARNING: the body of xp-capabilities for smallpkg.without_example failed: "
        "the body does not call smallpkg.without_example [xpcaps.body]",
        "mistakes.rst:14: WARNING: the body of xp-capabilities for smallpkg.Scaler failed: line 2: "
        "AttributeError: module 'smallpkg' has no attribute 'Skaler' [xpcaps.body]",
        "mistakes.rst:4: WARNING: nosuchpkg.func cannot be measured: ModuleNotFoundError: "
        "No module named 'nosuchpkg' [xpcaps.target]",
        "mistakes.rst:6: WARNING: smallpkg.nothing cannot be measured: module 'smallpkg' has no "
        "attribute 'nothing' [xpcaps.target]",
        "mistakes.rst:8: WARNING: smallpkg.LIMIT cannot be measured: smallpkg.LIMIT is not "
        "callable [xpcaps.target]",
    ]


def test_a_target_with_a_mistake_has_a_table_with_the_reason(first):
    tables = first.page("mistakes.html").select("div.xpcaps")
    assert cells_of(tables[0])["PyTorch", "CPU"] == "not measured: no case"
    assert words(tables[0].select_one(".xpcaps-where")) == (
        "Not measured: ModuleNotFoundError: No module named 'nosuchpkg'."
    )
    assert "has no attribute 'Skaler'" in words(tables[3])


def test_a_second_build_measures_nothing_and_writes_nothing(first, second):
    assert first.measured
    assert second.measured == []
    assert second.written == []
    assert "measuring capabilities... up to date" in second.output


def test_warnings_are_repeated_until_their_cause_is_fixed(first, second):
    assert second.warnings == first.warnings


def test_a_changed_package_is_measured_again_and_its_pages_are_written(copy):
    module = copy / "smallpkg" / "__init__.py"
    text = module.read_text("utf-8").replace("return np.asarray(x)", "return x")
    module.write_text(text, "utf-8")
    run = sphinx_build(copy)
    assert "smallpkg.through_numpy (array-api-strict)" in run.measured
    table = cells(run.page("markdown.html"), "smallpkg.through_numpy")
    assert table["array-api-strict", "CPU"] == "supported"
    assert "markdown" in run.written


def committed(src: Path, change) -> None:
    """Commit the measurements as a record, after calling `change` with its targets."""
    (measured,) = (src / "_build/doctrees/xpcaps/records").glob("*.json")
    record = json.loads(measured.read_text("utf-8"))
    change(record["records"][0]["targets"])
    (src / "laptop.json").write_text(json.dumps(record), "utf-8")
    with (src / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write('\nxpcaps_records = ["laptop.json"]\n')


def test_a_host_without_array_libraries_builds_the_same_pages(first, copy, tmp_path, monkeypatch):
    committed(copy, lambda targets: None)
    shutil.rmtree(copy / "_build")
    for name in ("torch", "jax", "dask", "cupy", "array_api_strict"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not on this host')\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    run = sphinx_build(copy, "-D", "xpcaps_execute=off")
    assert run.measured == []

    def pages(built: Run) -> dict[str, bytes]:
        html = built.src / "_build/html"
        return {str(p.relative_to(html)): p.read_bytes() for p in sorted(html.rglob("*.html"))}

    here, there = pages(first), pages(run)
    assert len(here) > 5
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []


def test_check_warns_where_the_committed_record_differs(copy):
    def differ(targets):
        for cell in targets["smallpkg.double"]["cells"]:
            if cell["backend"] == "numpy" and cell["device"] == "cpu":
                cell.update(status="partial", notes=["floating only"])

    committed(copy, differ)
    run = sphinx_build(copy, "-D", "xpcaps_execute=check")
    assert "smallpkg.double (numpy)" in run.measured, "check measures again what is in the cache"
    (mismatch,) = [line for line in run.warnings if "[xpcaps.mismatch]" in line]
    assert "smallpkg.double: numpy on cpu is supported, was partial (floating only)" in mismatch


def test_no_array_library_is_imported_by_sphinx(first):
    assert first.measured
    assert "IMPORTED []" in first.output


def test_a_build_with_nothing_to_do_imports_no_tools_for_arrays(second):
    assert "TOOLS []" in second.output


def test_parallel_reading_gives_the_same_pages_and_warnings(first, tmp_path):
    src = tmp_path / "src"
    shutil.copytree(first.src, src, ignore=shutil.ignore_patterns("html", "*.doctree", "*.pickle"))
    run = sphinx_build(src, "-E", "-j", "4")
    assert run.warnings == first.warnings
    for name in ("hand.html", "markdown.html", "module.html", "xpcaps-report.html"):
        assert run.page(name) == first.page(name)
