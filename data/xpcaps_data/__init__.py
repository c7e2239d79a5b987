"""Which array libraries functions work with, as measured by sphinx-xpcaps."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

__all__ = ["cell", "environment", "libraries", "record", "schema", "targets"]

_HERE = files(__name__)


def libraries() -> list[str]:
    """Return the names of the measured libraries."""
    records = (_HERE / "records").iterdir()
    return sorted(x.name.removesuffix(".json") for x in records if x.name.endswith(".json"))


@lru_cache
def record(library: str) -> dict[str, Any]:
    """Return the record of a library: what was measured, and where.

    Parameters
    ----------
    library : str
        The name of the import, such as ``"scipy"``.

    Returns
    -------
    dict
        An item of ``records`` in the file. Do not change it: it is shared between calls.

    Raises
    ------
    LookupError
        The library was not measured.
    """
    if library not in libraries():
        raise LookupError(f"{library} was not measured; known are {', '.join(libraries())}")
    content = json.loads((_HERE / "records" / f"{library}.json").read_text("utf-8"))
    (found,) = content["records"]
    return dict(found)


def environment(library: str) -> dict[str, Any]:
    """Return where a library was measured: versions, platform and date."""
    return dict(record(library)["environment"])


def targets(library: str) -> list[str]:
    """Return the dotted names of the functions, methods and classes of a library."""
    return list(record(library)["targets"])


def cell(target: str, backend: str, device: str = "cpu") -> dict[str, Any] | None:
    """Return what was measured for a function on an array library.

    Parameters
    ----------
    target : str
        Dotted name, such as ``"scipy.fft.idct"``.
    backend : str
        The array library: ``"numpy"``, ``"torch"``, ``"jax"``, ``"dask"`` or
        ``"array-api-strict"``.
    device : str
        ``"cpu"``, ``"gpu"``, or ``"other"`` for the second device of array-api-strict.

    Returns
    -------
    dict or None
        A cell, with at least ``status``; None if nothing is known.
    """
    library = target.partition(".")[0]
    if library not in libraries():
        return None
    found = record(library)["targets"].get(target, {"cells": []})
    cells = (x for x in found["cells"] if (x["backend"], x["device"]) == (backend, device))
    return next(cells, None)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the files."""
    return dict(json.loads((_HERE / "record.schema.json").read_text("utf-8")))
