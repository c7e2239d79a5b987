"""The command ``measure``: measure targets and write a record."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from sphinx_xpcaps.cases.recorded_tests import TestsError, record_tests
from sphinx_xpcaps.cli import options
from sphinx_xpcaps.cli.profile import grids
from sphinx_xpcaps.cli.run import Failure, expand, plain_console, run
from sphinx_xpcaps.cli.tables import grid
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.exceptions import CaseModuleError
from sphinx_xpcaps.files import temporary_folder
from sphinx_xpcaps.measure.profile import Clock
from sphinx_xpcaps.measure.runner import worker_count
from sphinx_xpcaps.measure.workers.servers import Servers
from sphinx_xpcaps.results.labels import STATUSES, one_line
from sphinx_xpcaps.results.model import Record, Status
from sphinx_xpcaps.results.view import derive


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The record to write or to add to; cells in it that are current are not measured again. "
    "Without it, the tables are printed.",
)
@click.option(
    "--tests",
    multiple=True,
    metavar="PACKAGE",
    help="Run these tests once with NumPy and use the calls in them as cases: the dotted name of a "
    "package, or a path. Repeatable.",
)
@click.option("--profile", is_flag=True, help="Print a profile of the run time to standard error.")
@options.shard
@options.measuring
def measure(
    targets: tuple[str, ...],
    output: Path | None,
    tests: tuple[str, ...],
    profile: bool,
    shard: options.Shard | None,
    config: Config,
) -> None:
    """Measure each TARGET and write a record, or print the tables.

    A target is a function, a class, a method or property, or a module, whose public callables are
    measured. "pkg.Class.*" is a class with all its public methods and properties.
    """
    clock = Clock()
    with closing(Servers()) as servers, temporary_folder("tests") as folder:
        expanded = expand(targets, config, clock, servers)
        if expanded.is_empty:
            raise Failure("; ".join(expanded.problems))
        wanted = list(expanded.names)
        if shard is not None:
            wanted = shard.of(wanted)
            if not wanted:
                raise Failure("this part has no functions: there are fewer functions than parts")
        config = replace(config, cases=[*config.cases, *_record(tests, wanted, folder, config)])
        new_folder = output is not None and not output.parent.exists()
        measured = run(wanted, config, output=output, clock=clock, servers=servers)
    record = measured.records[0]
    problems = [*expanded.problems, *_broken_case_modules(record, wanted)]
    if output is None:
        _print(record, wanted, config)
    else:
        _report(record, wanted, measured.ran, output)
        if new_folder:
            click.echo(f"Created the folder {output.parent}")
    if profile:
        console = plain_console(stderr=True)
        for each in grids(clock.profile(worker_count(config))):
            console.print(each)
    problems += map(str, measured.unstable)
    for problem in problems:
        click.echo(f"sphinx-xpcaps: {problem}", err=True)
    if problems:
        raise SystemExit(1)


def _record(tests: Sequence[str], wanted: Sequence[str], folder: Path, config: Config) -> list[str]:
    """Run tests and return the files of the calls that they make."""
    packages = {name.partition(".")[0] for name in wanted}
    files = []
    for number, each in enumerate(tests):
        file = folder / f"{number}.cases"
        try:
            record_tests(each, packages, file, environment=config.environment)
        except TestsError as error:
            raise Failure(str(error)) from None
        files.append(str(file))
    return files


def _print(record: Record, names: Sequence[str], config: Config) -> None:
    tables = derive(
        [record],
        backends=config.backends,
        devices=config.devices,
        is_current=lambda *_: True,
    )
    console = plain_console()
    for name in names:
        console.print(grid(tables[name]))


def _report(record: Record, names: Sequence[str], ran: int, output: Path) -> None:
    cells = [cell for name in names for cell in record.targets[name].cells]
    counts = {
        status: sum(cell.status == status for cell in cells)
        for status in Status
        if status is not Status.NOT_APPLICABLE
    }
    summary = ", ".join(f"{n} {STATUSES[status]}" for status, n in counts.items() if n)
    targets, measured = _count(len(names), "target"), _count(ran, "cell")
    click.echo(f"{targets}, {measured} measured now; {summary}. Wrote {output}")


def _broken_case_modules(record: Record, names: Sequence[str]) -> list[str]:
    """Return what the modules of cases raised, if other cases were used instead."""
    reasons = (
        reason
        for name in names
        for cell in record.targets[name].cells
        for reason in cell.reasons
        if cell.status.measured
    )
    broken = (each for each in reasons if each.exception == CaseModuleError.__name__)
    return list(dict.fromkeys(f"{one_line(each.message)}; other cases are used" for each in broken))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
