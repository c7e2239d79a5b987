"""``check``: hold what a library declares against what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from sphinx_xpcaps.cli import options
from sphinx_xpcaps.cli.run import expand, run
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.declared import known_differences as known_file
from sphinx_xpcaps.declared import report as report_file
from sphinx_xpcaps.declared import words
from sphinx_xpcaps.declared.compare import compare
from sphinx_xpcaps.declared.load import DeclaredError, declarations
from sphinx_xpcaps.declared.model import Declarations, Findings
from sphinx_xpcaps.declared.patch import patch as make_patch
from sphinx_xpcaps.results.model import Record
from sphinx_xpcaps.results.record import RecordError, read
from sphinx_xpcaps.results.view import backends_of, derive

_FILE = click.Path(dir_okay=False, path_type=Path)


class _CannotCheck(click.ClickException):
    """Something that keeps the check from being made, told apart from a difference."""

    exit_code = 2


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--declared",
    "table",
    required=True,
    metavar="MODULE:TABLE",
    help="The declarations: a mapping from functions to capabilities.",
)
@click.option(
    "--record",
    "paths",
    type=_FILE,
    multiple=True,
    help="A record to compare with, all of it; then nothing is measured. Repeatable.",
)
@click.option("--output", "-o", type=_FILE, help="A record to write of what is measured.")
@click.option("--known", "known_path", type=_FILE, help="A file of known differences.")
@click.option("--report", type=_FILE, help="A JSON file for the findings, in place of lines.")
@click.option(
    "--patch",
    is_flag=True,
    help="Print the corrected decorators as a unified diff; the findings go to standard error.",
)
@options.measuring
def check(
    targets: tuple[str, ...],
    table: str,
    paths: tuple[Path, ...],
    output: Path | None,
    known_path: Path | None,
    report: Path | None,
    patch: bool,
    config: Config,
) -> None:
    """Hold what is declared of each TARGET against what is measured.

    The exit status is 0 if both agree, but for known differences; 1 if there is a difference, or
    an entry of known ones that has to go; 2 if the check cannot be made.
    """
    if paths and output:
        raise click.UsageError("with --record nothing is measured, so that --output has no use")
    known = _known(known_path)
    wanted, problems = expand(targets, config)
    if problems:
        raise _CannotCheck("; ".join(problems))
    try:
        declared = declarations(wanted, table, config)
    except DeclaredError as error:
        raise _CannotCheck(str(error)) from None
    records = _read(paths) if paths else _measure(declared, config, output)
    tables = derive(
        records,
        backends=backends_of(records) if paths else config.backends,
        devices=config.devices,
        is_current=lambda *_: True,
    )
    findings = known_file.sift(table, compare(declared, tables), known, date.today())
    if report is not None:
        report_file.write(findings, report)
    else:
        _print(findings, to_errors=patch)
    click.echo(words.summary(findings), err=patch)
    if patch:
        made = make_patch(declared, tables, findings, base=Path.cwd())
        for line in made.left:
            click.echo(f"sphinx-xpcaps: {line}", err=True)
        click.echo(made.text, nl=False)
    if not findings.agrees:
        raise SystemExit(1)


def _known(path: Path | None) -> tuple[known_file.Known, ...]:
    try:
        return known_file.read(path) if path else ()
    except known_file.KnownError as error:
        raise _CannotCheck(str(error)) from None


def _read(paths: Sequence[Path]) -> list[Record]:
    try:
        return [read(path) for path in paths]
    except RecordError as error:
        raise _CannotCheck(str(error)) from None


def _measure(declared: Declarations, config: Config, output: Path | None) -> list[Record]:
    """Measure what somebody says something of: what is out of scope needs no measurement."""
    names = [
        name
        for name, declaration in declared.entries.items()
        if declaration.capabilities is None or not declaration.capabilities.out_of_scope
    ]
    return [run(names, config, output=output).records[0]] if names else []


def _print(findings: Findings, *, to_errors: bool) -> None:
    said = [line for _, line in words.lines(findings.differences)]
    said += [words.stale_line(stale) for stale in findings.stale]
    said += [f"not measured: {words.sentence(each)}" for each in findings.expected]
    for line in said:
        click.echo(line, err=to_errors)
