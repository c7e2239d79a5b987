"""Which cells are measured again, and what records contain."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.batch import Measured, run
from sphinx_xpcaps.measure.environment import describe_environment
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.measure.workers.server_process import ServerProcess
from sphinx_xpcaps.results import bundle
from sphinx_xpcaps.results.model import Cell, Outcome, Status
from sphinx_xpcaps.results.record import RecordError, read, schema

pytestmark = pytest.mark.slow

SOURCE = '''
"""A package."""
import numpy as np

def double(x):
    """Double.

    Examples
    --------
    >>> double(np.asarray([1.0, 2.0]))
    """
    return x + x

def triple(x):
    """Triple.

    Examples
    --------
    >>> triple(np.asarray([1.0, 2.0]))
    """
    return 3 * x
'''
Batch = Callable[..., Measured]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder to import from."""
    folder = tmp_path_factory.mktemp("packages")
    with pytest.MonkeyPatch.context() as patches:
        patches.syspath_prepend(folder)
        patches.setenv("PYTHONDONTWRITEBYTECODE", "1")  # the source changes within a second
        yield folder


@pytest.fixture
def source(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the source file of a package that can be changed."""
    monkeypatch.delitem(sys.modules, "growing", raising=False)
    file = folder / "growing.py"
    file.write_text(SOURCE)
    return file


def measure(cache: Path, *names: str, body: str | None = None, **options: object) -> Measured:
    """Measure the package."""
    config = Config(**{"backends": ["numpy", "array-api-strict"], **options})  # type: ignore[arg-type]
    requests = [
        MeasurementRequest(target=f"growing.{n}", body=body) for n in names or ("double", "triple")
    ]
    return run(requests, config, cache=cache, progress=lambda *_: None)


@pytest.fixture
def batch(source: Path, tmp_path: Path) -> Batch:
    """Return a function that measures the package."""
    return partial(measure, tmp_path / "cache")


@dataclass(frozen=True)
class First:
    """The first measurement of the package, and its cache."""

    measured: Measured
    cache: Path


@pytest.fixture(scope="module")
def first(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> First:
    """Measure the package once for all tests of what is measured again."""
    (folder / "growing.py").write_text(SOURCE)
    cache = tmp_path_factory.mktemp("first") / "cache"
    return First(measure(cache), cache)


@pytest.fixture
def again(batch: Batch, first: First, tmp_path: Path) -> Batch:
    """Return a function that measures the package, which was measured before."""
    shutil.copytree(first.cache, tmp_path / "cache")
    return batch


def test_current_cells_are_not_run_again(first: First, again: Batch) -> None:
    second = again()
    assert first.measured.ran == 6
    assert second.ran == 0
    assert bundle.encode(first.measured.records[:1]) == bundle.encode(second.records[:1])


def test_a_changed_comment_or_docstring_of_another_function_runs_nothing(
    again: Batch, source: Path
) -> None:
    source.write_text(SOURCE.replace("Triple.", "Multiply by three.") + "\n# a comment\n")
    assert again("double").ran == 0


def test_changed_code_runs_all_targets(again: Batch, source: Path) -> None:
    source.write_text(SOURCE.replace("return 3 * x", "return x * 3"))
    assert again().ran == 6


def test_a_changed_example_runs_its_target(again: Batch, source: Path) -> None:
    source.write_text(SOURCE.replace("triple(np.asarray([1.0, 2.0]))", "triple(np.ones(3))"))
    assert again().ran == 3


def test_off_runs_nothing(batch: Batch) -> None:
    assert batch(execute="off").ran == 0


def test_force_runs_everything_and_writes_the_same_bytes(first: First, again: Batch) -> None:
    second = again(execute="force")
    assert second.ran == 6
    assert bundle.encode(first.measured.records[:1]) == bundle.encode(second.records[:1])


def test_no_worker_starts_if_nothing_has_to_be_measured(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a worker is started")

    assert batch("double", "no_such_function").ran == 3
    monkeypatch.setattr(ServerProcess, "__init__", refuse)
    assert batch("double", "no_such_function").ran == 0


def test_off_imports_and_runs_nothing(
    batch: Batch, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces = source.parent / "traces"
    leave_trace = f"open({str(traces)!r}, 'a').write('imported')"
    source.write_text(f"{SOURCE}\n{leave_trace}\n")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a worker is started")

    with monkeypatch.context() as patched:
        patched.setattr(ServerProcess, "__init__", refuse)
        batch(execute="off", setup=leave_trace)
    assert not traces.exists()
    batch("double")
    assert traces.exists()


def test_off_compares_the_versions_of_packages(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = describe_environment([], {})
    before = replace(where, packages={**where.packages, "growing": "1.0"})
    cell = Cell(backend="numpy", device="cpu", status=Status.SUPPORTED, key="sha256:1")
    is_current = batch("double", execute="off").is_current
    assert is_current("growing.double", cell, before)
    monkeypatch.setattr("sphinx_xpcaps.measure.batch.package_version", lambda name: "1.1")
    assert not is_current("growing.double", cell, before)
    assert is_current("growing.double", cell, where)


def test_damaged_caches_are_created_again(again: Batch, tmp_path: Path) -> None:
    for name in ("digests.json", "probes.json"):
        (tmp_path / "cache" / name).write_text("[3]")
    assert again("double").ran == 0


def test_a_cell_is_outdated_after_a_change_of_the_code(
    first: First, again: Batch, source: Path
) -> None:
    before = first.measured
    record = before.records[0]
    cell = record.targets["growing.double"].cells[0]
    assert before.is_current("growing.double", cell, record.environment)
    source.write_text(SOURCE.replace("return x + x", "return 2 * x"))
    after = again("double")
    assert not after.is_current("growing.double", cell, record.environment)


def test_the_body_of_a_directive_is_the_case(batch: Batch) -> None:
    measured = batch("double", body="growing.double(xp.ones(3))")
    cells = measured.records[0].targets["growing.double"].cells
    assert {cell.origin for cell in cells if cell.status.measured} == {"directive"}


def test_the_reason_of_a_body_that_raises_has_the_line_and_examples_are_used(batch: Batch) -> None:
    measured = batch("double", body="x = 1\nundefined(x)")
    cells = measured.records[0].targets["growing.double"].cells
    [cell] = [cell for cell in cells if cell.backend == "numpy" and cell.device == "cpu"]
    assert cell.status is Status.SUPPORTED
    [reason] = cell.reasons
    assert reason.outcome is Outcome.NO_CASE
    assert reason.message.startswith("line 2: NameError")


def test_set_up_code_runs_in_every_worker(batch: Batch) -> None:
    line = "import builtins; builtins.SWITCHED_ON = True"
    body = "growing.double(xp.ones(3) if SWITCHED_ON else None)"
    measured = batch("double", body=body, setup=line)
    cells = measured.records[0].targets["growing.double"].cells
    assert any(cell.status is Status.SUPPORTED for cell in cells)


def test_set_up_code_that_raises_is_the_reason_of_all_cells(batch: Batch) -> None:
    measured = batch("double", setup="1 / 0")
    cells = measured.records[0].targets["growing.double"].cells
    messages = [c.reasons[0].message for c in cells if c.status is Status.NOT_MEASURED]
    assert messages
    assert all("ZeroDivisionError" in message for message in messages)


def test_a_record_has_every_requested_cell(batch: Batch) -> None:
    record = batch("double", backends=["numpy", "cupy", "torch"]).records[0]
    places = [(cell.backend, cell.device) for cell in record.targets["growing.double"].cells]
    devices = [(b, d) for b in ("cupy", "numpy", "torch") for d in ("cpu", "gpu")]
    assert places == devices


def test_a_record_is_sorted_json(first: First) -> None:
    [path] = (first.cache / "records").glob("*.json")
    content = json.loads(path.read_text())
    assert content["schema"] == 2
    (plain,) = content["records"]
    assert plain["tool"]["name"] == "sphinx-xpcaps"
    assert plain["package"]["name"] == "growing"
    assert list(plain["targets"]) == sorted(plain["targets"])
    cell = plain["targets"]["growing.double"]["cells"][0]
    assert set(cell) >= {
        "backend",
        "device",
        "status",
        "modes",
        "origin",
        "passed",
        "total",
    }
    assert read(path).targets["growing.double"].kind == "function"


def test_an_invalid_record_is_an_error_with_the_name_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text("{")
    with pytest.raises(RecordError, match=r"broken\.json: not a record"):
        read(path)


def test_a_record_is_valid_according_to_the_schema(first: First) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    record = first.measured.records[0]
    jsonschema.validate(json.loads(bundle.encode([record])), schema())
