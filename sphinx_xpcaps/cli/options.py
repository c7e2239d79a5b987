"""Options of commands that measure, and the `Config` made from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from core.backends import get_backend, optional_modes
from sphinx_xpcaps.cases import case_file
from sphinx_xpcaps.config import Config, parse_size
from sphinx_xpcaps.project_options import ProjectOptions, read_options


def _known_backends(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> list[str]:
    try:
        return [get_backend(name).name for name in names]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _known_modes(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> list[str]:
    known = optional_modes()
    for name in names:
        if name not in known:
            message = f"unknown mode {name!r}; the optional modes are {', '.join(known)}"
            raise click.BadParameter(message)
    return list(names)


def _size(_: click.Context, __: click.Parameter, size: str) -> int:
    try:
        return parse_size(size)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _variables(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if not re.match(r"[A-Za-z_]\w*=", pair):
            raise click.BadParameter(f"expected NAME=VALUE, got {pair!r}")
    return dict(pair.split("=", 1) for pair in pairs)


def _case_sources(_: click.Context, __: click.Parameter, sources: tuple[str, ...]) -> list[str]:
    for source in sources:
        if source.endswith(".cases"):
            try:
                case_file.read(Path(source))
            except case_file.CaseFileError as error:
                raise click.BadParameter(str(error)) from None
    return [str(Path(each).absolute()) if each.endswith(".cases") else each for each in sources]


class Shard(NamedTuple):
    """One of several parts of the targets, which are measured by different jobs."""

    number: int
    """From 1."""
    parts: int

    def of(self, targets: Sequence[str]) -> list[str]:
        """Return the targets of this part, which do not depend on the order of all targets."""
        return sorted(targets)[self.number - 1 :: self.parts]


def _shard(_: click.Context, __: click.Parameter, text: str | None) -> Shard | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    number, parts = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= parts:
        raise click.BadParameter(f"expected I/N with I from 1 to N, got {text!r}")
    return Shard(number, parts)


shard = click.option(
    "--shard",
    metavar="I/N",
    callback=_shard,
    help="Measure only the I-th of N parts of the functions, such as 2/4 in the second of four "
    "jobs.",
)

environment = click.option(
    "--env",
    "environment",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_variables,
    help="Environment variable for the workers, such as SCIPY_ARRAY_API=1. Repeatable.",
)

_MEASURING = (
    click.option(
        "--backend",
        "names",
        multiple=True,
        metavar="NAME",
        callback=_known_backends,
        help="Array library to measure. Repeatable. [default: those of the project, or numpy "
        "cupy torch jax dask]",
    ),
    click.option(
        "--jobs",
        "-j",
        type=click.IntRange(min=1),
        help="Number of workers. [default: number of processors]",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=Config().timeout,
        show_default=True,
        help="Time limit of one case, in seconds.",
    ),
    click.option(
        "--memory",
        default="0",
        metavar="SIZE",
        callback=_size,
        help="Memory limit of a worker and its child processes, such as 2GB. [default: none]",
    ),
    click.option(
        "--mode",
        "modes",
        multiple=True,
        metavar="NAME",
        callback=_known_modes,
        help="Optional mode to measure, such as grad or vmap. Repeatable.",
    ),
    environment,
    click.option(
        "--setup",
        default="",
        metavar="CODE",
        help="Code that each worker runs first. {backend} and {module} are replaced by the name "
        "and the module of its library.",
    ),
    click.option(
        "--cases",
        "sources",
        multiple=True,
        metavar="FILE",
        callback=_case_sources,
        help="File of recorded calls (*.cases), or module with cases. Repeatable.",
    ),
    click.option("--force", is_flag=True, help="Measure all cells again."),
)
_IN_THIS_ENVIRONMENT = (
    click.option(
        "--verify",
        type=click.FloatRange(min=0, max=1),
        default=0.0,
        metavar="SHARE",
        help="Share of the targets to measure a second time, to find results that vary.",
    ),
    click.option(
        "--scheduler",
        default="",
        metavar="ADDRESS",
        help="Measure on the cluster of this scheduler of dask.distributed, such as "
        "tcp://10.0.0.1:8786, or the name of its JSON file.",
    ),
)


_OPTIONS = {"backends": "names", "cases": "sources"}
"""The parameters of commands that have another name than the option."""


def given(parameter: str) -> bool:
    """Return whether a parameter of the running command was given on the command line."""
    source = click.get_current_context().get_parameter_source(parameter)
    return source is not None and source is not ParameterSource.DEFAULT


def project_options() -> ProjectOptions:
    """Return the options of the project in this folder; problems are printed as warnings."""
    found = read_options(Path.cwd())
    for problem in found.problems:
        place = f"{found.path}: " if found.path else ""
        click.echo(f"Warning: {place}{problem}", err=True)
    return found


def measuring(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for measuring to a command, which receives them as ``config``."""
    return _with_config(command, (*_MEASURING, *_IN_THIS_ENVIRONMENT))


def measuring_elsewhere(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for measuring in other environments, which are passed as ``config``."""
    return _with_config(command, _MEASURING)


def _with_config(
    command: Callable[..., None], added: Sequence[Callable[..., Any]]
) -> Callable[..., None]:
    @wraps(command)
    def with_config(
        *,
        names: list[str],
        jobs: int | None,
        timeout: float,
        memory: int,
        modes: list[str],
        environment: dict[str, str],
        setup: str,
        sources: list[str],
        force: bool,
        verify: float = 0.0,
        scheduler: str = "",
        **others: Any,
    ) -> None:
        values = {
            "backends": names,
            "setup": setup,
            "cases": sources,
            "timeout": timeout,
            "memory": memory,
            "verify": verify,
            "jobs": jobs,
            "modes": modes,
            "scheduler": scheduler,
        }
        named = {name: value for name, value in values.items() if given(_OPTIONS.get(name, name))}
        project = project_options()
        named["environment"] = {**project.values.get("environment", {}), **environment}
        config = project.config(**named, execute="force" if force else "auto")
        command(config=config, **others)

    decorated: Callable[..., None] = with_config
    for option in reversed(added):
        decorated = option(decorated)
    return decorated
