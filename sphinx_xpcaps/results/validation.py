"""Find all errors of a record file, with the place of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sphinx_xpcaps.files import read_untrusted
from sphinx_xpcaps.results.labels import one_line
from sphinx_xpcaps.results.record import NewerRecordError, RecordError, read_records, schema
from sphinx_xpcaps.results.text import escape

MOST_ERRORS = 20
"""How many errors of one file are listed."""


def errors(path: Path) -> list[str]:
    """Return the errors of a file, each with its place such as ``$.targets['f'].kind``.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    list of str
        Empty if the file can be read. At most `MOST_ERRORS`, and a line if there are more.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    content = read_untrusted(path)
    try:
        read_records(path)
    except NewerRecordError as error:
        return [one_line(error.reason)]
    except RecordError as error:
        # Reading is fast but stops at the first error.
        try:
            # A file of the wrong type violates both definitions of the schema in the same way.
            found = list(dict.fromkeys(islice(_all_errors(content), 2 * MOST_ERRORS)))
        except RecursionError:
            found = []
        if len(found) > MOST_ERRORS:
            found[MOST_ERRORS:] = ["there are more errors"]
        return found or [one_line(error.reason)]
    return []


def _all_errors(content: bytes) -> Iterator[str]:
    import jsonschema  # late, as it is slow to import

    try:
        plain = json.loads(content.decode("utf-8"))
    except json.JSONDecodeError as error:
        yield f"line {error.lineno}, column {error.colno}: {error.msg}"
        return
    except UnicodeDecodeError as error:
        yield f"byte {error.start}: not UTF-8"
        return
    validator = jsonschema.Draft202012Validator(schema())
    for found in validator.iter_errors(plain):
        yield f"{one_line(escape(found.json_path), 200)}: {_message(found)}"


def _message(error: Any) -> str:
    """Return what is wrong; the value comes last, as it may be long."""
    value = one_line(escape(repr(error.instance)), 60)
    if error.validator == "enum":
        return f"expected one of {', '.join(map(str, error.validator_value))}; got {value}"
    if error.validator == "type":
        return f"expected {_types(error.validator_value)}, got {value}"
    if error.validator == "anyOf":
        types = [str(option["type"]) for option in error.validator_value if "type" in option]
        return f"expected {' or '.join(types)}, got {value}" if types else f"invalid: {value}"
    if error.validator == "maxLength":
        return f"longer than {error.validator_value} characters"
    return one_line(escape(error.message), 200)


def _types(kinds: Any) -> str:
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
