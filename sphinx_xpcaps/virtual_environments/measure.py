"""Measure targets in another environment: run the command ``measure`` there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sphinx_xpcaps.config import Config, Execute
from sphinx_xpcaps.measure.signals import ending_on_sigterm
from sphinx_xpcaps.results.model import Record
from sphinx_xpcaps.results.record import RecordError, read
from sphinx_xpcaps.virtual_environments.create import VirtualEnvironment


class MeasureError(Exception):
    """The targets could not be measured in an environment; the message is one line."""


def measure_in(
    environment: VirtualEnvironment,
    targets: Sequence[str],
    config: Config,
    output: Path,
) -> Record:
    """Return the record of targets in an environment.

    Parameters
    ----------
    environment : VirtualEnvironment
        The environment.
    targets : sequence of str
        Functions, classes or modules.
    config : Config
        The options.
    output : Path
        The record to write or to add to; cells in it that are current are not measured again.

    Raises
    ------
    MeasureError
        The command failed.
    """
    command = [str(environment.python), "-m", "sphinx_xpcaps.cli", "measure", *targets]
    command += ["--output", str(output), *_options(config)]
    with ending_on_sigterm():  # which ends the other process too
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if sys.stderr.isatty() else subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
    # A target that does not exist in an older version is a result.
    if done.returncode not in (0, 1) or not output.exists():
        lines = (done.stderr or done.stdout or "").strip().splitlines()
        last = lines[-1] if lines else f"it ended with status {done.returncode}"
        raise MeasureError(last.removeprefix("Error: "))
    try:
        return read(output)
    except RecordError as error:
        raise MeasureError(str(error)) from error


def _options(config: Config) -> list[str]:
    """Return the arguments of ``measure`` for options."""
    options = ["--timeout", f"{config.timeout:g}"]
    if config.memory:
        options += ["--memory", str(config.memory)]
    if config.jobs:
        options += ["--jobs", str(config.jobs)]
    if config.setup:
        options += ["--setup", config.setup]
    for name, values in (
        ("--backend", config.backends),
        ("--mode", config.modes),
        ("--cases", config.cases),
        ("--env", [f"{name}={value}" for name, value in config.environment.items()]),
    ):
        for value in values:
            options += [name, value]
    if config.execute == Execute.FORCE:
        options.append("--force")
    return options
