"""A program that repeats a case on one library and device, for readers to copy."""

from __future__ import annotations

from core.backends import Backend, backends
from sphinx_xpcaps.results.model import Cell, Environment, RecordedCase


def program(
    case: RecordedCase, cell: Cell, environment: Environment, *, mode: str, variant: str | None
) -> str | None:
    """Return a complete program; None if the case or the library cannot be written as code.

    Parameters
    ----------
    case : RecordedCase
        The case.
    cell : Cell
        The library and the device.
    environment : Environment
        Where it was measured: its environment variables are set first.
    mode : str
        The mode.
    variant : str or None
        The dtype of the arrays, if it is not that of the case.
    """
    backend = backends().get(cell.backend)
    if backend is None or case.expression is None:
        return None
    casts = [f"{name} = {_cast(name, variant)}" for name in case.floats if variant]
    parts = [
        _variables(environment),
        f"import numpy as np\n{backend.setup_code(cell.device)}",
        case.setup,
        "\n".join(casts),
        f"{_call(case, case.expression, backend, mode)}\nprint(result)",
    ]
    return "\n\n".join(part for part in parts if part)


def _variables(environment: Environment) -> str:
    found = sorted(environment.variables.items())
    settings = [f"os.environ[{name!r}] = {value!r}" for name, value in found]
    return "\n".join(["import os", "", *settings]) if settings else ""


def _cast(name: str, variant: str) -> str:
    return f"xp.real({name})" if variant == "real" else f"xp.asarray({name}, dtype=xp.{variant})"


def _call(case: RecordedCase, expression: str, backend: Backend, mode: str) -> str:
    """Return the call, in a function of the arrays if the mode applies to functions."""
    applied = backend.mode_code.get(mode)
    if applied is None or not case.arrays:
        return f"result = {expression}"
    names = ", ".join(case.arrays)
    return f"result = {applied.format(function=f'lambda {names}: {expression}')}({names})"
