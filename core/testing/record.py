"""What was measured, read from a record as if the functions had declared it."""

from __future__ import annotations

import glob
import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from core.testing.declared import Capabilities
from core.testing.limit import Limit

_SCHEMA = 1

_DTYPES = {"floating only": ("bool", "integral"), "float64 only": ("float32",)}
"""Notes in a record that name the dtypes which work, and the dtypes which then do not."""

_TOLD_OTHERWISE = {"no JIT", "computes graph", *_DTYPES}


def measured(*files: str | Path) -> Measured:
    """Read what was measured, for `make_marks`, `make_test_case` and `make_param`.

    Parameters
    ----------
    *files : str or path
        Records, as ``sphinx-xpcaps measure --output`` writes them, or patterns such as
        ``"xpcaps/*.json"``. Of cells that several records measured, that of the newest counts.

    Returns
    -------
    Measured
        From functions to their `Capabilities`.

    Raises
    ------
    ValueError
        A file is no record, or one of another schema; a pattern matches no file.

    Notes
    -----
    Backends that do not work are skipped, since a test may still pass with them, such as one of a
    function's errors. A device that was not measured, and is not expected to fail, is tried.

    Examples
    --------
    A library without declarations has its skips from facts::

        from core.testing import make_test_case, measured

        MEASURED = measured("xpcaps/laptop.json")

        @make_test_case(median, capabilities_table=MEASURED)
        def test_median(xp):
            ...
    """
    records = sorted((_read(path) for path in _paths(files)), key=_date)
    cells: dict[str, dict[tuple[str, str], Mapping[str, Any]]] = {}
    for record in records:
        for name, target in record["targets"].items():
            known = cells.setdefault(name, {})
            for cell in target["cells"]:
                place = (cell["backend"], cell["device"])
                if cell["status"] != "not_measured" or place not in known:
                    known[place] = cell
    return Measured({name: _capabilities(known.values()) for name, known in cells.items()})


class Measured(Mapping[Any, Capabilities]):
    """Capabilities by function, or by ``(class, "method")``, of those with a public name.

    Parameters
    ----------
    targets : mapping of str to Capabilities
        From dotted names of functions.
    """

    def __init__(self, targets: Mapping[str, Capabilities]) -> None:
        self._targets = targets

    def __getitem__(self, function: Any) -> Capabilities:
        """Return what was measured for `function`; imports the modules of its namesakes."""
        if isinstance(function, tuple):
            function = getattr(*function)
        last = getattr(function, "__name__", None)
        for name, found in self._targets.items():
            if name.rpartition(".")[2] == last and _named(name) is function:
                return found
        raise KeyError(function)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the functions that can be imported."""
        return (function for name in self._targets if (function := _named(name)) is not None)

    def __len__(self) -> int:
        """Return how many targets the records have."""
        return len(self._targets)

    def __repr__(self) -> str:
        """Say how large it is: entries are long and many."""
        return f"<Measured: {len(self)} targets>"


def _capabilities(cells: Iterable[Mapping[str, Any]]) -> Capabilities:
    """Return what the cells of one target amount to, in SciPy's words."""
    by_backend: dict[str, dict[bool, Mapping[str, Any]]] = {}
    for cell in cells:
        by_backend.setdefault(cell["backend"], {})[cell["device"] == "cpu"] = cell
    skips, warnings = list[Limit](), list[Limit]()
    no_gpu, keywords = set[str](), dict[str, Any]()
    for backend, places in by_backend.items():
        gpu_fails = False in places and _fails(places[False])
        on_host = places.get(True)
        if on_host is None or on_host["status"] == "not_applicable":
            if gpu_fails:
                skips.append(Limit(backend, _reason(places[False])))
        elif _fails(on_host):
            skips.append(Limit(backend, _reason(on_host)))
        elif gpu_fails:
            no_gpu.add(backend)
        for cell in places.values():
            for note in cell.get("notes", ()) if cell["status"] == "partial" else ():
                if note in _DTYPES:
                    skips.append(Limit(backend, note, dtypes=_DTYPES[note]))
                elif note not in _TOLD_OTHERWISE:
                    warnings.append(Limit(backend, note))
            modes = cell.get("modes", {})
            if backend == "jax" and modes.get("jit") == "unsupported":
                keywords["jax_jit"] = False
            if backend == "dask" and cell.get("computes", 0):
                keywords["allow_dask_compute"] = True
    if no_gpu:
        keywords |= {"cpu_only": True, "exceptions": tuple(sorted(set(by_backend) - no_gpu))}
    return Capabilities(
        skip_backends=tuple(dict.fromkeys(skips)),
        warnings=tuple(dict.fromkeys(warnings)),
        **keywords,
    )


def _fails(cell: Mapping[str, Any]) -> bool:
    status = (cell.get("expected") or cell)["status"]
    return bool(status == "unsupported")


def _reason(cell: Mapping[str, Any]) -> str:
    for reason in cell.get("reasons", ()):
        words = (reason.get("exception"), reason.get("message"))
        return "measured: " + (": ".join(word for word in words if word) or reason["outcome"])
    return f"measured: {', '.join(cell.get('notes', ())) or 'unsupported'}"


def _paths(files: Iterable[str | Path]) -> Iterator[str]:
    for file in files:
        found = sorted(glob.glob(str(file)))
        if not found:
            raise ValueError(f"there is no record {file}")
        yield from found


def _read(path: str) -> dict[str, Any]:
    try:
        record = json.loads(Path(path).read_text("utf-8"))
        schema = record["schema"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        raise ValueError(f"{path} is not a record of measured capabilities") from None
    if schema != _SCHEMA:
        raise ValueError(f"{path} has schema {schema}; this version reads schema {_SCHEMA}")
    return dict(record)


def _date(record: Mapping[str, Any]) -> str:
    return str(record["environment"].get("date", ""))


def _named(name: str) -> Any:
    """Return the object with a dotted name, or None."""
    parts = name.split(".")
    for i in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:i]))
        except ImportError:
            continue
        for part in parts[i:]:
            found = getattr(found, part, None)
        return found
    return None
