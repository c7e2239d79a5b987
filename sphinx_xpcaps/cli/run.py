"""Shared by commands that measure: find functions and run the batch with a progress bar."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from platformdirs import user_cache_path
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure import batch
from sphinx_xpcaps.measure.batch import Measured
from sphinx_xpcaps.measure.profile import Clock
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.measure.runner import Runner
from sphinx_xpcaps.measure.store import StoreError
from sphinx_xpcaps.measure.workers.errors import JobFailed, StartError, WorkerLost
from sphinx_xpcaps.measure.workers.servers import Servers


class Failure(click.ClickException):
    """The command could not be done; exit status 2."""

    exit_code = 2


def expand(
    targets: Iterable[str],
    config: Config,
    clock: Clock | None = None,
    servers: Servers | None = None,
) -> tuple[list[str], list[str]]:
    """Return the names of all functions of the targets, and a message for each problem.

    Raises
    ------
    Failure
        The set-up code or an import ends the worker, or no worker can be started.
    """
    try:
        with system_errors():
            answers = Runner(config, clock, servers).expand(list(targets))
    except (JobFailed, WorkerLost) as error:
        raise Failure(f"the set-up code or an import failed: {error}") from None
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
    servers: Servers | None = None,
) -> Measured:
    """Measure functions and write one record, or records in the user's cache.

    Raises
    ------
    Failure
        The record cannot be used or written, or no worker can be started.
    """
    requests = [MeasurementRequest(target=name, place="command line") for name in names]
    with system_errors(), _bar() as bar:
        task = bar.add_task("", total=None)

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        return batch.run(
            requests,
            config,
            cache=cache_folder(),
            progress=progress,
            output=output,
            clock=clock,
            servers=servers,
        )


def plain_console(*, stderr: bool = False) -> Console:
    """Return a console that prints text as it is, since names and messages are no markup."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


@contextmanager
def system_errors() -> Iterator[None]:
    """Raise a `Failure` where a file cannot be used, or the system refuses something else."""
    try:
        yield
    except (StoreError, StartError) as error:
        raise Failure(str(error)) from error
    except BrokenPipeError:  # such as of `| head`
        raise
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise Failure(f"{place}{error.strerror or error}") from error


def _bar() -> Progress:
    console = plain_console(stderr=True)
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def cache_folder() -> Path:
    """Return the folder for the user's cache, or a temporary one if there is no home folder."""
    folder = user_cache_path("sphinx-xpcaps")
    return folder if folder.is_absolute() else Path(tempfile.gettempdir(), "sphinx-xpcaps")
