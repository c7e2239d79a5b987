"""What records know of functions: the limits with the chosen libraries, device and modes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.backends import backends, get_backend
from core.notes import DtypeChange, MissingFunctions, Note, QualifiedNote, parse_note
from sphinx_xpcaps.advise import rules
from sphinx_xpcaps.advise.argument_limits import ArgumentLimit, argument_limit
from sphinx_xpcaps.advise.rules import Rule
from sphinx_xpcaps.results import labels
from sphinx_xpcaps.results.history import histories
from sphinx_xpcaps.results.model import Cell, Outcome, Record, Status
from sphinx_xpcaps.results.view import TableCell, derive

DEFAULT_MODES = ("eager", "lazy")
"""The modes in which calls are made unless options name others: those that no code asks for."""

_DTYPE_NOTES = (Note.FLOATING_ONLY, Note.REAL_ONLY, Note.FLOAT64_ONLY, Note.FLOAT32)
_RESULT_RULES = {
    Outcome.FOREIGN_OUTPUT: rules.RETURNS_NUMPY,
    Outcome.WRONG_VALUES: rules.WRONG_VALUES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A way in which a function does not work with a library."""

    rule: Rule
    backend: str
    device: str
    mode: str = "eager"
    note: str = ""
    reason: str = ""
    measured: str = ""
    argument: ArgumentLimit | None = None
    """The argument with which calls fail; None if it does not depend on a known one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the code is used with."""

    backends: tuple[str, ...]
    device: str = "cpu"
    modes: tuple[str, ...] = ()
    """Default: those that no code asks for, `DEFAULT_MODES`."""


class Knowledge:
    """What records know of functions, for one question.

    Parameters
    ----------
    records : sequence of Record
        The records.
    question : Question
        Libraries, device and modes.
    """

    def __init__(self, records: Sequence[Record], question: Question) -> None:
        self._records = records
        self._question = question
        self._limits: dict[str, tuple[Limit, ...]] = {}

    @cached_property
    def _tables(self) -> dict[str, tuple[TableCell, ...]]:
        device = "gpu" if self._question.device == "gpu" else "cpu"
        tables = derive(
            self._records,
            backends=self._question.backends,
            devices=[device],
            is_current=lambda *_: True,
        )
        return {name: table.cells for name, table in tables.items()}

    @cached_property
    def _kinds(self) -> dict[str, str]:
        return {name: one.kind for record in self._records for name, one in record.targets.items()}

    @cached_property
    def _prefixes(self) -> frozenset[str]:
        found: set[str] = set()
        for name in self._kinds:
            while name not in found:
                found.add(name)
                name = name.rpartition(".")[0]  # noqa: PLW2901
        return frozenset(found - {""})

    @cached_property
    def packages(self) -> frozenset[str]:
        """The top-level packages of all targets."""
        return frozenset(name.partition(".")[0] for name in self._kinds)

    def is_class(self, name: str) -> bool:
        """Return whether a dotted name is that of a class."""
        return self._kinds.get(name) == "class"

    def covers(self, name: str) -> bool:
        """Return whether a record has a target with a dotted name or below it."""
        return name in self._prefixes

    def knows(self, name: str) -> bool:
        """Return whether a target was measured with one of the libraries."""
        return any(
            shown.cell.status.measured or shown.cell.expected is not None
            for shown in self._tables.get(name, ())
        )

    def limits(self, name: str) -> tuple[Limit, ...]:
        """Return the limits of a target; of each library, the most severe comes first."""
        if name not in self._limits:
            found = [
                limit for shown in self._tables.get(name, ()) for limit in self._of_cell(shown)
            ]
            self._limits[name] = tuple(found)
        return self._limits[name]

    def since(self, name: str, limit: Limit) -> str:
        """Return since which version a target has its result; empty if one was measured."""
        for history in histories(self._records, name):
            if (history.backend, history.device) == (limit.backend, limit.device):
                return str(history) if len(history.spans) > 1 else ""
        return ""

    def _of_cell(self, shown: TableCell) -> Iterator[Limit]:
        cell = shown.cell
        measured = _measured(shown)
        for rule, mode, note, reason, argument in _limits(cell, self._modes(cell.backend)):
            yield Limit(
                rule=rule,
                backend=cell.backend,
                device=cell.device,
                mode=mode,
                note=note,
                reason=reason,
                measured=measured,
                argument=argument,
            )

    def _modes(self, backend: str) -> tuple[str, ...]:
        chosen = self._question.modes or DEFAULT_MODES
        return tuple(mode for mode in chosen if mode != "eager")


