"""From wishes to tables: measure what is missing, read the committed records, warn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_xpcaps.config import Config, Execute
from sphinx_xpcaps.extension import options
from sphinx_xpcaps.extension.declarations import warn_of_declarations
from sphinx_xpcaps.extension.domain import TableRequest
from sphinx_xpcaps.extension.inject import PERHAPS_CALLABLE
from sphinx_xpcaps.extension.locations import warn_at
from sphinx_xpcaps.extension.page_digests import cache_folder
from sphinx_xpcaps.extension.progress import Progress
from sphinx_xpcaps.extension.warnings import warn
from sphinx_xpcaps.measure import batch
from sphinx_xpcaps.measure.batch import Measured
from sphinx_xpcaps.measure.request import Request
from sphinx_xpcaps.results import record as record_file
from sphinx_xpcaps.results.diff import differences
from sphinx_xpcaps.results.model import Outcome, Reason, Record, Target
from sphinx_xpcaps.results.view import MISSING, Table, derive

if TYPE_CHECKING:
    from sphinx.application import Sphinx


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All tables of a build, and the wishes that turned out to be for no callable."""

    tables: Mapping[str, Table]
    dropped: Set[TableRequest]


def gather(app: Sphinx, wishes: Sequence[TableRequest]) -> Gathered:
    """Return a table for every target that is known; warn of all that stands in the way."""
    config = options.read(app)
    committed = _committed(app, config)
    measured = _measure(app, config, _requests(wishes))
    tables = derive(
        [*measured.records, *committed],
        backends=config.backends,
        devices=config.devices,
        is_current=measured.is_current,
    )
    present = measured.records[0].targets if measured.records else {}
    dropped = frozenset(wish for wish in wishes if _is_data(wish, tables.get(wish.target)))
    shown = [wish for wish in wishes if wish not in dropped]
    for wish in shown:
        _warn_of_target(app, wish, present.get(wish.target), tables.get(wish.target))
    if config.execute == Execute.OFF:
        _warn_of_unknown(shown, tables)
    if config.execute == Execute.CHECK and measured.records:
        _warn_of_differences(app, shown, committed, measured.records[0])
    if config.declared:
        warn_of_declarations(app, config, shown, tables)
    return Gathered(tables=tables, dropped=dropped)


def _requests(wishes: Sequence[TableRequest]) -> list[Request]:
    """Return what is to be measured, each target and body once."""
    drawn = {wish.target for wish in wishes if wish.graph}
    requests = {(wish.target, wish.body or ""): wish.request for wish in reversed(wishes)}
    ordered = [request for _, request in sorted(requests.items())]
    return [replace(request, graph=request.target in drawn) for request in ordered]


def _measure(app: Sphinx, config: Config, requests: Sequence[Request]) -> Measured:
    """Run the batch; whatever goes wrong in it is one warning, never the end of the build."""
    try:
        with Progress("measuring capabilities... ", app.verbosity) as progress:
            return batch.run(requests, config, cache=cache_folder(app), progress=progress)
    except Exception as error:
        text = f"nothing was measured, as {type(error).__name__} was raised: {error}"
        warn("engine", " ".join(text.split()))
        return Measured(records=(), is_current=lambda *_: True)


def _committed(app: Sphinx, config: Config) -> list[Record]:
    """Read the records that the project keeps; those that cannot be read are left out."""
    folder = Path(app.confdir)
    records = []
    for pattern in config.records:
        paths = sorted(folder.glob(pattern))
        if not paths:
            warn("record", f"xpcaps_records: no file matches {pattern!r}", folder / "conf.py")
        for path in paths:
            try:
                records.append(record_file.read(path))
            except Exception as error:
                warn("record", f"the record cannot be read: {_reason(error, path)}", path)
    return records


def _reason(error: Exception, path: Path) -> str:
    return _line(str(error)).removeprefix(f"{path}: ")


def _is_data(wish: TableRequest, table: Table | None) -> bool:
    return wish.objtype in PERHAPS_CALLABLE and (table is None or table.kind == MISSING)


def _warn_of_target(
    app: Sphinx, wish: TableRequest, target: Target | None, table: Table | None
) -> None:
    """Warn of what this build found out about a target, whether it was run just now or before."""
    if target is None:
        return
    reason = _no_case(target)
    if reason is None:
        return
    origins = {cell.origin for cell in target.cells}
    if target.kind == MISSING:
        warn_at(app, wish, "target", f"{wish.target} cannot be measured: {_words(reason)}")
    elif "directive" in origins:
        if not wish.body:
            return  # the page that has the body is told
        line = re.match(r"line (\d+)", reason.message)
        place = wish.body_line + int(line[1]) - 1 if line else wish.line
        message = f"the body of xp-capabilities for {wish.target} failed: {_words(reason)}"
        warn("body", message, (wish.docname, place))
    elif table is None or not table.measured:
        why = f" ({_words(reason)})" if reason.message else ""
        hint = "add an example to its docstring, or a body to a directive"
        warn_at(app, wish, "no_case", f"nothing says how to call {wish.target}{why}; {hint}")


def _no_case(target: Target) -> Reason | None:
    """Return why no cell has a case, or None if one has."""
    reasons = [reason for cell in target.cells for reason in cell.reasons]
    return next((reason for reason in reasons if reason.outcome == Outcome.NO_CASE), None)


def _words(reason: Reason) -> str:
    message = _line(reason.message)
    known = reason.exception and reason.exception not in (*message.split(": "), "TargetError")
    return f"{reason.exception}: {message}" if known else message


def _line(text: str) -> str:
    return " ".join(text.split())


def _warn_of_unknown(wishes: Sequence[TableRequest], tables: Mapping[str, Table]) -> None:
    asked = {wish.target for wish in wishes}
    unknown = sorted(asked - set(tables))
    if unknown:
        named = ", ".join(unknown[:3]) + (", ..." if len(unknown) > 3 else "")
        verb = "is" if len(unknown) == 1 else "are"
        warn("record", f"{len(unknown)} of {len(asked)} targets {verb} in no record: {named}")


def _warn_of_differences(
    app: Sphinx, wishes: Sequence[TableRequest], committed: Sequence[Record], fresh: Record
) -> None:
    first = {wish.target: wish for wish in reversed(wishes)}
    for difference in differences(committed, fresh):
        wish = first.get(difference.target)
        if wish is not None:
            warn_at(app, wish, "mismatch", str(difference))
