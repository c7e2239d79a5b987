"""The words and symbols that readers see, for statuses, devices, modes, origins and reasons."""

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

WORDS = {
    Status.SUPPORTED: "supported",
    Status.PARTIAL: "partial",
    Status.UNSUPPORTED: "unsupported",
    Status.CONFLICT: "conflict",
    Status.NOT_APPLICABLE: "n/a",
    Status.NOT_MEASURED: "not measured",
}

DEVICES = {"cpu": "CPU", "gpu": "GPU", "other": "second device"}

MODES = {
    "eager": "eager",
    "jit": "JIT",
    "lazy": "lazy",
    "trace": "traced",
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
    Outcome.WRONG_VALUES: "gave other values than NumPy",
    Outcome.FOREIGN_OUTPUT: "returned another library's arrays",
    Outcome.RAISED: "raised",
    Outcome.TIMEOUT: "took too long and was stopped",
    Outcome.CRASH: "ended the interpreter",
    Outcome.FLAKY: "gave something else each time",
    Outcome.NO_CASE: "no case",
    Outcome.NOT_RUN: "not run",
}


def title(backend: str) -> str:
    """Return the name of a backend that readers know."""
    known = backends().get(backend)
    return known.title if known else backend


def version(backend: str, environment: Environment) -> str | None:
    """Return the version of a backend's library in an environment."""
    known = backends().get(backend)
    names = (backend, known.module, *known.distributions) if known else (backend,)
    found = (environment.packages.get(name) for name in names)
    return next((text for text in found if text), None)


def short_reason(cell: Cell) -> str:
    """Return in a few words why a cell was not measured."""
    if not cell.reasons:
        return "; ".join(cell.notes)
    reason = cell.reasons[0]
    if reason.outcome == Outcome.NO_CASE:
        return "no case"
    text = re.sub(r"^\S+ \S+ is installed, but ", "", one_line(reason.message))
    text = text.removeprefix("there is ").removeprefix("it has ")
    return "not installed" if text == f"{cell.backend} is not installed" else text


def what_happened(reason: Reason) -> str:
    """Return a reason as a sentence without its end."""
    message = one_line(reason.message)
    if reason.outcome == Outcome.RAISED:
        return f"raised {reason.exception or 'an exception'}" + (f": {message}" if message else "")
    said = OUTCOMES.get(reason.outcome, str(reason.outcome))
    return f"{said}: {message}" if message else said


def one_line(text: str, limit: int = 240) -> str:
    """Return `text` without line breaks, cut where it gets too long."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
