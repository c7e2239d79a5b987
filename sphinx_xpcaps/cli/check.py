"""The command ``check``: compare declared with measured capabilities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from sphinx_xpcaps.cli import options
from sphinx_xpcaps.cli.run import Failure, expand, run, system_errors
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.declared import findings_file, messages
from sphinx_xpcaps.declared import known_differences as known_file
from sphinx_xpcaps.declared.compare import compare
from sphinx_xpcaps.declared.load import DeclaredError, declarations
from sphinx_xpcaps.declared.model import Declarations, Findings
from sphinx_xpcaps.declared.patch import patch as make_patch
from sphinx_xpcaps.declared.untested import claims_support, tested_targets
from sphinx_xpcaps.results.model import Record
from sphinx_xpcaps.results.record import read_files
from sphinx_xpcaps.results.view import backends_of, derive

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--declared",
    "table",
    metavar="MODULE:TABLE",
    help="Declarations: a mapping from functions to capabilities. [default: that of the project]",
)
@click.option(
    "--record",
    "paths",
    type=_FILE,
    multiple=True,
    help="Record to compare with instead of measuring. Repeatable.",
)
@click.option("--output", "-o", type=_FILE, help="Record to write the measurements to.")
@click.option("--known", "known_path", type=_FILE, help="File of known differences.")
@click.option(
    "--report", type=_FILE, help="JSON file to write the findings to instead of printing them."
)
@click.option(
    "--patch",
    is_flag=True,
    help="Print corrected decorators as a unified diff, and the findings to standard error.",
)
@click.option(
    "--untested",
    is_flag=True,
    help="Instead of measuring, list the functions that are declared to support a library other "
    "than NumPy and that no test names.",
)
@click.option(
    "--tests",
    multiple=True,
    metavar="PACKAGE",
    help="With --untested, the tests: the dotted name of a package or module, or a path. "
    "Repeatable; by default the packages of the targets.",
)
@options.measuring
def check(
    targets: tuple[str, ...],
    table: str | None,
    paths: tuple[Path, ...],
    output: Path | None,
    known_path: Path | None,
    report: Path | None,
    patch: bool,
    untested: bool,
    tests: tuple[str, ...],
    config: Config,
) -> None:
    """Compare the declared capabilities of each TARGET with measured ones.

    The exit status is 0 if they agree, apart from known differences; 1 if there are differences,
    stale entries in the file of known differences or functions without test; 2 if the check could
    not be done.
    """
    if paths and output:
        raise click.UsageError("--output cannot be used with --record, as nothing is measured")
    if tests and not untested:
        raise click.UsageError("--tests needs --untested")
    table = table or config.declared
    if not table:
        raise click.UsageError("name the declarations with --declared")
    known = _known(known_path or (Path(config.declared_known) if config.declared_known else None))
    wanted = expand(targets, config)
    if wanted.problems:
        raise Failure("; ".join(wanted.problems))
    try:
        declared = declarations(wanted.names, table, config)
    except DeclaredError as error:
        raise Failure(str(error)) from None
    if untested:
        return _list_untested(declared, tests, config)
    records = _read(paths) if paths else _measure(declared, config, output)
    tables = derive(
        records,
        backends=backends_of(records) if paths else config.backends,
        devices=config.devices,
        is_current=lambda *_: True,
    )
    findings = known_file.classify(table, compare(declared, tables), known, date.today())
    if report is not None:
        with system_errors():
            findings_file.write(findings, report)
    else:
        _print(findings, to_errors=patch)
    click.echo(messages.summary(findings), err=patch)
    if patch:
        made = make_patch(declared, tables, findings, base=Path.cwd())
        for line in made.left:
            click.echo(f"sphinx-xpcaps: {line}", err=True)
        click.echo(made.text, nl=False)
    if not findings.agrees:
        raise SystemExit(1)


def _list_untested(declared: Declarations, tests: Sequence[str], config: Config) -> None:
    claimed = [name for name, one in sorted(declared.entries.items()) if claims_support(one)]
    packages = sorted({name.partition(".")[0] for name in claimed})
    names = claimed
    if claimed:
        try:
            found = tested_targets(claimed, tests or packages, config)
        except DeclaredError as error:
            raise Failure(str(error)) from None
        if found.problem:
            click.echo(f"sphinx-xpcaps: some tests cannot be collected: {found.problem}", err=True)
        names = [name for name in claimed if name not in found.names]
    for name in names:
        click.echo(f"{name} is declared to support other libraries than NumPy, but has no test")
    click.echo(f"{len(claimed)} declared to support other libraries, {len(names)} without test")
    if names:
        raise SystemExit(1)


def _known(path: Path | None) -> tuple[known_file.KnownDifference, ...]:
    try:
        return known_file.read(path) if path else ()
    except known_file.KnownError as error:
        raise Failure(str(error)) from None


def _read(paths: Sequence[Path]) -> list[Record]:
    found = read_files(paths)
    if found.errors:
        raise Failure("; ".join(map(str, found.errors)))
    return list(found.records)


def _measure(declared: Declarations, config: Config, output: Path | None) -> list[Record]:
    """Measure the targets, except those that are declared out of scope."""
    names = [
        name
        for name, declaration in declared.entries.items()
        if declaration.capabilities is None or not declaration.capabilities.out_of_scope
    ]
    return [run(names, config, output=output).records[0]] if names else []


def _print(findings: Findings, *, to_errors: bool) -> None:
    lines = [line for _, line in messages.lines(findings.differences)]
    lines += [messages.stale_line(stale) for stale in findings.stale]
    lines += [f"not measured: {messages.sentence(each)}" for each in findings.expected]
    for line in lines:
        click.echo(line, err=to_errors)
