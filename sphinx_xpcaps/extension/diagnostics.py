"""Problems with targets and records that the author of the documentation should know of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sphinx_xpcaps.extension.domain import TableRequest
from sphinx_xpcaps.extension.warnings import Diagnostic
from sphinx_xpcaps.results.diff import differences
from sphinx_xpcaps.results.model import Outcome, Reason, Record, Target
from sphinx_xpcaps.results.view import MISSING, Table


def unmeasured_targets(
    requests: Sequence[TableRequest], measured: Record, tables: Mapping[str, Table]
) -> Iterator[Diagnostic]:
    """Return why targets have no case, whether that was found in this build or before."""
    for request in requests:
        target = measured.targets.get(request.target)
        reason = _no_case_reason(target) if target else None
        if target is None or reason is None:
            continue
        problem = _unmeasured_target(request, target, reason, tables.get(request.target))
        if problem is not None:
            yield problem


def _unmeasured_target(
    request: TableRequest, target: Target, reason: Reason, table: Table | None
) -> Diagnostic | None:
    name, why = request.target, " ".join(reason.message.split())
    if target.kind == MISSING:
        message = f"{name} cannot be measured: {why}"
        return Diagnostic(kind="target", message=message, request=request)
    if any(cell.origin == "directive" for cell in target.cells):
        if not request.body:
            return None  # the warning belongs to the request with the body
        message = f"the body of xp-capabilities for {name} failed: {why}"
        line = request.body_line + reason.line - 1 if reason.line else None
        return Diagnostic(kind="body", message=message, request=request, line=line)
    if table is None or not table.measured:
        message = (
            f"no case could be made for {name}{f' ({why})' if why else ''}; "
            "add an example to its docstring, or code to an xp-capabilities directive"
        )
        return Diagnostic(kind="no_case", message=message, request=request)
    return None


def _no_case_reason(target: Target) -> Reason | None:
    """Return why a target has no case, or None if it has one."""
    reasons = (reason for cell in target.cells for reason in cell.reasons)
    return next((reason for reason in reasons if reason.outcome == Outcome.NO_CASE), None)


def targets_without_record(
    requests: Sequence[TableRequest], tables: Mapping[str, Table]
) -> Iterator[Diagnostic]:
    """Return one diagnostic that names targets that are in no record."""
    requested = {request.target for request in requests}
    unknown = sorted(requested - set(tables))
    if unknown:
        names = ", ".join(unknown[:3]) + (", ..." if len(unknown) > 3 else "")
        verb = "is" if len(unknown) == 1 else "are"
        message = f"{len(unknown)} of {len(requested)} targets {verb} in no record: {names}"
        yield Diagnostic(kind="record", message=message)


def changed_cells(
    requests: Sequence[TableRequest], committed: Sequence[Record], measured: Record
) -> Iterator[Diagnostic]:
    """Return the cells whose measured status differs from that in the committed records."""
    first = {request.target: request for request in reversed(requests)}
    for difference in differences(committed, measured):
        request = first.get(difference.target)
        if request is not None:
            yield Diagnostic(kind="mismatch", message=str(difference), request=request)
