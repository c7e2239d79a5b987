"""Read and write record files: sorted, without timings, atomically."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from sphinx_xpcaps.files import write_atomically
from sphinx_xpcaps.results.model import SCHEMA, Cell, Record, Target
from sphinx_xpcaps.results.text import clean, escape, may_be_unsafe

_LARGEST = 2**30
"""Number of bytes of a record file."""
_DECODE_ERRORS = (msgspec.MsgspecError, UnicodeError, RecursionError)


class RecordError(Exception):
    """A file is not a valid record; the message names it and gives the reason."""


class NewerRecordError(RecordError):
    """A record has a format that a later version of this program writes."""


class _Header(msgspec.Struct):
    schema: int


def read(path: Path) -> Record:
    """Return the record in `path`.

    Records are untrusted input: all fields are validated and bounded, and control characters in
    texts are replaced by escapes.

    Raises
    ------
    RecordError
        The file cannot be read, or is not a record of a supported version.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise RecordError(f"{path}: not a record: larger than 1 GiB")
        content = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: {error.strerror or error}") from error
    try:
        schema = msgspec.json.decode(content, type=_Header).schema
        if schema > SCHEMA:
            raise NewerRecordError(f"{path}: {_unsupported(schema)}")
        if schema != SCHEMA:
            raise RecordError(f"{path}: {_unsupported(schema)}")
        if may_be_unsafe(content):
            plain = _cleaned(msgspec.json.decode(content))
            record = msgspec.convert(plain, Record)
        else:
            record = msgspec.json.decode(content, type=Record)
    except _DECODE_ERRORS as error:
        raise RecordError(f"{path}: not a record: {clean(str(error))}") from error
    if problem := _graph_problem(record):
        raise RecordError(f"{path}: not a record: {problem}")
    return record


def write(record: Record, path: Path) -> None:
    """Write `record` to `path` atomically; the output is reproducible."""
    content = encode(record)
    if path.exists() and path.read_bytes() == content:
        return
    write_atomically(path, content)


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
            for reason in cell["reasons"]:
                if reason["line"] is None:
                    del reason["line"]
    return msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a record."""
    return msgspec.json.schema(Record)


def clean_cell(cell: Cell) -> Cell:
    """Return `cell` with texts that are safe to store and within their limits."""
    return replace(
        cell,
        notes=tuple(map(clean, cell.notes)),
        reasons=tuple(
            replace(
                reason,
                exception=None if reason.exception is None else clean(reason.exception, 500),
                message=clean(reason.message),
                call=None if reason.call is None else clean(reason.call),
            )
            for reason in cell.reasons
        ),
    )


def _unsupported(schema: int) -> str:
    return f"unsupported format version {schema}; the supported version is {SCHEMA}"


def _cleaned(plain: Any) -> Any:
    """Return JSON with all texts cleaned, keys included; limits are checked afterwards."""
    if isinstance(plain, str):
        return escape(plain)
    if isinstance(plain, list):
        return [_cleaned(item) for item in plain]
    if isinstance(plain, dict):
        return {_cleaned(key): _cleaned(value) for key, value in plain.items()}
    return plain


def _graph_problem(record: Record) -> str:
    """Return what is wrong with the first invalid graph, or "" if all are valid."""
    for name, target in record.targets.items():
        for cell in target.cells:
            for index, node in enumerate(cell.graph.nodes if cell.graph else ()):
                if any(operand >= index for operand in node.operands):
                    return f"operands of a graph node must precede it - at `$.targets[{name}]`"
    return ""


def _ordered(target: Target) -> Target:
    cells = sorted(target.cells, key=lambda cell: (cell.backend, cell.device))
    return replace(target, cells=tuple(_with_sorted_modes(cell) for cell in cells))


def _with_sorted_modes(cell: Cell) -> Cell:
    return replace(cell, modes=dict(sorted(cell.modes.items())))
