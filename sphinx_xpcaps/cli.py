"""The command line: the same work without Sphinx."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from core.backends import backends, get_backend
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure import batch
from sphinx_xpcaps.measure.crew import Crew
from sphinx_xpcaps.measure.probe import probe
from sphinx_xpcaps.measure.process import JobFailed, WorkerLost
from sphinx_xpcaps.render.words import SYMBOLS, WORDS, short_reason, title
from sphinx_xpcaps.request import Request
from sphinx_xpcaps.results.model import Cell, Record, Status
from sphinx_xpcaps.results.record import RecordError, read
from sphinx_xpcaps.results.view import Shown, Table, derive
from sphinx_xpcaps.version import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Measure which array libraries a function works with, and show what was measured."""
    # A package in the current folder is found, and hides nothing that is installed.
    sys.path.append(os.getcwd())


def _known_backends(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> list[str]:
    for name in names:
        try:
            get_backend(name)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return list(names)


def _variables(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if not re.match(r"[A-Za-z_]\w*=", pair):
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)


_env = click.option(
    "--env",
    "environment",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_variables,
    help="A variable for the workers, such as SCIPY_ARRAY_API=1. Repeatable.",
)


@main.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help="The record to write; what is current in it is not run again.",
)
@click.option(
    "--backend",
    "names",
    multiple=True,
    metavar="NAME",
    callback=_known_backends,
    help="A library to measure. Repeatable. [default: numpy cupy torch jax dask]",
)
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="Workers. [default: processors]")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=Config().timeout,
    show_default=True,
    help="Seconds that one case may take.",
)
@click.option("--mode", "modes", multiple=True, metavar="NAME", help="An optional mode as well.")
@_env
@click.option("--setup", default="", metavar="CODE", help="A line that every worker runs first.")
@click.option("--force", is_flag=True, help="Run everything again.")
def measure(
    targets: tuple[str, ...],
    output: Path,
    names: list[str],
    jobs: int | None,
    timeout: float,
    modes: tuple[str, ...],
    environment: dict[str, str],
    setup: str,
    force: bool,
) -> None:
    """Measure each TARGET, a function or a module's public callables, and write a record."""
    config = Config(
        backends=names or Config().backends,
        environment=environment,
        setup=setup,
        timeout=timeout,
        jobs=jobs or 0,
        modes=list(modes),
        execute="force" if force else "auto",
    )
    wanted, problems = _expand(targets, config)
    if wanted:
        requests = [Request(target=name, place="command line") for name in wanted]
        with _bar() as bar:
            task = bar.add_task("", total=None)

            def progress(what: str, done: int, total: int) -> None:
                bar.update(task, description=what, completed=done, total=total)

            measured = batch.run(requests, config, cache=_cache(), progress=progress, output=output)
        _report(measured.records[0], measured.ran, output)
    for problem in problems:
        click.echo(f"sphinx-xpcaps: {problem}", err=True)
    if problems:
        raise SystemExit(1)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("targets", nargs=-1)
def show(file: Path, targets: tuple[str, ...]) -> None:
    """Show the tables of a record FILE, or of some of its TARGETS."""
    try:
        record = read(file)
    except RecordError as error:
        raise click.ClickException(str(error)) from None
    unknown = [name for name in targets if name not in record.targets]
    if unknown:
        raise click.ClickException(f"{file} has no target {unknown[0]!r}")
    tables = derive(
        [record],
        backends=_ordered({c.backend for t in record.targets.values() for c in t.cells}),
        devices=["cpu", "gpu"],
        is_current=lambda *_: True,
    )
    console = Console()
    for name in targets or tables:
        console.print(_grid(tables[name]))


@main.command("backends")
@_env
def list_backends(environment: dict[str, str]) -> None:
    """Say which libraries can be used here: versions and devices, and why not."""
    found = probe(list(backends()), environment)
    grid = Grid("Library", "Version", "Device", "Usable", box=None, pad_edge=False)
    for (name, device), answer in found.items():
        version = get_backend(name).version() or "—"
        grid.add_row(name, version, device, "yes" if answer.usable else f"no: {answer.reason}")
    Console().print(grid)


def _expand(targets: Iterable[str], config: Config) -> tuple[list[str], list[str]]:
    """Return the functions that the targets stand for, and what stands in the way of others."""
    try:
        answers = Crew(config).expand(list(targets))
    except (JobFailed, WorkerLost) as error:
        raise click.ClickException(f"the set-up line or an import failed: {error}") from None
    wanted: list[str] = []
    problems: list[str] = []
    for target, answer in zip(targets, answers, strict=True):
        if isinstance(answer, str):
            problems.append(answer)
            wanted.append(target)
        elif answer:
            wanted.extend(answer)
        else:
            problems.append(f"{target}: the module has no public callables")
    return list(dict.fromkeys(wanted)), problems


def _report(record: Record, ran: int, output: Path) -> None:
    cells = [cell for target in record.targets.values() for cell in target.cells]
    counts = {
        status: sum(cell.status == status for cell in cells)
        for status in Status
        if status is not Status.NOT_APPLICABLE
    }
    words = ", ".join(f"{n} {WORDS[status]}" for status, n in counts.items() if n)
    click.echo(f"{len(record.targets)} targets, {ran} cells run now; {words}. Wrote {output}")


def _grid(table: Table) -> Grid:
    grid = Grid("Library", "CPU", "GPU", title=table.target, title_justify="left")
    by_backend: dict[str, list[Shown]] = {}
    for shown in table.cells:
        by_backend.setdefault(shown.cell.backend, []).append(shown)
    for backend, row in by_backend.items():
        grid.add_row(title(backend), *(_words(shown.cell) for shown in row))
    return grid


def _words(cell: Cell) -> str:
    if cell.status is Status.NOT_APPLICABLE:
        return SYMBOLS[cell.status]
    why = "; ".join(cell.notes) if cell.status.measured else short_reason(cell)
    said = f"{SYMBOLS[cell.status]} {WORDS[cell.status]}" + (f": {why}" if why else "")
    if cell.expected is not None:
        reason = f": {cell.expected.reason}" if cell.expected.reason else ""
        said += f" (expected {SYMBOLS[cell.expected.status]}{reason})"
    return said


def _ordered(names: set[str]) -> list[str]:
    known = [name for name in backends() if name in names]
    return [*known, *sorted(names - set(known))]


def _bar() -> Progress:
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
    )


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sphinx-xpcaps"


if __name__ == "__main__":
    main()
