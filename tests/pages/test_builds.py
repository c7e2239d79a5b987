"""Incremental and parallel builds: which pages are written."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pages.conftest import cells


def edit_record(project, target: str, backend: str, **changes) -> None:
    path = project.src / "records" / "laptop.json"
    record = json.loads(path.read_text("utf-8"))
    for cell in record["targets"][target]["cells"]:
        if cell["backend"] == backend and cell["status"] != "not_measured":
            cell.update(changes)
    path.write_text(json.dumps(record), "utf-8")


def pages(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.html"))}


def test_a_second_build_without_changes_writes_no_page(site):
    project = site("offline")
    assert project.build().written == ["index", "markdown", "plain", "works"]
    assert project.build().written == []


def test_a_changed_record_writes_only_pages_whose_tables_changed(site):
    project = site("offline")
    project.build()
    edit_record(project, "pkg.works", "torch", status="unsupported", notes=["TypeError"])
    built = project.build()
    assert built.written == ["index", "works"], "the index has the summary"
    assert cells(built.page("works.html"), "pkg.works")["PyTorch", "CPU"] == (
        "unsupported: TypeError"
    )
    assert project.build().written == []


def test_a_changed_key_of_a_cell_writes_no_page(site):
    project = site("offline")
    project.build()
    edit_record(project, "pkg.works", "torch", key="sha256:1")
    assert project.build().written == []


def test_a_changed_record_reaches_every_builder_that_shares_the_environment(site):
    project = site("offline")
    project.build("html")
    project.build("dirhtml")
    edit_record(project, "pkg.works", "torch", status="unsupported", notes=["TypeError"])
    assert "works" in project.build("html").written
    built = project.build("dirhtml")
    table = cells(built.page("works/index.html"), "pkg.works")
    assert table["PyTorch", "CPU"] == "unsupported: TypeError"


def test_a_changed_option_writes_the_pages_whose_tables_change(site):
    project = site("offline")
    project.build()
    built = project.build(xpcaps_backends=["numpy", "jax"])
    assert {library for library, _ in cells(built.page("works.html"), "pkg.works")} == {
        "NumPy",
        "JAX",
    }


def test_parallel_builds_give_the_same_pages(site):
    project = site("offline")
    for number in range(8):
        text = f"more\n====\n\n.. py:function:: pkg.more{number}(x)\n"
        (project.src / f"more{number}.rst").write_text(":orphan:\n\n" + text, "utf-8")
    options = {"xpcaps_inject": ["pkg.*"]}
    serial = project.build(**options)
    one = pages(serial.out)
    import shutil

    shutil.rmtree(project.src / "_build")
    parallel = project.build(parallel=4, **options)
    assert pages(parallel.out) == one
    assert sorted(parallel.warnings) == sorted(serial.warnings)
    assert "pkg.more7" in one["xpcaps-report.html"]


def test_targets_of_a_removed_document_are_not_in_the_report(site):
    project = site("offline")
    project.build()
    (project.src / "works.rst").unlink()
    index = project.src / "index.rst"
    index.write_text(index.read_text("utf-8").replace("   works\n", ""), "utf-8")
    assert "pkg.works" not in project.build().text("xpcaps-report.html")
