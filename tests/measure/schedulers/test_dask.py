"""Test how tasks reach the workers of dask.distributed: with TLS, and by their resources."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.schedulers.base import RemoteTask, SchedulerError
from sphinx_xpcaps.measure.schedulers.cluster import GPU
from sphinx_xpcaps.measure.schedulers.dask import DaskScheduler
from sphinx_xpcaps.measure.schedulers.remote import MachineRequest, Probe, decode
from tests.measure.schedulers.processes import Certificate, LocalCluster

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

COUNT = 4
TLS = [f"distributed.comm.tls.{name}" for name in ("ca-file", "client.cert", "client.key")]


@dataclass
class Encrypted:
    """A cluster with TLS and two workers, one of which offers a GPU."""

    address: str
    settings: dict[str, str]
    """The configuration of clients."""


def tls_settings(certificate: Certificate) -> dict[str, str]:
    """Return the configuration of dask for a client with a certificate."""
    file, key = str(certificate.file), str(certificate.key)
    return dict(zip(TLS, (file, file, key), strict=True))


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, which creates the certificate")
    folder = tmp_path_factory.mktemp("tls")
    certificate = Certificate.create(folder)
    local = LocalCluster(folder, certificate)
    local.start_scheduler()
    local.start_worker("--name", "with-gpu", "--resources", "GPU=1")
    local.start_worker("--name", "without")
    try:
        yield Encrypted(local.address, tls_settings(certificate))
    finally:
        local.close()


def probe(resources: dict[str, float]) -> RemoteTask:
    """Return a task that needs no array library."""
    order = MachineRequest(
        config=Config(), packages=(), fingerprint="", what=Probe(backend="numpy")
    )
    content = msgspec.msgpack.encode(order)
    return RemoteTask(name=f"probe{len(resources)}", content=content, resources=resources)


def test_tasks_for_a_gpu_run_only_where_one_is_offered(encrypted: Encrypted) -> None:
    with dask.config.set(encrypted.settings):
        scheduler = DaskScheduler(encrypted.address)
        client = distributed.Client(encrypted.address, set_as_default=False)
        try:
            client.wait_for_workers(2, timeout=60)
            assert scheduler.resources() == {GPU}
            with distributed.get_task_stream(client) as stream:
                for _ in range(COUNT):
                    scheduler.submit([probe({GPU: 1}), probe({})])
                answers = [decode(ended.content or b"") for ended in scheduler.completed()]
            names = {
                worker["id"]: address
                for address, worker in client.scheduler_info()["workers"].items()
            }
        finally:
            client.close()
            scheduler.close()
    assert len(answers) == 2 * COUNT
    ran_on = [task["worker"] for task in stream.data if task["key"].startswith("probe1")]
    assert ran_on == [names["with-gpu"]] * COUNT


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (False, "there is no distributed.comm.tls in the configuration of dask"),
        (True, "needs TLS: "),
    ],
)
def test_missing_certificates_are_an_error_without_waiting(files: bool, message: str) -> None:
    settings = dict.fromkeys(TLS, "/nonexistent.pem") if files else {}
    with dask.config.set(settings), pytest.raises(SchedulerError, match=message):
        DaskScheduler("tls://127.0.0.1:1", patience=60)


def test_a_client_with_another_certificate_is_refused(encrypted: Encrypted, tmp_path: Path) -> None:
    other = tls_settings(Certificate.create(tmp_path))
    with dask.config.set(other), pytest.raises(SchedulerError, match="does not answer"):
        DaskScheduler(encrypted.address, patience=0.5)
