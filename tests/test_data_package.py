"""The package of data: its files are valid, small enough to review, and can be built and read."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from jsonschema import Draft202012Validator

from sphinx_xpcaps.results import record as records
from sphinx_xpcaps.results.model import Status

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
FILES = sorted((DATA / "xpcaps_data" / "records").glob("*.json"))


@pytest.fixture
def xpcaps_data(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(DATA)
    yield __import__("xpcaps_data")
    sys.modules.pop("xpcaps_data", None)


def test_ten_libraries_were_measured(xpcaps_data: ModuleType) -> None:
    described = tomllib.loads((ROOT / "docs/ecosystem/libraries.toml").read_text("utf-8"))
    assert len(xpcaps_data.libraries()) >= 10
    assert set(xpcaps_data.libraries()) <= set(described)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_record_is_valid_and_names_no_folder(file: Path, xpcaps_data: ModuleType) -> None:
    text = file.read_text("utf-8")
    Draft202012Validator(xpcaps_data.schema()).validate(json.loads(text))
    assert not any(folder in text for folder in ("/root/", "/home/", "/site-packages/"))
    assert len(text) < 6_000_000


def test_published_schema_is_that_of_the_code(xpcaps_data: ModuleType) -> None:
    assert xpcaps_data.schema() == json.loads(json.dumps(records.schema()))


def test_status_of_a_function_can_be_looked_up(xpcaps_data: ModuleType) -> None:
    assert xpcaps_data.cell("einops.rearrange", "torch")["status"] == Status.SUPPORTED
    assert xpcaps_data.cell("einops.unknown", "torch") is None
    assert xpcaps_data.cell("unknown.f", "torch") is None
    with pytest.raises(LookupError, match="unknown was not measured; known are"):
        xpcaps_data.record("unknown")


def test_examples_in_the_readme_run(xpcaps_data: ModuleType) -> None:
    found = doctest.testfile(str(DATA / "README.md"), module_relative=False)
    assert found.attempted > 3
    assert found.failed == 0


def test_wheel_has_the_module_the_schema_and_all_records(tmp_path: Path) -> None:
    pytest.importorskip("hatch_vcs")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=DATA, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("xpcaps_data-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {"__init__.py", "py.typed", "record.schema.json", *(f"records/{f.name}" for f in FILES)}
    assert names == {f"xpcaps_data/{name}" for name in files}
