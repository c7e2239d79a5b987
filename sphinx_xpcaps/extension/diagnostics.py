"""Find problems with targets and records, which are reported as warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sphinx_xpcaps.exceptions import CaseModuleError
from sphinx_xpcaps.extension.domain import TableRequest
from sphinx_xpcaps.extension.warnings import Diagnostic
from sphinx_xpcaps.measure.verify import Unstable
from sphinx_xpcaps.results.diff import differences
from sphinx_xpcaps.results.model import Outcome, Reason, Record, Target
from sphinx_xpcaps.results.view import MISSING, Table


def unmeasured_targets(
    requests: Sequence[TableRequest], measured: Record, tables: Mapping[str, Table]
) -> Iterator[Diagnostic]:
    """Return why targets have no case, whether that was found in this build or before.

    Targets without a case share one diagnostic, as do targets that cannot be imported for the same
    reason. Another one lists the targets whose code for cases fails, and that are measured with
    other cases, such as calls that are made up.
    """
    missing: dict[str, list[TableRequest]] = {}
    broken_sources: dict[str, list[TableRequest]] = {}
    without_case: dict[str, list[TableRequest]] = {}
    replaced: dict[str, list[TableRequest]] = {}
    for request in requests:
        target = measured.targets.get(request.target)
        reason = _no_case_reason(target) if target else None
        if target is None or reason is None:
            continue
        why = " ".join(reason.message.split())
        table = tables.get(request.target)
        if target.kind == MISSING:
            missing.setdefault(why, []).append(request)
        elif reason.line or any(cell.origin == "directive" for cell in target.cells):
            if request.body:  # otherwise the warning belongs to the request with the body
                yield _failed_body(request, reason, why)
        elif table is None or not table.measured:
            without_case.setdefault(why, []).append(request)
        elif reason.exception == CaseModuleError.__name__:
            broken_sources.setdefault(why, []).append(request)
        else:
            replaced.setdefault(why, []).append(request)
    for why, group in missing.items():
        yield _missing_targets(group, why)
    for why in broken_sources:
        message = f"xpcaps_cases: {why}; other cases are used"
        yield Diagnostic(kind="option", message=message)
    if without_case:
        yield _without_case(without_case)
    if replaced:
        yield _with_other_cases(replaced)


def different_origins(requests: Sequence[TableRequest]) -> Iterator[Diagnostic]:
    """Return the directives that choose other origins of cases than the first for their target.

    A target has the same cases on all pages.
    """
    first: dict[str, TableRequest] = {}
    for request in requests:
        if not request.origins:
            continue
        used = first.setdefault(request.target, request)
        if set(used.origins) != set(request.origins):
            message = (
                f"the origins of the cases of {request.target} are also chosen in {used.docname} "
                f"({', '.join(used.origins)}), which is used"
            )
            yield Diagnostic(kind="option", message=message, request=request)


def unreadable_case_files(sources: Iterable[str], conf: Path) -> Iterator[Diagnostic]:
    """Return the files of recorded calls that cannot be read; they are data and run nothing."""
    files = [source for source in sources if source.endswith(".cases")]
    if not files:
        return
    from sphinx_xpcaps.cases import case_file  # late, as it is slow to import

    for file in files:
        try:
            case_file.read(Path(file))
        except case_file.CaseFileError as error:
            message = " ".join(f"xpcaps_cases: {error}; other cases are used".split())
            yield Diagnostic(kind="option", message=message, file=conf)


def unstable_cells(
    requests: Sequence[TableRequest], unstable: Sequence[Unstable]
) -> Iterator[Diagnostic]:
    """Return which cells differed when they were measured again."""
    first = {request.target: request for request in reversed(requests)}
    for each in unstable:
        yield Diagnostic(kind="unstable", message=str(each), request=first.get(each.target))


def _failed_body(request: TableRequest, reason: Reason, why: str) -> Diagnostic:
    message = f"the body of xp-capabilities for {request.target} failed: {why}"
    line = request.body_line + reason.line - 1 if reason.line else None
    return Diagnostic(kind="body", message=message, request=request, line=line)


def _missing_targets(requests: Sequence[TableRequest], why: str) -> Diagnostic:
    names = _distinct(requests)
    if len(names) == 1:
        message = f"{names[0]} cannot be measured: {why}"
    else:
        message = f"{len(names)} targets cannot be measured: {why}: {_listed(names)}"
    return Diagnostic(kind="target", message=message, request=requests[0])


def _without_case(by_reason: Mapping[str, Sequence[TableRequest]]) -> Diagnostic:
    """Return one diagnostic for all targets without a case."""
    names = _distinct([request for group in by_reason.values() for request in group])
    first = next(iter(by_reason.values()))[0]
    shared = next(iter(by_reason)) if len(by_reason) == 1 else ""
    why = f" ({shared})" if shared else ""
    if len(names) == 1:
        message = f"no case could be made for {names[0]}{why}; add an example to its docstring"
    else:
        message = (
            f"no case could be made for {len(names)} targets{why}: {_listed(names)}; "
            "add examples to their docstrings"
        )
    message += ", or code to an xp-capabilities directive"
    return Diagnostic(kind="no_case", message=message, request=first if len(names) == 1 else None)


def _with_other_cases(by_reason: Mapping[str, Sequence[TableRequest]]) -> Diagnostic:
    """Return one diagnostic for all targets whose code for cases fails."""
    requests = [request for group in by_reason.values() for request in group]
    names = _distinct(requests)
    if len(by_reason) == 1:
        why = f"{next(iter(by_reason))}: {_listed(names)}"
    else:
        reasons = {request.target: why for why, group in by_reason.items() for request in group}
        why = _listed([f"{name} ({reasons[name]})" for name in names])
    count = "1 target is" if len(names) == 1 else f"{len(names)} targets are"
    return Diagnostic(
        kind="no_case",
        message=f"{count} measured with other calls than intended: {why}",
        request=requests[0] if len(names) == 1 else None,
    )


def _distinct(requests: Sequence[TableRequest]) -> list[str]:
    return sorted({request.target for request in requests})


def _listed(names: Sequence[str], most: int = 10) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


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
