"""Run commands in an empty folder, on records that tests write there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sphinx_xpcaps.cli import main
from sphinx_xpcaps.results import bundle
from sphinx_xpcaps.results.model import Record
from tests.results.make import encode

Run = Callable[..., Result]
Write = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments)

    return run


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes one record, or several as a bundle, to a file."""

    def write(name: str, *records: Record) -> Path:
        content = encode(records[0]) if len(records) == 1 else bundle.encode(records)
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write
