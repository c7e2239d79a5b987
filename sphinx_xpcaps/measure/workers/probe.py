"""Asks, in child processes, which backends and devices can be used here."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.backends import Availability, Backend, get_backend
from sphinx_xpcaps.measure.environment import accelerator
from sphinx_xpcaps.measure.model import Job
from sphinx_xpcaps.measure.workers.pool import Pool, Worker
from sphinx_xpcaps.measure.workers.process import JobFailed, WorkerLost

Place = tuple[str, str]
"""A backend's name and one of its devices."""

_NOTHING = Job(
    function="sphinx_xpcaps.measure.workers.child.run_setup", arguments={"code": "", "modules": ()}
)


def probe(
    names: Sequence[str], variables: Mapping[str, str], *, memory: Path | None = None
) -> dict[Place, Availability]:
    """Return for each device of each backend whether it can be used.

    Parameters
    ----------
    names : sequence of str
        Backends.
    variables : mapping
        Variables for the children.
    memory : Path, optional
        A JSON file with answers of before; they hold while versions and accelerator do.
    """
    found: dict[Place, Availability] = {}
    to_ask: list[str] = []
    known = _load(memory)
    for name in names:
        backend = get_backend(name)
        if backend.version() is None:
            for device in backend.columns.values():
                found[name, device] = Availability(False, f"{name} is not installed")
        elif answers := known.get(_fingerprint(backend, variables)):
            for device, (usable, reason) in answers.items():
                found[name, device] = Availability(usable, reason)
        else:
            to_ask.append(name)
    lock = threading.Lock()

    def ask(worker: Worker, group: str, name: str) -> None:
        answers = _ask(worker, name)
        with lock:
            found.update({(name, device): answer for device, answer in answers.items()})

    def hire(name: str) -> Worker:
        return Worker({**get_backend(name).environment, **variables}, _NOTHING, 120.0)

    pool: Pool[str, str] = Pool(to_ask, hire, ask)
    for name in to_ask:
        pool.add(name, [name])
    pool.run(2)
    if memory is not None and to_ask:
        for name in to_ask:
            known[_fingerprint(get_backend(name), variables)] = {
                device: (a.usable, a.reason) for (n, device), a in found.items() if n == name
            }
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(known, sort_keys=True))
    return found


def answer(*, name: str) -> dict[str, Availability]:
    """Return the availability of a backend's devices; runs in a worker."""
    backend = get_backend(name)
    return {device: backend.availability(device) for device in backend.columns.values()}


def _ask(worker: Worker, name: str) -> dict[str, Availability]:
    devices = get_backend(name).columns.values()
    try:
        answers: dict[str, Availability] = worker.run(
            Job(function="sphinx_xpcaps.measure.workers.probe.answer", arguments={"name": name})
        )
    except (WorkerLost, JobFailed) as error:
        reason = f"{name} is installed, but importing it fails: {error}"
        return {device: Availability(False, reason) for device in devices}
    return answers


def _fingerprint(backend: Backend, variables: Mapping[str, str]) -> str:
    return json.dumps([backend.name, backend.version(), accelerator(), sorted(variables.items())])


def _load(memory: Path | None) -> dict[str, dict[str, tuple[bool, str]]]:
    try:
        return dict(json.loads(memory.read_text())) if memory else {}
    except (OSError, ValueError):
        return {}
