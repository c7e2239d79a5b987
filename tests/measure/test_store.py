"""Test what is kept of a record, of two runs into one file, and after an interruption."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sphinx_xpcaps.measure import store as store_module
from sphinx_xpcaps.measure.journal import abandoned_journals
from sphinx_xpcaps.measure.model import Group
from sphinx_xpcaps.measure.store import RecordStore, StoreError
from sphinx_xpcaps.results.cell_key import join_key
from sphinx_xpcaps.results.model import Cell, Environment, Outcome, Reason, Status
from sphinx_xpcaps.results.record import read
from tests.results.make import cell, environment

HERE = environment()


def open_store(path: Path, where: Environment = HERE, *, is_file: bool = True) -> RecordStore:
    return RecordStore(path, where, package="pkg", is_file=is_file)


def measured(backend: str = "torch", *notes: str) -> Cell:
    return cell(Status.SUPPORTED, *notes, backend=backend, key="sha256:1")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'[project]\nname = "mine"\n', "not a record"),
        (b"", "not a record"),
        (b'{"schema": 7, "new": 1}', "unsupported format version 7"),
        (b'{"name": "package.json"}', "not a record"),
    ],
)
def test_file_that_is_no_record_of_this_version_is_refused_and_kept(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    with pytest.raises(StoreError) as raised:
        open_store(path)
    assert reason in str(raised.value)
    assert str(raised.value).startswith(f"{path}: ")
    assert path.read_bytes() == content


def test_record_of_another_environment_is_refused_with_the_difference(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    open_store(path).save()
    before = path.read_bytes()
    packages = {**HERE.packages, "torch": "2.7.0"}
    with pytest.raises(StoreError, match=r"another environment \(torch 2\.6\.0, now 2\.7\.0\)"):
        open_store(path, replace(HERE, packages=packages))
    assert path.read_bytes() == before


def test_other_targets_of_a_record_are_kept_also_those_of_other_packages(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    first = open_store(path, replace(HERE, packages={**HERE.packages, "pkg": "1.0"}))
    first.put("pkg.f", "function", measured())
    first.save()
    second = open_store(path, replace(HERE, packages={**HERE.packages, "other": "3.0"}))
    second.put("other.g", "function", measured())
    second.save()
    record = read(path)
    assert list(record.targets) == ["other.g", "pkg.f"]
    assert record.package.name == "pkg"
    assert record.environment.packages == {**HERE.packages, "pkg": "1.0", "other": "3.0"}


def test_two_runs_into_one_file_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    first, second = open_store(path), open_store(path)
    first.put("pkg.f", "function", measured("torch"))
    second.put("pkg.f", "function", measured("jax"))
    second.put("pkg.g", "function", measured("jax"))
    first.save()
    second.save()
    first.save()
    record = read(path)
    assert [c.backend for c in record.targets["pkg.f"].cells] == ["jax", "torch"]
    assert "pkg.g" in record.targets
    assert first.records() == second.records()
    assert os.listdir(tmp_path) == ["record.json"]


def test_measured_cell_replaces_the_one_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    before = open_store(path)
    before.put("pkg.f", "function", cell(Status.UNSUPPORTED))
    before.save()
    now = open_store(path)
    now.put("pkg.f", "function", measured())
    now.save()
    assert [c.status for c in read(path).targets["pkg.f"].cells] == [Status.SUPPORTED]


LATER = replace(HERE, date="2026-03-01")


def test_cells_of_an_earlier_run_keep_their_date(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    before = open_store(path)
    before.put("pkg.f", "function", measured())
    before.save()
    now = open_store(path, LATER)
    now.put("pkg.g", "function", measured())
    now.save()
    record = read(path)
    assert record.environment.date == LATER.date
    dates = {name: target.cells[0].date for name, target in record.targets.items()}
    assert dates == {"pkg.f": HERE.date, "pkg.g": None}


def test_measuring_the_same_again_later_changes_no_byte(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    for where in (HERE, LATER):
        store = open_store(path, where)
        store.put("pkg.f", "function", measured())
        store.save()
        content = path.read_bytes()
        assert read(path).environment.date == HERE.date
    assert open_store(path, LATER).records()
    assert path.read_bytes() == content


def test_one_changed_function_changes_a_few_lines(tmp_path: Path) -> None:
    def lines(changed: str, package: str) -> list[str]:
        store = open_store(tmp_path / f"{package}.json")
        for name in ("f", "g", "h"):
            for backend in ("jax", "torch"):
                own = "sha256:2" if name == changed else "sha256:1"
                key = join_key(own, engine="sha256:e", package=package)
                store.put(f"pkg.{name}", "function", replace(measured(backend), key=key))
        store.save()
        return (tmp_path / f"{package}.json").read_text().splitlines()

    before, after = lines("", "sha256:old"), lines("g", "sha256:new")
    assert len([1 for a, b in zip(before, after, strict=True) if a != b]) == 3


WRITERS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from tests.measure.test_store import measured, open_store
store = open_store(Path(sys.argv[1]))
for number in range(50):
    store.put(f"pkg.f{sys.argv[2]}{number:02}", "function", measured())
    store.save()
"""


