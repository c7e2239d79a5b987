"""Fixtures: one measurement of a package with declarations."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sphinx_xpcaps.cli import main
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.declared.compare import compare
from sphinx_xpcaps.declared.known_differences import KnownDifference, classify
from sphinx_xpcaps.declared.load import declarations
from sphinx_xpcaps.declared.model import Declarations, Findings
from sphinx_xpcaps.declared.patch import Patch, patch
from sphinx_xpcaps.results.record import read
from sphinx_xpcaps.results.view import Table, derive

PACKAGES = Path(__file__).parents[1] / "packages"
BACKENDS = ("numpy", "jax", "dask", "array-api-strict")
TABLE = "declares:table"


@dataclass(frozen=True)
class Measured:
    """The package's declarations and tables."""

    declarations: Declarations
    tables: dict[str, Table]

    def only(self, *names: str) -> Measured:
        """Return those of some functions."""
        wanted = {f"declares.{name}" for name in names}
        entries = {n: e for n, e in self.declarations.entries.items() if n in wanted}
        backend_names = self.declarations.backend_names
        return Measured(
            Declarations(table=TABLE, entries=entries, backend_names=backend_names), self.tables
        )

    def find(self, *known: KnownDifference) -> Findings:
        comparisons = compare(self.declarations, self.tables)
        return classify(TABLE, comparisons, known, date(2026, 1, 1))

    def patch(self, *known: KnownDifference, base: Path = PACKAGES) -> Patch:
        return patch(self.declarations, self.tables, self.find(*known), base=base)


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the record of all functions of the package."""
    folder = tmp_path_factory.mktemp("declares")
    path = folder / "record.json"
    backends = [part for name in BACKENDS for part in ("--backend", name)]
    with pytest.MonkeyPatch.context() as patches:
        patches.syspath_prepend(PACKAGES)
        patches.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        answer = CliRunner().invoke(main, ["measure", "declares", "-o", str(path), *backends])
    assert answer.exit_code == 0, answer.output
    yield path
    sys.modules.pop("declares", None)


@pytest.fixture(scope="session")
def measured(record: Path) -> Measured:
    """Return the declarations and the tables of all functions of the package."""
    measured = read(record)
    with pytest.MonkeyPatch.context() as patches:
        patches.syspath_prepend(PACKAGES)
        declared = declarations(sorted(measured.targets), TABLE, Config())
    devices = ["cpu", "gpu"]
    tables = derive([measured], backends=BACKENDS, devices=devices, is_current=lambda *_: True)
    return Measured(declared, tables)


@pytest.fixture
def check(record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs the command on targets of the package, with the record."""
    monkeypatch.syspath_prepend(PACKAGES)
    monkeypatch.chdir(tmp_path)
    path = record

    def run(
        *names: str, table: str = TABLE, options: tuple[str, ...] = (), record: bool = True
    ) -> Result:
        targets = [f"declares.{name}" for name in names]
        read = ("--record", str(path)) if record else ()
        arguments = [*targets, "--declared", table, *read, *options]
        return CliRunner().invoke(main, ["check", *arguments])

    return run
