"""Functions of commands that measure: expand targets, and run a batch with a progress bar."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Expanded:
    """The functions that targets include, and one message for each reason why some include none."""

    names: tuple[str, ...]
    """The functions, and the targets without functions."""
    problems: tuple[str, ...]
    is_empty: bool
    """Whether no target has functions."""


def expand(
    targets: Iterable[str],
    config: Config,
    clock: Clock | None = None,
    servers: Servers | None = None,
) -> Expanded:
    """Return the names of all functions of the targets.

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
    without: dict[str, list[str]] = {}
    for target, answer in zip(targets, answers, strict=True):
        wanted += [target] if isinstance(answer, str) else answer
        if not answer or isinstance(answer, str):
            reason = answer if isinstance(answer, str) else "the module has no public callables"
            without.setdefault(reason, []).append(target)
    return Expanded(
        names=tuple(dict.fromkeys(wanted)),
        problems=tuple(f"{', '.join(names)}: {reason}" for reason, names in without.items()),
        is_empty=sum(map(len, without.values())) == len(answers),
    )


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
