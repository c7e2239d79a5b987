"""Derive the tables of a build: measure, read the committed records, use both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_xpcaps.config import Config, Execute
from sphinx_xpcaps.extension import diagnostics, options
from sphinx_xpcaps.extension.domain import BuildTables, TableRequest
from sphinx_xpcaps.extension.inject import PERHAPS_CALLABLE, PROPERTY
from sphinx_xpcaps.extension.mapping import read_published
from sphinx_xpcaps.extension.progress import Progress
from sphinx_xpcaps.extension.warnings import Diagnostic
from sphinx_xpcaps.measure import batch
from sphinx_xpcaps.measure.batch import Measured
from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.results.model import Cell, Environment, Record
from sphinx_xpcaps.results.record import read_files
from sphinx_xpcaps.results.view import MISSING, Table, derive

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def build_tables(
    app: Sphinx, requests: Sequence[TableRequest]
) -> tuple[BuildTables, list[Diagnostic]]:
    """Return the table of every target that is requested or in a record, and all problems."""
    config = options.read(app)
    committed, problems = read_records(Path(app.confdir), config.records)
    targets = {request.target for request in requests}
    published = read_published(app, targets, cache_folder(app) / "mapping")
    problems += published.problems
    own = [request for request in requests if request.target not in published]
    measured, failures = measure(app, config, measurements(own))

    def is_current(target: str, cell: Cell, environment: Environment) -> bool:
        return target in published or measured.is_current(target, cell, environment)

    records = (*measured.records, *committed, *published.records)
    tables = derive(
        records, backends=config.backends, devices=config.devices, is_current=is_current
    )
    hidden = frozenset(
        request for request in requests if is_plain_data(request, tables.get(request.target))
    )
    shown = [request for request in own if request not in hidden]
    problems += failures
    problems += diagnostics.different_origins(own)
    problems += diagnostics.unstable_cells(shown, measured.unstable)
    if measured.records:
        problems += diagnostics.unmeasured_targets(shown, measured.records[0], tables)
    if config.execute != Execute.OFF:
        conf = Path(app.confdir) / "conf.py"
        problems += diagnostics.unreadable_case_files(config.cases, conf)
    if config.execute == Execute.OFF:
        problems += diagnostics.targets_without_record(shown, tables)
    if config.execute == Execute.CHECK and measured.records:
        problems += diagnostics.changed_cells(shown, committed, measured.records[0])
    if config.declared and config.execute != Execute.OFF:  # reading them imports the package
        from sphinx_xpcaps.extension.declarations import compare_declarations  # slow to import

        problems += compare_declarations(Path(app.confdir), config, shown, tables)
    built = BuildTables(
        by_target=tables, hidden=hidden, records=records, published=published.addresses
    )
    return built, problems


def measurements(requests: Sequence[TableRequest]) -> list[MeasurementRequest]:
    """Return what is measured for the requests: each target and body once, sorted."""
    with_graph = {request.target for request in requests if request.options.graph}
    origins = {each.target: each.origins for each in reversed(requests) if each.origins}
    first = {(each.target, each.body or ""): each.measurement for each in reversed(requests)}
    return [
        replace(
            request,
            graph=request.target in with_graph,
            origins=origins.get(request.target, ()),
        )
        for _, request in sorted(first.items())
    ]


def measure(
    app: Sphinx, config: Config, requests: Sequence[MeasurementRequest]
) -> tuple[Measured, list[Diagnostic]]:
    """Measure what is requested and not in the cache; an exception does not end the build."""
    try:
        with Progress("measuring capabilities... ", app.verbosity) as progress:
            return batch.run(requests, config, cache=cache_folder(app), progress=progress), []
    except Exception as error:
        message = " ".join(f"measuring failed with {type(error).__name__}: {error}".split())
        problem = Diagnostic(kind="engine", message=message)
        return Measured(records=(), is_current=lambda *_: True), [problem]


def read_records(folder: Path, patterns: Iterable[str]) -> tuple[list[Record], list[Diagnostic]]:
    """Return the records that match the patterns, without those that cannot be read."""
    paths: list[Path] = []
    problems: list[Diagnostic] = []
    for pattern in patterns:
        found = [Path(name) for name in sorted(glob(str(folder / pattern), recursive=True))]
        if not found:
            message = f"xpcaps_records: no file matches {pattern!r}"
            problems.append(Diagnostic(kind="record", message=message, file=folder / "conf.py"))
        paths += found
    unusual = [path for path in dict.fromkeys(paths) if path.exists() and not path.is_file()]
    for path in unusual:  # reading a pipe could block
        message = "the record cannot be read: it is not a regular file"
        problems.append(Diagnostic(kind="record", message=message, file=path))
    files = read_files(path for path in dict.fromkeys(paths) if path not in unusual)
    for error in files.errors:
        reason = " ".join(error.reason.split())
        message = f"the record cannot be read: {reason}"
        problems.append(Diagnostic(kind="record", message=message, file=error.path))
    return list(files.records), problems


def is_plain_data(request: TableRequest, table: Table | None) -> bool:
    """Return whether a pattern matches the description of data that cannot be measured."""
    if request.objtype == PROPERTY:
        return table is None or not table.measured
    return request.objtype in PERHAPS_CALLABLE and (table is None or table.kind == MISSING)


def cache_folder(app: Sphinx) -> Path:
    """Return the folder where measurements are kept between builds."""
    return Path(app.doctreedir) / "xpcaps"
