"""Test writing files atomically and reading damaged caches."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sphinx_xpcaps.files import (
    read_cache,
    read_untrusted,
    remove_abandoned,
    temporary_folder,
    write_atomically,
    write_cache,
)


def test_written_file_replaces_the_old_one_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.json"
    write_atomically(path, b"old")
    path.chmod(0o600)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == ["file.json"]


def test_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.json"]


def test_link_is_kept_and_the_file_that_it_refers_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to("elsewhere/file.json")
    write_atomically(link, b"content")
    assert link.is_symlink()
    assert (tmp_path / "elsewhere" / "file.json").read_bytes() == b"content"


def test_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, b"content")
    assert os.read(reader, 100) == b"content"
    os.close(reader)
    assert pipe.is_fifo()


def test_devices_and_large_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="Is a device"):
        read_untrusted(tmp_path / "link")
    (tmp_path / "file").write_bytes(b"12345")
    assert read_untrusted(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="File too large"):
        read_untrusted(tmp_path / "file", 4)


KILLED = """
import os, signal, sys
from pathlib import Path
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from sphinx_xpcaps.files import write_atomically
write_atomically(Path(sys.argv[1]), b"content")
"""


def test_temporary_file_of_a_killed_process_is_removed_by_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert len(os.listdir(tmp_path)) == 1
    write_atomically(path, b"new")
    assert os.listdir(tmp_path) == ["file.json"]


def test_temporary_files_of_running_processes_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / ".mine").touch()
    script = KILLED.replace("os.kill(os.getpid(), signal.SIGKILL)", "(print('x'), input())")
    command = [sys.executable, "-u", "-c", script, str(tmp_path / "file.json")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        remove_abandoned(tmp_path)
        assert len(os.listdir(tmp_path)) == 2
        process.kill()
    remove_abandoned(tmp_path)
    assert os.listdir(tmp_path) == [".mine"]


CREATED = """
import os, signal
from sphinx_xpcaps.files import create_folder
(create_folder("cases") / "file").touch()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_temporary_folder_of_a_killed_process_is_removed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", CREATED], check=False, env=environment)
    [left] = tmp_path.iterdir()
    (tmp_path / "xpcaps-of-another-program").mkdir()
    (tmp_path / left.name.replace("cases", "link")).symlink_to(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with temporary_folder("cases") as folder, temporary_folder("cases") as second:
        assert not left.exists()
        assert folder.exists()
        assert second.exists()
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize("content", [b"[]", b"3", b"[1]", b"{", b"\xff", b"[" * 100_000, b""])
def test_damaged_cache_is_deleted_with_one_line(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cache.json"
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert read_cache(path, dict[str, int]) is None
    assert not path.exists()
    assert [record.getMessage() for record in caplog.records] == [
        f"the cache file {path} is damaged and is created again"
    ]


def test_cache_is_read_back(tmp_path: Path) -> None:
    write_cache(tmp_path / "cache.json", {"b": 1, "a": 2})
    assert read_cache(tmp_path / "cache.json", dict[str, int]) == {"a": 2, "b": 1}
    assert read_cache(tmp_path / "missing.json", dict[str, int]) is None


def test_cache_that_cannot_be_written_is_ignored() -> None:
    write_cache(Path("/dev/null/cache.json"), {})
