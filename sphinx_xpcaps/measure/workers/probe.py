"""Find out in workers which backends and devices can be used on this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.backends import Availability, Backend, get_backend
from sphinx_xpcaps.files import read_cache, write_cache
from sphinx_xpcaps.measure.environment import accelerator
from sphinx_xpcaps.measure.model import BackendDevice
from sphinx_xpcaps.measure.workers.errors import JobFailed, WorkerLost
from sphinx_xpcaps.measure.workers.messages import Job
from sphinx_xpcaps.measure.workers.pool import Pool
from sphinx_xpcaps.measure.workers.servers import Servers
from sphinx_xpcaps.measure.workers.worker import Worker

_TIMEOUT = 120.0
"""Seconds that importing a library and starting its devices may take."""
_JOBS = 2

Devices = Mapping[str, Availability]
"""The availability of a backend's devices, by device."""
_Cache = dict[str, dict[str, tuple[bool, str]]]
"""The fields of each device's availability, by fingerprint and device."""


def probe(
    names: Sequence[str],
    variables: Mapping[str, str],
    *,
    cache_file: Path | None = None,
    servers: Servers | None = None,
) -> dict[BackendDevice, Availability]:
    """Return for each device of each backend whether it can be used.

    Parameters
    ----------
    names : sequence of str
        Backends.
    variables : mapping
        Environment variables of the workers.
    cache_file : Path, optional
        A JSON file with earlier results, which are valid for the same versions and accelerator.
    servers : Servers, optional
        Keeps the servers with the imported libraries.
    """
    cached = (read_cache(cache_file, _Cache) if cache_file else None) or {}
    found: dict[str, Devices] = {}
    unknown: list[str] = []
    for name in names:
        backend = get_backend(name)
        if backend.version() is None:
            missing = Availability(False, f"{name} is not installed")
            found[name] = dict.fromkeys(backend.columns.values(), missing)
        elif results := cached.get(_fingerprint(backend, variables)):
            found[name] = {
                device: Availability(usable, reason) for device, (usable, reason) in results.items()
            }
        else:
            unknown.append(name)
    for name, devices in _probe_in_workers(unknown, variables, servers):
        found[name] = devices
        cached[_fingerprint(get_backend(name), variables)] = {
            device: (answer.usable, answer.reason) for device, answer in devices.items()
        }
    if cache_file is not None and unknown:
        write_cache(cache_file, cached)
    return {
        BackendDevice(name, device): answer
        for name, devices in found.items()
        for device, answer in devices.items()
    }


def device_availability(*, name: str) -> Devices:
    """Return the availability of a backend's devices; runs in a worker."""
    backend = get_backend(name)
    return {device: backend.availability(device) for device in backend.columns.values()}


def _probe_in_workers(
    names: Sequence[str], variables: Mapping[str, str], servers: Servers | None
) -> list[tuple[str, Devices]]:
    def start_worker(name: str) -> Worker:
        return Worker(
            {**get_backend(name).worker_environment(), **variables},
            _TIMEOUT,
            backends=(name,),
            servers=servers,
        )

    def run_task(worker: Worker, group: str, name: str) -> tuple[str, Devices]:
        return name, _probe_one(worker, name)

    pool: Pool[str, str, tuple[str, Devices]] = Pool(names, start_worker, run_task)
    for name in names:
        pool.add(name, [name])
    return list(pool.run(_JOBS))


def _probe_one(worker: Worker, name: str) -> Devices:
    try:
        devices: Devices = worker.run(
            Job.calling(device_availability, result=dict[str, Availability], name=name)
        )
    except (WorkerLost, JobFailed) as error:
        reason = f"{name} is installed, but importing it fails: {error}"
        return dict.fromkeys(get_backend(name).columns.values(), Availability(False, reason))
    finally:
        worker.release()
    return devices


def _fingerprint(backend: Backend, variables: Mapping[str, str]) -> str:
    return json.dumps([backend.name, backend.version(), accelerator(), sorted(variables.items())])
