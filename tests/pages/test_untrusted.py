"""Records in a build are untrusted: bad ones are warnings, and no text changes the output."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.pages.conftest import Site, cells

CONTROL = "\x1b[31m \x00 \u202e \x9b \u2066"
SPECIAL = "<script>alert(1)</script> \\input{/etc/passwd} `role` **bold** .. raw:: html"


def _edit(path: Path, text: str) -> None:
    """Insert a text into all notes, messages and calls of a record."""
    record = json.loads(path.read_text("utf-8"))
    for target in record["targets"].values():
        for cell in target["cells"]:
            cell["notes"] = [*cell["notes"], text]
            for reason in cell["reasons"]:
                reason |= {"message": text, "call": text, "exception": text}
    record["environment"]["processor"] = text
    path.write_text(json.dumps(record), "utf-8")


def _bad_records(valid: str) -> dict[str, bytes]:
    node = '{"name": "x", "kind": "input", "array": "()", "operands": [7]}'
    graph = f'"graph": {{"call": "f", "functions": [], "operations": 0, "nodes": [{node}]}}, '
    return {
        "bytes": valid.replace("pkg", "p\udcff", 1).encode("utf-8", "surrogateescape"),
        "deep": b'{"schema": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "digits": valid.replace('"numpy": "', '"numpy": "' + "9" * 5000, 1).encode(),
        "empty": b"",
        "graph": valid.replace('"origin"', graph + '"origin"', 1).encode(),
        "list": b"[1]",
        "newer": b'{"schema": 99}',
        "python": valid.replace('"python": "', '"python": "' + "9" * 5000, 1).encode(),
    }


def test_each_bad_record_is_one_warning_with_its_name_and_others_are_used(site) -> None:
    project: Site = site("offline")
    records = project.src / "records"
    for name, content in _bad_records((records / "laptop.json").read_text("utf-8")).items():
        (records / f"{name}.json").write_bytes(content)
    (records / "device.json").symlink_to("/dev/zero")
    (records / "folder.json").mkdir()
    os.mkfifo(records / "pipe.json")
    built = project.build()
    names = sorted(path.stem for path in records.iterdir() if path.stem != "laptop")
    assert len(built.warnings) == len(names)
    for name, warning in zip(names, sorted(built.warnings), strict=True):
        assert warning.startswith(f"WARNING: records/{name}.json: the record cannot be read: ")
        assert warning.endswith("[xpcaps.record]")
    assert cells(built.page("works.html"), "pkg.works")["PyTorch", "CPU"].startswith("supported")


@pytest.mark.parametrize("builder", ["html", "text", "man", "latex", "gettext"])
def test_output_has_no_control_characters_and_no_markup_of_a_record(site, builder: str) -> None:
    project: Site = site("offline")
    _edit(project.src / "records" / "laptop.json", CONTROL + SPECIAL)
    built = project.build(builder)
    if builder == "html":
        assert not built.page("works.html").find_all("script", string="alert(1)")
    files = [
        path for path in built.out.rglob("*") if path.suffix in (".html", ".txt", ".1", ".tex")
    ]
    for path in files:
        text = path.read_text("utf-8")
        assert not set(text) & {"\x1b", "\x00", "\u202e", "\x9b", "\u2066"}, path
        if builder == "latex":
            assert "\\input{/etc/passwd}" not in text


def test_data_of_the_report_that_cannot_be_written_is_one_warning_each(site) -> None:
    project: Site = site("offline")
    (project.src / "_build" / "html" / "xpcaps.csv").mkdir(parents=True)
    built = project.build()
    assert built.warnings == [
        f"WARNING: {built.out}/xpcaps.csv: the file cannot be written: Is a directory "
        "[xpcaps.report]".replace(f"{project.src}/", "")
    ]
    assert (built.out / "xpcaps.json").exists()
