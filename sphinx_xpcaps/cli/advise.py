"""The command ``advise``: check code against records."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from core.backends import get_backend
from core.project import ProjectError, read_project
from sphinx_xpcaps.advise import check, files, output, rules
from sphinx_xpcaps.advise.knowledge import Knowledge, Question, known_device, known_modes
from sphinx_xpcaps.advise.model import Report, combined
from sphinx_xpcaps.advise.output.text import location
from sphinx_xpcaps.advise.record_sources import GROUP, installed_records
from sphinx_xpcaps.advise.settings import Settings, read_settings
from sphinx_xpcaps.cli.records import fail, read_all
from sphinx_xpcaps.results.garbage import garbage_collection_paused
from sphinx_xpcaps.results.model import Record


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--backend",
    "backends",
    multiple=True,
    metavar="NAME",
    help="Array library that the code is used with. Repeatable.",
)
@click.option(
    "--mode",
    "modes",
    multiple=True,
    metavar="NAME",
    help="Mode in which the code runs, such as jit. Repeatable. [default: eager and lazy]",
)
@click.option("--device", metavar="NAME", help="Device, such as cuda. [default: cpu]")
@click.option(
    "--records",
    multiple=True,
    metavar="FILE",
    help="File with records, or a pattern. Repeatable. [default: those that are installed]",
)
@click.option("--select", multiple=True, metavar="RULE", help="Report only these rules, or ALL.")
@click.option("--extend-select", multiple=True, metavar="RULE", help="Report these rules too.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Do not report these rules.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Files and folders to leave out.")
@click.option(
    "--output-format",
    "style",
    type=click.Choice([str(each) for each in output.Format]),
    default=str(output.Format.FULL),
    show_default=True,
    help="How findings are printed.",
)
@click.option("--statistics", is_flag=True, help="Print the number of findings by rule.")
@click.option("--show-unknown", is_flag=True, help="List calls of functions that no record has.")
@click.option("--exit-zero", is_flag=True, help="Exit with status 0 although there are findings.")
@click.option(
    "--stdin-filename",
    default="stdin.py",
    metavar="NAME",
    help="Name of the file that is read from standard input.",
)
def advise(
    names: tuple[str, ...],
    backends: tuple[str, ...],
    modes: tuple[str, ...],
    device: str | None,
    records: tuple[str, ...],
    select: tuple[str, ...],
    extend_select: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    style: str,
    statistics: bool,
    show_unknown: bool,
    exit_zero: bool,
    stdin_filename: str,
) -> None:
    """Find calls in each FILE that do not work with an array library, according to records.

    FILE is a Python file, a folder, a pattern, or - for standard input. The code is not executed.
    Options that are not given are read from the table [tool.xpcaps.advise] of pyproject.toml.

    The exit status is 0 if nothing is found, 1 if there are findings, and 2 if something cannot be
    read.
    """
    settings = _settings(
        backends=backends, modes=modes, device=device, records=records, exclude=exclude
    )
    try:
        selected = rules.selected(_split(select) or settings.select, settings.ignore)
        selected |= rules.matching(_split(extend_select))
        selected -= rules.matching(_split(ignore)) - {rules.INVALID_SYNTAX.code}
    except rules.UnknownRuleError as error:
        fail(str(error))
    sources, problems = _read_sources(names, settings, stdin_filename)
    knowledge = _knowledge(settings)
    host_functions = frozenset(settings.host_functions)
    with garbage_collection_paused():  # it would visit the nodes of each file several times
        reports = [
            check.check_source(
                source, path, knowledge, _selected_in(path, selected, settings), host_functions
            )
            for path, source in sources.items()
        ]
    report = combined(reports)
    shown = {one.place.path for one in report.findings}
    texts = {path: source for path, source in sources.items() if path in shown}
    click.echo(output.render(report, texts, output.Format(style)), nl=False)
    _print_counts(report, output.Format(style), statistics, show_unknown)
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    if problems:
        raise SystemExit(2)
    if report.findings and not exit_zero:
        raise SystemExit(1)


def _split(codes: Iterable[str]) -> tuple[str, ...]:
    """Return codes that are separated by commas or given one by one."""
    return tuple(code.strip() for text in codes for code in text.split(",") if code.strip())


def _settings(
    *,
    backends: Sequence[str],
    modes: Sequence[str],
    device: str | None,
    records: tuple[str, ...],
    exclude: tuple[str, ...],
) -> Settings:
    try:
        found = read_settings(read_project(Path.cwd()))
    except ProjectError as error:
        fail(str(error))
    for problem in found.problems:
        click.echo(f"Warning: {problem}", err=True)
    settings = found.settings
    try:
        names = tuple(get_backend(name).name for name in backends) or settings.backends
        wanted = known_device(device or settings.device, names)
    except ValueError as error:
        fail(str(error))
    if not names:
        fail("name a library with --backend, or list backends in [tool.xpcaps.advise]")
    unknown = [mode for mode in modes if mode not in known_modes()]
    if unknown:
        fail(f"unknown mode {unknown[0]!r}; known are {', '.join(known_modes())}")
    return replace(
        settings,
        backends=names,
        modes=tuple(modes) or settings.modes,
        device=wanted,
        records=records or tuple(str(settings.folder / each) for each in settings.records),
        exclude=(*settings.exclude, *exclude),
    )


def _read_sources(
    names: Sequence[str], settings: Settings, stdin_filename: str
) -> tuple[dict[str, str], list[str]]:
    """Return the source of each file that can be read, and a line for each other file."""
    sources: dict[str, str] = {}
    problems: list[str] = []
    try:
        paths = list(files.find_files(names, settings.exclude))
    except files.FileError as error:
        fail(str(error))
    for path in paths:
        if path == files.STANDARD_INPUT:
            content = sys.stdin.buffer.read()
            try:
                sources[stdin_filename] = files.decode(content)
            except (SyntaxError, UnicodeDecodeError, LookupError) as error:
                problems.append(f"{stdin_filename}: the encoding is invalid: {error}")
            continue
        try:
            sources[path] = files.read_source(path)
        except files.FileError as error:
            problems.append(str(error))
    return sources, problems


def _knowledge(settings: Settings) -> Knowledge:
    question = Question(backends=settings.backends, device=settings.device, modes=settings.modes)
    found: tuple[Record, ...]
    if settings.records:
        found = read_all(map(Path, settings.records))
    else:
        found = read_all(installed_records())
    if not found:
        fail(
            "no records: name files with --records or in [tool.xpcaps.advise], or install a "
            f"package of records (entry point group {GROUP})"
        )
    return Knowledge(found, question)


def _selected_in(path: str, selected: frozenset[str], settings: Settings) -> frozenset[str]:
    """Return the rules that are selected in a file."""
    for pattern, codes in settings.per_file_ignores.items():
        if files.matches(path, [pattern]):
            selected -= rules.matching(codes) - {rules.INVALID_SYNTAX.code}
    return selected


def _print_counts(
    report: Report, style: output.Format, statistics: bool, show_unknown: bool
) -> None:
    to_errors = style not in (output.Format.FULL, output.Format.CONCISE)
    if show_unknown and style is not output.Format.JSON:
        for call in report.unknown:
            click.echo(f"{location(call.place)}: no record has {call.function}", err=to_errors)
    if statistics:
        counts = Counter(finding.code for finding in report.findings)
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            click.echo(f"{count}\t{code}\t{rules.RULES[code].name}", err=to_errors)
    counted = report.counts
    total = len(report.findings)
    summary = f"Found {_number(total, 'problem')}" if total else "No problems found"
    calls = (
        f"{_number(counted.looked_up, 'call')} looked up, {counted.known} in records, "
        f"{counted.on_host} of these with NumPy arrays or Python objects only"
    )
    click.echo(f"{summary} in {_number(counted.files, 'file')}; {calls}", err=to_errors)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
