"""Shared by commands that measure: find functions and run the batch with a progress bar."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure import batch
from sphinx_xpcaps.measure.batch import Measured
from sphinx_xpcaps.measure.profile import Clock
from sphinx_xpcaps.measure.request import Request
from sphinx_xpcaps.measure.runner import Runner
from sphinx_xpcaps.measure.workers.process import JobFailed, WorkerLost


def expand(
    targets: Iterable[str], config: Config, clock: Clock | None = None
) -> tuple[list[str], list[str]]:
    """Return the names of all functions of the targets, and a message for each problem.

    Raises
    ------
    click.ClickException
        The set-up code or an import ends the worker.
    """
    try:
        answers = Runner(config, clock).expand(list(targets))
    except (JobFailed, WorkerLost) as error:
        raise click.ClickException(f"the set-up code or an import failed: {error}") from None
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


def run(
    names: Sequence[str],
    config: Config,
    *,
    output: Path | None = None,
    clock: Clock | None = None,
) -> Measured:
    """Measure functions and write one record, or records in the user's cache."""
    requests = [Request(target=name, place="command line") for name in names]
    with _bar() as bar:
        task = bar.add_task("", total=None)

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        return batch.run(
            requests, config, cache=_cache(), progress=progress, output=output, clock=clock
        )


def plain_console(*, stderr: bool = False) -> Console:
    """Return a console that prints text as it is, since names and messages are no markup."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def _bar() -> Progress:
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        console=plain_console(stderr=True),
        transient=True,
    )


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sphinx-xpcaps"
