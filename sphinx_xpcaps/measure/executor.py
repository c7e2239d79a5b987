"""Where the tasks of a batch run: on this machine, or on a cluster (`schedulers.cluster`)."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from core.backends import Availability
from sphinx_xpcaps.cases.model import WantedCases
from sphinx_xpcaps.files import temporary_folder
from sphinx_xpcaps.measure.environment import describe_environment
from sphinx_xpcaps.measure.model import BackendDevice, Group, Result
from sphinx_xpcaps.measure.runner import Runner
from sphinx_xpcaps.measure.workers.probe import probe
from sphinx_xpcaps.results.model import Environment


class Executor(Protocol):
    """Runs the tasks of a batch."""

    @property
    def environment(self) -> Environment:
        """The environment in which the tasks run."""

    def probe(self) -> dict[BackendDevice, Availability]:
        """Return for each device of each backend whether it can be used."""

    def measure(
        self,
        groups: Mapping[str, Sequence[Group]],
        wanted: Mapping[str, WantedCases],
        *,
        new_processes: bool = False,
    ) -> Generator[Result, None, None]:
        """Find the cases of each target, run them in each of its groups, and yield the results.

        Parameters
        ----------
        groups : mapping
            The groups of each target.
        wanted : mapping
            Which cases of each target are used.
        new_processes : bool
            Whether each task has a process that runs nothing else.
        """


class LocalExecutor:
    """Runs tasks in workers on this machine.

    Parameters
    ----------
    runner : Runner
        Starts the workers.
    packages : sequence of str
        Top-level names of the measured packages.
    cache : Path
        The folder in which the availability of devices is kept.
    """

    def __init__(self, runner: Runner, packages: Sequence[str], cache: Path) -> None:
        self._runner = runner
        self._cache_file = cache / "probes.json"
        self.environment = describe_environment(packages, runner.config.environment)
        """This machine and what is installed."""

    def probe(self) -> dict[BackendDevice, Availability]:
        """Return for each device of each backend whether it can be used on this machine."""
        config = self._runner.config
        return probe(
            config.backends,
            config.environment,
            cache_file=self._cache_file,
            servers=self._runner.servers,
        )

    def measure(
        self,
        groups: Mapping[str, Sequence[Group]],
        wanted: Mapping[str, WantedCases],
        *,
        new_processes: bool = False,
    ) -> Generator[Result, None, None]:
        """Find and run the cases of each target; see `Executor.measure`.

        The files with the cases are in a temporary folder.
        """
        if groups:
            with temporary_folder("cases") as folder:
                yield from self._runner.measure(groups, wanted, folder, new_processes=new_processes)
