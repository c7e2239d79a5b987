"""Create records for tests."""

from __future__ import annotations

from typing import Any

import msgspec

from sphinx_xpcaps.results.model import (
    Cell,
    Environment,
    Outcome,
    Package,
    Reason,
    Record,
    Status,
    Target,
    Tool,
)
from sphinx_xpcaps.results.order import in_order

TARGET = "pkg.func"


def environment(date: str = "2026-01-01", **changes: Any) -> Environment:
    facts = {
        "python": "3.11.7",
        "platform": "linux-x86_64",
        "processor": "Xeon",
        "accelerator": None,
        "packages": {"numpy": "2.4.0", "torch": "2.6.0"},
        "variables": {},
    }
    return Environment(date=date, **(facts | changes))


def cell(
    status: Status, *notes: str, backend: str = "torch", device: str = "cpu", **rest: Any
) -> Cell:
    return Cell(backend=backend, device=device, status=status, notes=notes, **rest)


def unmeasured(message: str, *, backend: str = "torch", device: str = "cpu", **rest: Any) -> Cell:
    reason = Reason(mode="eager", outcome=Outcome.NOT_RUN, message=message)
    return cell(Status.NOT_MEASURED, backend=backend, device=device, reasons=(reason,), **rest)


def record(where: Environment, *cells: Cell, version: str = "1.0", target: str = TARGET) -> Record:
    return Record(
        schema=1,
        tool=Tool(name="sphinx-xpcaps", version="0.1.0"),
        package=Package(name="pkg", version=version),
        environment=where,
        targets={target: Target(kind="function", cells=cells)},
    )


def encode(one: Record) -> bytes:
    """Return the bytes of a file with schema 1, which earlier versions wrote."""
    plain = msgspec.to_builtins(in_order(one))
    for target in plain["targets"].values():
        for each in target["cells"]:
            for name in ("expected", "graph", "date"):
                if each[name] is None:
                    del each[name]
    return msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n"
