"""The command ``matrix``: measure the same targets with several versions of libraries."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import msgspec

from sphinx_xpcaps.cli import options
from sphinx_xpcaps.cli.run import Failure
from sphinx_xpcaps.cli.virtual_environments import keep, measure_entry
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.results.labels import STATUSES
from sphinx_xpcaps.results.model import Record, Status
from sphinx_xpcaps.virtual_environments.create import CreateError
from sphinx_xpcaps.virtual_environments.measure import MeasureError
from sphinx_xpcaps.virtual_environments.requirements import Entry, parse

_PROJECT = Path("pyproject.toml")


class _Settings(msgspec.Struct, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The table ``[tool.xpcaps.matrix]``."""

    targets: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    output: str | None = None
    backends: tuple[str, ...] = ()
    env: dict[str, str] = {}
    inherit: bool = False


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@click.option(
    "--with",
    "texts",
    multiple=True,
    metavar="REQUIREMENTS",
    help='Requirements of an environment, such as "jax==0.4.34" or "dask==2025.1 numpy<2". '
    "Repeatable, once for each environment.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file with the records, to write or to add to. [default: xpcaps/versions.json]",
)
@click.option(
    "--inherit",
    is_flag=True,
    help="Let the environments use the packages of this one, so that only what differs is "
    "installed.",
)
@click.option(
    "--recreate", is_flag=True, help="Create the environments again, also those that exist already."
)
@options.measuring_elsewhere
def matrix(
    targets: tuple[str, ...],
    texts: tuple[str, ...],
    output: Path | None,
    inherit: bool,
    recreate: bool,
    config: Config,
) -> None:
    """Measure each TARGET in several environments, and write all records to one file.

    What is not given on the command line is read from the table [tool.xpcaps.matrix] of
    pyproject.toml. An environment is created with uv if it is installed, else with venv and pip,
    and is kept for the next time. If it names array libraries, these are measured, else all.
    """
    settings = _settings()
    targets = targets or settings.targets
    if not targets:
        raise Failure(f"name the targets, or list them in {_PROJECT} ([tool.xpcaps.matrix])")
    entries = _entries(texts or settings.environments)
    path = output or Path(settings.output or "xpcaps/versions.json")
    named = click.get_current_context().params["environment"]
    config = replace(config, environment={**config.environment, **settings.env, **named})
    if settings.backends and not options.given("names"):
        config = replace(config, backends=list(settings.backends))
    failed = 0
    for entry in entries:
        try:
            record = measure_entry(
                entry, targets, config, inherits=inherit or settings.inherit, again=recreate
            )
        except (CreateError, MeasureError) as error:
            what = "created" if isinstance(error, CreateError) else "measured"
            click.echo(f"{entry.text}: cannot be {what}: {error}", err=True)
            failed += 1
            continue
        keep([record], path)
        click.echo(f"{entry.text}: {_summary(record)}")
    if failed == len(entries):
        raise Failure("no environment could be measured")
    click.echo(f"{_count(len(entries) - failed, 'environment')}. Wrote {path}")
    if failed:
        raise SystemExit(1)


def _settings() -> _Settings:
    """Return the table of the project in this folder."""
    try:
        content: dict[str, Any] = tomllib.loads(_PROJECT.read_text("utf-8"))
    except FileNotFoundError:
        return _Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"{_PROJECT}: {error}") from error
    try:
        table = content.get("tool", {}).get("xpcaps", {}).get("matrix", {})
        return msgspec.convert(table, _Settings)
    except (msgspec.ValidationError, AttributeError) as error:
        raise Failure(f"{_PROJECT}: [tool.xpcaps.matrix]: {error}") from error


def _entries(texts: Sequence[str]) -> list[Entry]:
    if not texts:
        raise Failure(f"name environments with --with, or list them in {_PROJECT}")
    try:
        return [parse(text) for text in dict.fromkeys(texts)]
    except ValueError as error:
        raise Failure(str(error)) from error


def _summary(record: Record) -> str:
    statuses = [cell.status for target in record.targets.values() for cell in target.cells]
    counts = {status: statuses.count(status) for status in Status if status.measured}
    return ", ".join(f"{n} {STATUSES[status]}" for status, n in counts.items() if n) or "no result"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