_Found = tuple[Rule, str, str, str, ArgumentLimit | None]


def _limits(cell: Cell, modes: Sequence[str]) -> Iterator[_Found]:
    if cell.status is Status.CONFLICT:
        yield rules.CONFLICT, "eager", "; ".join(cell.notes), "", None
    elif cell.status is Status.NOT_MEASURED and cell.expected is not None:
        if cell.expected.status is Status.UNSUPPORTED:
            note = labels.cell_text(cell)
            yield rules.HOST_TRANSFER, "eager", note, "", None
    elif cell.status.measured:
        eager = cell.modes.get("eager", cell.status)
        if eager is Status.UNSUPPORTED:
            first = _first_outcome(cell, "eager")
            rule = _RESULT_RULES.get(first, rules.UNSUPPORTED) if first else rules.UNSUPPORTED
            yield rule, "eager", "; ".join(cell.notes), _reason(cell, "eager"), None
            return
        if eager is Status.PARTIAL:
            yield from _partial(cell, "eager")
        for mode in modes:
            status = cell.modes.get(mode)
            rule = rules.MODE_RULES.get(mode, rules.OTHER_MODE)
            if status is Status.UNSUPPORTED:
                yield rule, mode, "; ".join(cell.notes), _reason(cell, mode), None
            elif status is Status.PARTIAL:
                yield rules.SOME_CASES, mode, "; ".join(cell.notes), _reason(cell, mode), None


def _partial(cell: Cell, mode: str) -> Iterator[_Found]:
    """Yield the limits of a function that works in some cases."""
    notes = [(text, parse_note(text)) for text in cell.notes]
    reason = _reason(cell, mode)
    for text, note in notes:
        if isinstance(note, QualifiedNote) and note.note is Note.CASES:
            argument = argument_limit(note.detail)
            rule = rules.ARGUMENT if argument else rules.SOME_CASES
            yield rule, mode, text, reason, argument
        elif isinstance(note, DtypeChange) or _plain(note) in _DTYPE_NOTES:
            yield rules.DTYPES, mode, text, reason, None
        elif isinstance(note, MissingFunctions):
            yield rules.SOME_CASES, mode, text, reason, None


def _plain(note: object) -> object:
    return note.note if isinstance(note, QualifiedNote) else note


def _first_outcome(cell: Cell, mode: str) -> Outcome | None:
    return next((reason.outcome for reason in cell.reasons if reason.mode == mode), None)


def _reason(cell: Cell, mode: str) -> str:
    for reason in cell.reasons:
        if reason.mode == mode:
            call = f" ({labels.one_line(reason.call, 120)})" if reason.call else ""
            return labels.reason_text(reason) + call
    return ""


def _measured(shown: TableCell) -> str:
    """Return the versions with which a cell was measured, such as "JAX 0.10.2, scipy 1.17.1"."""
    if shown.environment is None:
        return ""
    version = labels.version(shown.cell.backend, shown.environment)
    parts = [f"{labels.title(shown.cell.backend)} {version}"] if version else []
    if shown.package is not None and shown.package.version:
        parts.append(f"{shown.package.name} {shown.package.version}")
    return ", ".join(parts)


def known_device(name: str, names: Sequence[str]) -> str:
    """Return the device of records for a device as users name it, such as ``"cuda"``.

    Parameters
    ----------
    name : str
        The name.
    names : sequence of str
        Backends; an adapter may know names of devices.

    Raises
    ------
    ValueError
        No record has such a device.
    """
    accelerators = {device for one in names for device in get_backend(one).accelerators}
    if name in ("cpu", "gpu"):
        return name
    if name.partition(":")[0] in accelerators:
        return "gpu"
    known = ", ".join(["cpu", "gpu", *sorted(accelerators)])
    raise ValueError(f"unknown device {name!r}; known are {known}")


def known_modes() -> list[str]:
    """Return all modes that some backend has."""
    return sorted({m for one in backends().values() for m in (*one.modes, *one.optional_modes)})
