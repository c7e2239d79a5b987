"""Functions of commands that measure in virtual environments."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from sphinx_xpcaps.cli.records import fail
from sphinx_xpcaps.cli.run import cache_folder
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.results.merge_records import merge_records
from sphinx_xpcaps.results.model import Record
from sphinx_xpcaps.results.record import RecordError, read_records, write_bundle
from sphinx_xpcaps.virtual_environments.create import Contents, environment_for
from sphinx_xpcaps.virtual_environments.measure import measure_in
from sphinx_xpcaps.virtual_environments.requirements import Entry, base


def measure_entry(
    entry: Entry,
    targets: Sequence[str],
    config: Config,
    *,
    inherits: bool = False,
    again: bool = False,
) -> Record:
    """Return the record of targets in the environment of an entry, which is created if necessary.

    Parameters
    ----------
    entry : Entry
        The requirements. If the options do not name backends, those that the entry requires are
        measured, or else all.
    targets : sequence of str
        Functions, classes or modules.
    config : Config
        The options.
    inherits : bool
        Whether the environment has the packages of this one too.
    again : bool
        Whether an existing environment is created again.

    Raises
    ------
    CreateError, MeasureError
        The environment cannot be created, or the targets cannot be measured in it.
    """
    if config.backends == Config().backends and entry.backends:
        config = replace(config, backends=list(entry.backends))
    packages = sorted({target.partition(".")[0] for target in targets})
    others = () if inherits else base(entry, packages, config.backends)
    contents = Contents(
        slug=entry.slug, arguments=(*others, *entry.requirements), inherits=inherits
    )
    environment = environment_for(contents, cache_folder() / "environments", again=again)
    facts = [os.getcwd(), sorted(config.environment.items())]
    name = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
    output = environment.folder / "records" / f"{name}.json"
    output.parent.mkdir(exist_ok=True)
    record = measure_in(environment, targets, config, output)
    return replace(
        record,
        targets={
            name: replace(
                target, cells=tuple(c for c in target.cells if c.backend in config.backends)
            )
            for name, target in record.targets.items()
            if any(f"{name}.".startswith(f"{wanted}.") for wanted in targets)
        },
    )


def keep(records: Iterable[Record], path: Path) -> None:
    """Add records to a file, which is created if it does not exist."""
    try:
        known = read_records(path) if path.exists() else ()
    except RecordError as error:
        fail(f"{error}; choose another file")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bundle(merge_records([*known, *records]), path)
