"""The texts and symbols that readers see for statuses, devices, modes, origins and reasons."""

from __future__ import annotations

import re

from core.backends import backends
from sphinx_xpcaps.results.model import Cell, Environment, Outcome, Reason, Status

SYMBOLS = {
    Status.SUPPORTED: "✅",
    Status.PARTIAL: "⚠️",
    Status.UNSUPPORTED: "⛔",
    Status.CONFLICT: "⚡",
    Status.NOT_APPLICABLE: "n/a",
    Status.NOT_MEASURED: "—",
}

STATUSES = {
    Status.SUPPORTED: "supported",
    Status.PARTIAL: "partial",
    Status.UNSUPPORTED: "unsupported",
    Status.CONFLICT: "conflict",
    Status.NOT_APPLICABLE: "n/a",
    Status.NOT_MEASURED: "not measured",
}

DEVICES = {"cpu": "CPU", "gpu": "GPU", "other": "second device"}

TRACE = "trace"
"""The mode in which a call is traced and its graph is run."""

MODES = {
    "eager": "eager",
    "jit": "JIT",
    "lazy": "lazy",
    TRACE: "traced",
    "grad": "gradient",
    "vmap": "vmap",
}

ORIGINS = {
    "directive": "the code on this page",
    "cases": "a cases module",
    "tests": "the library's tests",
    "docstring": "the docstring's examples",
    "signature": "the signature",
}

OUTCOMES = {
    Outcome.WRONG_VALUES: "returned other values than NumPy",
    Outcome.FOREIGN_OUTPUT: "returned another library's arrays",
    Outcome.RAISED: "raised",
    Outcome.TIMEOUT: "timed out",
    Outcome.CRASH: "crashed the interpreter",
    Outcome.FLAKY: "returned different results when repeated",
    Outcome.NO_CASE: "no case",
    Outcome.NOT_RUN: "not run",
}

_REDUNDANT = re.compile(
    r"^\S+ is (?=not installed$)|^(\S+ \S+ is installed, but )?(there is |it has )?"
)
"""The parts of a message that the row and column of a cell already contain, as in "cupy 14.2.0 is
installed, but there is no CUDA device". They are found in the text because a record, which another
version may have written, stores only the text. Removing them changes the wording and nothing else.
"""


def title(backend: str) -> str:
    """Return the title of a backend, or its name if it is unknown."""
    known = backends().get(backend)
    return known.title if known else backend


def version(backend: str, environment: Environment) -> str | None:
    """Return the version of a backend's library in an environment."""
    known = backends().get(backend)
    names = (backend, known.module, *known.distributions) if known else (backend,)
    found = (environment.packages.get(name) for name in names)
    return next((text for text in found if text), None)


def short_reason(cell: Cell) -> str:
    """Return briefly why a cell was not measured, for the cell itself."""
    if not cell.reasons:
        return "; ".join(cell.notes)
    reason = cell.reasons[0]
    if reason.outcome == Outcome.NO_CASE:
        return "no case"
    return _REDUNDANT.sub("", one_line(reason.message))


def cell_text(cell: Cell | None) -> str:
    """Return status and notes of a cell, such as "partial (no JIT)"."""
    if cell is None:
        return ""
    if not cell.status.measured and cell.expected is not None:
        reason = f" ({one_line(cell.expected.reason)})" if cell.expected.reason else ""
        return f"expected {STATUSES[cell.expected.status]}{reason}"
    notes = f" ({'; '.join(cell.notes)})" if cell.notes and cell.status.measured else ""
    return one_line(f"{STATUSES[cell.status]}{notes}")


def reason_text(reason: Reason) -> str:
    """Return a reason as part of a sentence."""
    message = one_line(reason.message)
    if reason.outcome == Outcome.RAISED and not reason.exception and message:
        return message  # the function returned, but not as the mode requires
    if reason.outcome == Outcome.RAISED:
        return f"raised {reason.exception or 'an exception'}" + (f": {message}" if message else "")
    outcome = OUTCOMES.get(reason.outcome, str(reason.outcome))
    return f"{outcome}: {message}" if message else outcome


def one_line(text: str, limit: int = 240) -> str:
    """Return `text` without line breaks, cut where it gets too long."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
