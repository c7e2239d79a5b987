"""Test the command ``badge``."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from sphinx_xpcaps.results.model import Status, Target
from tests.cli.conftest import Run, Write
from tests.results.make import cell, environment, record, unmeasured


@pytest.fixture
def file(write: Write) -> str:
    cells = {
        "pkg.a": cell(Status.SUPPORTED),
        "pkg.b": cell(Status.SUPPORTED),
        "pkg.c": cell(Status.PARTIAL, "no JIT"),
        "pkg.sub.d": cell(Status.UNSUPPORTED, "TypeError"),
        "pkg.sub.e": unmeasured("no case"),
    }
    targets = {name: Target(kind="function", cells=(each,)) for name, each in cells.items()}
    return str(write("record.json", replace(record(environment()), targets=targets)))


def test_the_data_is_that_of_an_endpoint_badge(run: Run, file: str) -> None:
    answer = run("badge", file, "--backend", "torch")
    assert answer.exit_code == 0
    assert json.loads(answer.output) == {
        "schemaVersion": 1,
        "label": "PyTorch",
        "message": "2 of 4 functions, 1 partly",
        "color": "yellow",
    }


def test_svg_has_the_texts_for_screen_readers_and_needs_no_network(run: Run, file: str) -> None:
    run("badge", file, "--backend", "torch", "--label", "a < b", "-o", "badge.svg")
    content = Path("badge.svg").read_text()
    root = ET.fromstring(content)
    assert root.attrib["aria-label"] == "a < b: 2 of 4 functions, 1 partly"
    assert "href" not in content
    assert content.count("http") == 1, "only the name of the XML namespace"


def test_only_targets_below_a_name_count(run: Run, file: str) -> None:
    answer = run("badge", file, "--backend", "torch", "--target", "pkg.sub")
    assert json.loads(answer.output)["message"] == "0 of 1 functions"


def test_a_column_without_a_measurement_is_not_called_unsupported(run: Run, file: str) -> None:
    plain = json.loads(run("badge", file, "--backend", "torch", "--device", "gpu").output)
    assert (plain["label"], plain["message"]) == ("PyTorch on GPU", "not measured")
    assert plain["color"] == "lightgrey"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--backend", "pytorch"], "no record has cells of 'pytorch'; there are torch"),
        (["--backend", "torch", "--target", "other"], "no record has a target below 'other'"),
    ],
)
def test_a_badge_of_nothing_is_an_error(
    run: Run, file: str, options: list[str], message: str
) -> None:
    answer = run("badge", file, *options)
    assert (answer.exit_code, answer.stderr) == (2, f"Error: {message}\n")


@pytest.mark.parametrize("name", ["badge.svg", "badge.json"])
def test_badge_replaces_a_badge_and_no_other_file(run: Run, file: str, name: str) -> None:
    command = ("badge", file, "--backend", "torch", "-o")
    assert run(*command, name).exit_code == 0
    assert run(*command, name, "--label", "other").exit_code == 0
    assert "other" in Path(name).read_text()
    before = Path(file).read_bytes()
    refused = run(*command, file)
    assert refused.exit_code == 2
    assert "was not written by sphinx-xpcaps; choose another file" in refused.stderr
    assert Path(file).read_bytes() == before