def test_processes_that_write_one_file_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    root = str(Path(__file__).parents[2])
    running = [
        subprocess.Popen([sys.executable, "-c", WRITERS, str(path), name, root]) for name in "ab"
    ]
    assert [process.wait() for process in running] == [0, 0]
    assert len(read(path).targets) == 100
    assert os.listdir(tmp_path) == ["record.json"]


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.measure.test_store import measured, open_store
store = open_store(Path(sys.argv[1]))
store.save()
for name in ("f", "g"):
    store.put("pkg." + name, "function", measured())
os.write(store._journal._handle, b'{"incomplete')
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """Return a record whose process was killed after it had measured two cells."""
    path = tmp_path / "record.json"
    command = [sys.executable, "-c", KILLED, str(path), str(Path(__file__).parents[2])]
    subprocess.run(command, check=False)
    assert not read(path).targets
    assert len(abandoned_journals(path)) == 1
    return path


def test_cells_of_a_killed_run_are_recovered_and_its_journal_is_removed(killed: Path) -> None:
    store = open_store(killed)
    group = Group(backend="torch", device="cpu", modes=())
    assert store.has("pkg.f", group, "sha256:1")
    store.save()
    assert list(read(killed).targets) == ["pkg.f", "pkg.g"]
    assert os.listdir(killed.parent) == ["record.json"]


def test_journal_of_a_deleted_record_is_not_used(killed: Path) -> None:
    killed.unlink()
    open_store(killed).save()
    assert not read(killed).targets
    assert os.listdir(killed.parent) == ["record.json"]


@pytest.mark.parametrize("content", [b"", b"\xff\n", b"[]\n{}\n", b"[" * 100_000])
def test_damaged_journal_is_ignored(killed: Path, content: bytes) -> None:
    abandoned_journals(killed)[0].write_bytes(content)
    open_store(killed).save()
    assert not read(killed).targets


def test_cell_with_text_that_cannot_be_encoded_is_stored(tmp_path: Path) -> None:
    store = open_store(tmp_path / "record.json")
    reason = Reason(mode="eager", outcome=Outcome.RAISED, exception="E\udcff", message="\udcff")
    store.put("pkg.f", "function", cell(Status.UNSUPPORTED, "\x1b[2J", reasons=(reason,)))
    store.save()
    (stored,) = read(tmp_path / "record.json").targets["pkg.f"].cells
    assert stored.notes == (r"\x1b[2J",)
    assert stored.reasons[0].message == r"\udcff"


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_full_disk_is_one_message_that_names_the_file_with_the_measurements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record.json"
    store = open_store(path)
    store.put("pkg.f", "function", measured())
    store.save()
    store.put("pkg.g", "function", measured())
    write = store_module.write_bundle
    monkeypatch.setattr(
        store_module, "write_bundle", lambda found, to: full() if to == path else write(found, to)
    )
    store.save_soon()
    with pytest.raises(StoreError) as raised:
        store.save()
    message = str(raised.value)
    assert message.startswith(f"{path} cannot be written: No space left on device; ")
    assert list(read(path).targets) == ["pkg.f"]
    assert list(read(Path(message.split(" are in ")[1])).targets) == ["pkg.f", "pkg.g"]


def test_records_that_cannot_be_kept_are_used_with_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store_module, "write_bundle", full)
    store = open_store(tmp_path / "records", is_file=False)
    store.save()
    store.put("pkg.f", "function", measured())
    with caplog.at_level(logging.WARNING):
        store.save()
    assert list(store.records()[0].targets) == ["pkg.f"]
    assert len(caplog.records) == 1


def test_damaged_record_in_the_cache_is_dropped_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(tmp_path, is_file=False)
    store.save()
    [file] = tmp_path.glob("*.json")
    file.write_bytes(b"[1]")
    (tmp_path / "other.json").write_bytes(b"\xff")
    with caplog.at_level(logging.WARNING):
        open_store(tmp_path, is_file=False).save()
    assert len(caplog.records) == 2
    assert read(file).package.name == "pkg"
