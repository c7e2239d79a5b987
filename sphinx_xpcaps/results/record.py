"""Read and write record files: sorted, without timings, atomically."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from sphinx_xpcaps.files import read_untrusted, write_atomically
from sphinx_xpcaps.results import bundle
from sphinx_xpcaps.results.garbage import garbage_collection_paused
from sphinx_xpcaps.results.model import BUNDLE_SCHEMA, SCHEMA, Cell, Record, RecordedCase
from sphinx_xpcaps.results.sharing import SharedParts
from sphinx_xpcaps.results.text import clean, escape, may_be_unsafe

_DECODE_ERRORS = (msgspec.MsgspecError, UnicodeError, RecursionError)


class RecordError(Exception):
    """A file is not a valid record; the message names it and gives the reason.

    Parameters
    ----------
    path : Path
        The file.
    reason : str
        The rest of the message.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class NewerRecordError(RecordError):
    """A record has a format that a later version of this program writes."""


class _Header(msgspec.Struct):
    schema: int


class _Records(msgspec.Struct):
    records: list[msgspec.Raw]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecords:
    """What several files contain."""

    records: tuple[Record, ...] = ()
    errors: tuple[RecordError, ...] = ()
    """One for each file that could not be read."""


def read(path: Path) -> Record:
    """Return the only record in `path`.

    Records are untrusted input: all fields are validated and bounded, and control characters in
    texts are replaced by escapes.

    Raises
    ------
    RecordError
        The file cannot be read, is not a record of a supported version, or has several records.
    """
    records = read_records(path)
    if len(records) != 1:
        raise RecordError(path, f"expected one record, found {len(records)}")
    return records[0]


def read_records(path: Path) -> tuple[Record, ...]:
    """Return all records in `path`: one, or those of a bundle.

    Raises
    ------
    RecordError
        The file cannot be read, or is not a record of a supported version.

    See Also
    --------
    read : Read a file that has one record.
    read_files : Read several files.
    """
    return _read(path, SharedParts())


def read_files(paths: Iterable[Path]) -> ReadRecords:
    """Return the records of all files that can be read, and an error for each other file."""
    records: list[Record] = []
    errors: list[RecordError] = []
    shared = SharedParts()
    with garbage_collection_paused():
        for path in paths:
            try:
                records += _read(path, shared)
            except RecordError as error:
                errors.append(error)
    return ReadRecords(records=tuple(records), errors=tuple(errors))


def limited_to(record: Record, targets: Container[str]) -> Record:
    """Return a record without the targets that are not in `targets`."""
    found = {name: target for name, target in record.targets.items() if name in targets}
    return replace(record, targets=found)


def write_bundle(records: Iterable[Record], path: Path) -> None:
    """Write records to `path` atomically; the output is reproducible.

    Parameters
    ----------
    records : iterable of Record
        Records of different environments; see `sphinx_xpcaps.results.merge_records.merge_records`.
    path : Path
        The file.
    """
    content = bundle.encode(records)
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a file with records.

    The value of the field ``schema`` determines which of its two definitions applies.
    """
    one, several = msgspec.json.schema(Record), bundle.schema()
    definitions = {**several.pop("$defs"), **one.pop("$defs")}
    has_several = {"properties": {"schema": {"const": BUNDLE_SCHEMA}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Record of sphinx-xpcaps",
        "type": "object",
        "required": ["schema"],
        "properties": {"schema": {"enum": [SCHEMA, BUNDLE_SCHEMA]}},
        "if": has_several,
        "then": several,
        "else": one,
        "$defs": definitions,
    }


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
                cause=None if reason.cause is None else clean(reason.cause),
            )
            for reason in cell.reasons
        ),
        cases=tuple(map(_clean_case, cell.cases)),
    )


def _clean_case(case: RecordedCase) -> RecordedCase:
    """Return a case with safe texts, without its code if that would be cut."""
    call, setup, expression = clean(case.call), clean(case.setup), clean(case.expression or "")
    if not expression or (setup, expression) != (escape(case.setup), escape(case.expression or "")):
        return RecordedCase(call=call)
    return replace(case, call=call, setup=setup, expression=expression)


def _read(path: Path, shared: SharedParts) -> tuple[Record, ...]:
    try:
        content = read_untrusted(path)
    except OSError as error:
        raise RecordError(path, f"{error.strerror or error}") from error
    try:
        schema = msgspec.json.decode(content, type=_Header).schema
        if schema > BUNDLE_SCHEMA:
            raise NewerRecordError(path, _unsupported(schema))
        if schema not in (SCHEMA, BUNDLE_SCHEMA):
            raise RecordError(path, _unsupported(schema))
        with garbage_collection_paused():
            return tuple(_decode(content, schema, shared))
    except _DECODE_ERRORS as error:
        raise RecordError(path, f"not a record: {clean(str(error))}") from error


def _decode(content: bytes, schema: int, shared: SharedParts) -> Iterator[Record]:
    """Yield the records of a file; of a large bundle, only one is decoded at a time."""
    unsafe = may_be_unsafe(content)
    if schema == SCHEMA:
        yield _shared(_converted(content, Record, unsafe=unsafe), shared)
        return
    for index, part in enumerate(msgspec.json.decode(content, type=_Records).records):
        try:
            entry = _converted(bytes(part), bundle.Entry, unsafe=unsafe)
            yield _shared(bundle.to_record(entry), shared)
        except msgspec.ValidationError as error:
            message = str(error).replace("`$", f"`$.records[{index}]")
            raise msgspec.ValidationError(message) from None


def _converted(content: bytes, kind: type[Any], *, unsafe: bool) -> Any:
    if unsafe:
        return msgspec.convert(_cleaned(msgspec.json.decode(content)), kind)
    return msgspec.json.decode(content, type=kind)


def _shared(record: Record, shared: SharedParts) -> Record:
    _check_graphs(record)
    return replace(record, targets=shared.share(record.targets))


def _unsupported(schema: int) -> str:
    versions = f"the supported versions are {SCHEMA} and {BUNDLE_SCHEMA}"
    return f"unsupported format version {schema}; {versions}"


def _cleaned(plain: Any) -> Any:
    """Return JSON with all texts cleaned, keys included; limits are checked afterwards."""
    if isinstance(plain, str):
        return escape(plain)
    if isinstance(plain, list):
        return [_cleaned(item) for item in plain]
    if isinstance(plain, dict):
        return {_cleaned(key): _cleaned(value) for key, value in plain.items()}
    return plain


def _check_graphs(record: Record) -> None:
    """Raise if the nodes of a graph do not refer to earlier nodes only."""
    for name, target in record.targets.items():
        for cell in target.cells:
            if cell.graph is None:
                continue
            for index, node in enumerate(cell.graph.nodes):
                if any(operand >= index for operand in node.operands):
                    message = "operands of a graph node must precede it"
                    raise msgspec.ValidationError(f"{message} - at `$.targets[{name}]`")
