"""Read and write record files: sorted, without timings, atomically."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from sphinx_xpcaps.results.model import SCHEMA, Record, Target


class RecordError(Exception):
    """A file is not a valid record; the message names it and gives the reason."""


def read(path: Path) -> Record:
    """Return the record in `path`.

    Raises
    ------
    RecordError
        The file cannot be read, or is not a record of a supported version.
    """
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Record)
    except OSError as error:
        raise RecordError(f"{path}: {error.strerror or error}") from error
    except msgspec.MsgspecError as error:
        raise RecordError(f"{path}: not a record: {error}") from error
    if record.schema != SCHEMA:
        raise RecordError(
            f"{path}: unsupported format version {record.schema}; the supported version is {SCHEMA}"
        )
    return record


def write(record: Record, path: Path) -> None:
    """Write `record` to `path` atomically; the output is reproducible."""
    content = encode(record)
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def encode(record: Record) -> bytes:
    """Return the bytes of `record`."""
    ordered = replace(
        record,
        unavailable=tuple(sorted(record.unavailable, key=lambda u: (u.backend, u.device))),
        targets={name: _ordered(record.targets[name]) for name in sorted(record.targets)},
    )
    plain: Any = msgspec.to_builtins(ordered)
    for target in plain["targets"].values():
        for cell in target["cells"]:
            for name in ("expected", "graph"):
                if cell[name] is None:
                    del cell[name]
    return msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a record."""
    return msgspec.json.schema(Record)


def _ordered(target: Target) -> Target:
    cells = sorted(target.cells, key=lambda cell: (cell.backend, cell.device))
    return replace(target, cells=tuple(_sorted_maps(cell) for cell in cells))


def _sorted_maps(cell: Any) -> Any:
    return replace(cell, modes=dict(sorted(cell.modes.items())))
