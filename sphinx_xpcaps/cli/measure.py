"""The command ``measure``: measure targets and write a record."""

from __future__ import annotations

from pathlib import Path

import click

from sphinx_xpcaps.cli import options
from sphinx_xpcaps.cli.profile import grids
from sphinx_xpcaps.cli.run import expand, plain_console, run
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.profile import Clock
from sphinx_xpcaps.measure.runner import worker_count
from sphinx_xpcaps.results.labels import STATUSES
from sphinx_xpcaps.results.model import Record, Status


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help="The record to write; cells in it that are current are not measured again.",
)
@click.option("--profile", is_flag=True, help="Print a profile of the run time to standard error.")
@options.measuring
def measure(targets: tuple[str, ...], output: Path, profile: bool, config: Config) -> None:
    """Measure each TARGET and write a record.

    A target is a function, a class, or a module, whose public callables are measured.
    """
    clock = Clock()
    wanted, problems = expand(targets, config, clock)
    if wanted:
        measured = run(wanted, config, output=output, clock=clock)
        _report(measured.records[0], measured.ran, output)
    if profile:
        console = plain_console(stderr=True)
        for grid in grids(clock.profile(worker_count(config))):
            console.print(grid)
    for problem in problems:
        click.echo(f"sphinx-xpcaps: {problem}", err=True)
    if problems:
        raise SystemExit(1)


def _report(record: Record, ran: int, output: Path) -> None:
    cells = [cell for target in record.targets.values() for cell in target.cells]
    counts = {
        status: sum(cell.status == status for cell in cells)
        for status in Status
        if status is not Status.NOT_APPLICABLE
    }
    summary = ", ".join(f"{n} {STATUSES[status]}" for status, n in counts.items() if n)
    targets, measured = _count(len(record.targets), "target"), _count(ran, "cell")
    click.echo(f"{targets}, {measured} measured now; {summary}. Wrote {output}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
