"""Measured capabilities: read from records and used like declared ones."""

from __future__ import annotations

import glob
import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from core.backends import ModeKeyword, backends
from core.notes import Note, parse_note
from core.testing.declarations import Capabilities
from core.testing.limit import Limit

_SCHEMA = 1
_BUNDLE_SCHEMA = 2
"""Version of the format of a file with records of several environments."""

_FAILING_DTYPES = {Note.FLOATING_ONLY: ("bool", "integral"), Note.FLOAT64_ONLY: ("float32",)}
"""The dtypes that do not work, by the note on those that do."""

_KEYWORD_NOTES = (Note.NO_JIT, Note.COMPUTES_GRAPH)
"""Notes that keywords of `Capabilities` declare."""


def measured(*files: str | Path) -> Measured:
    """Return measured capabilities for `make_marks`, `make_test_case` and `make_param`.

    Parameters
    ----------
    *files : str or path
        Records, as ``sphinx-xpcaps measure --output`` and ``sphinx-xpcaps merge`` write them, or
        patterns such as ``"xpcaps/*.json"``. If several records measured the same, the newest is
        used.

    Returns
    -------
    Measured
        A mapping from functions to their `Capabilities`.

    Raises
    ------
    ValueError
        If a file is not a record or has another schema, or a pattern matches no file.

    Notes
    -----
    Tests skip backends that do not work. They are not expected to fail there, since some tests,
    such as those of errors, may pass. Tests run on a device that was not measured, unless the
    record expects a failure there.

    Examples
    --------
    Skip tests of a library without declarations where its functions do not work::

        from core.testing import make_test_case, measured

        MEASURED = measured("xpcaps/laptop.json")

        @make_test_case(median, capabilities_table=MEASURED)
        def test_median(xp):
            ...
    """
    records = [record for path in _paths(files) for record in _read(path)]
    cells: dict[str, dict[tuple[str, str], Mapping[str, Any]]] = {}
    for name, cell in _oldest_first(records):
        known = cells.setdefault(name, {})
        key = (cell["backend"], cell["device"])
        if cell["status"] != "not_measured" or key not in known:
            known[key] = cell
    return Measured({name: _capabilities(known.values()) for name, known in cells.items()})


class Measured(Mapping[Any, Capabilities]):
    """Measured capabilities by function, or by ``(class, "method")``.

    Parameters
    ----------
    targets : mapping of str to Capabilities
        Capabilities by the dotted names of functions.
    """

    def __init__(self, targets: Mapping[str, Capabilities]) -> None:
        self._targets = targets

    def __getitem__(self, function: Any) -> Capabilities:
        """Return the capabilities of `function`; imports modules with functions of its name."""
        if isinstance(function, tuple):
            function = getattr(*function)
        short_name = getattr(function, "__name__", None)
        for name, capabilities in self._targets.items():
            if name.rpartition(".")[2] == short_name and _import_object(name) is function:
                return capabilities
        raise KeyError(function)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the functions that can be imported."""
        functions = (_import_object(name) for name in self._targets)
        return (function for function in functions if function is not None)

    def __len__(self) -> int:
        """Return the number of targets in the records."""
        return len(self._targets)

    def __repr__(self) -> str:
        """Return a short representation, without the entries."""
        return f"<Measured: {len(self)} targets>"


def _capabilities(cells: Iterable[Mapping[str, Any]]) -> Capabilities:
    """Return the capabilities that the cells of one target show."""
    by_backend: dict[str, dict[bool, Mapping[str, Any]]] = {}
    for cell in cells:
        by_backend.setdefault(cell["backend"], {})[cell["device"] == "cpu"] = cell
    skips, warnings = list[Limit](), list[Limit]()
    without_gpu, keywords = set[str](), dict[str, Any]()
    for backend, devices in by_backend.items():
        gpu_fails = False in devices and _fails(devices[False])
        cpu = devices.get(True)
        if cpu is None or cpu["status"] == "not_applicable":
            if gpu_fails:
                skips.append(Limit(backend, _reason(devices[False])))
        elif _fails(cpu):
            skips.append(Limit(backend, _reason(cpu)))
        elif gpu_fails:
            without_gpu.add(backend)
        for cell in devices.values():
            for text in cell.get("notes", ()) if cell["status"] == "partial" else ():
                note = parse_note(text)
                if isinstance(note, Note) and note in _FAILING_DTYPES:
                    skips.append(Limit(backend, text, dtypes=_FAILING_DTYPES[note]))
                elif note not in _KEYWORD_NOTES:
                    warnings.append(Limit(backend, text))
            keywords |= _mode_keywords(backend, cell)
    if without_gpu:
        exceptions = tuple(sorted(set(by_backend) - without_gpu))
        keywords |= {"cpu_only": True, "exceptions": exceptions}
    return Capabilities(
        skip_backends=tuple(dict.fromkeys(skips)),
        warnings=tuple(dict.fromkeys(warnings)),
        **keywords,
    )


def _mode_keywords(backend: str, cell: Mapping[str, Any]) -> dict[str, bool]:
    """Return the keywords that declare in which modes of a backend the target fails."""
    known = backends().get(backend)
    keywords: Mapping[str, ModeKeyword] = known.mode_keywords if known is not None else {}
    return {
        keyword.name: not keyword.works
        for mode, keyword in keywords.items()
        if keyword.name in Capabilities.__dataclass_fields__ and _fails_in(mode, cell)
    }


def _fails_in(mode: str, cell: Mapping[str, Any]) -> bool:
    if mode == "lazy":
        return bool(cell.get("computes", 0))  # in any case: then the keyword must allow it
    return bool(cell.get("modes", {}).get(mode) == "unsupported")


def _fails(cell: Mapping[str, Any]) -> bool:
    status = (cell.get("expected") or cell)["status"]
    return bool(status == "unsupported")


def _reason(cell: Mapping[str, Any]) -> str:
    for reason in cell.get("reasons", ()):
        parts = (reason.get("exception"), reason.get("message"))
        return "measured: " + (": ".join(part for part in parts if part) or reason["outcome"])
    return f"measured: {', '.join(cell.get('notes', ())) or 'unsupported'}"


def _paths(files: Iterable[str | Path]) -> Iterator[str]:
    for file in files:
        found = sorted(glob.glob(str(file)))
        if not found:
            raise ValueError(f"no record {file} found")
        yield from found


def _read(path: str) -> list[dict[str, Any]]:
    """Return the records in a file: one, or those of a bundle."""
    try:
        content = json.loads(Path(path).read_text("utf-8"))
        schema = content["schema"]
        if schema not in (_SCHEMA, _BUNDLE_SCHEMA):
            versions = f"schemas {_SCHEMA} and {_BUNDLE_SCHEMA}"
            raise ValueError(f"{path} has schema {schema}; this version reads {versions}")
        return [content] if schema == _SCHEMA else list(content["records"])
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        raise ValueError(f"{path} is not a record of measured capabilities") from None


def _oldest_first(
    records: Iterable[Mapping[str, Any]],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name of the target and each cell, by the date of the measurement."""
    dated = [
        (str(cell.get("date") or record["environment"].get("date", "")), name, cell)
        for record in records
        for name, target in record["targets"].items()
        for cell in target["cells"]
    ]
    for _, name, cell in sorted(dated, key=lambda item: item[0]):
        yield name, cell


def _import_object(name: str) -> Any:
    """Return the object with a dotted name, or None if there is none."""
    parts = name.split(".")
    for i in range(len(parts) - 1, 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:i]))
        except ImportError:
            continue
        for part in parts[i:]:
            value = getattr(value, part, None)
        return value
    return None
