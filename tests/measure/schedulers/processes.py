"""A scheduler and workers of dask.distributed on this machine, in separate processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that signs itself, for 127.0.0.1."""

    file: Path
    key: Path

    @classmethod
    def create(cls, folder: Path) -> Certificate:
        """Write a new certificate and its key to a folder."""
        made = cls(folder / "certificate.pem", folder / "key.pem")
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ]
        command += ["-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        command += ["-keyout", str(made.key), "-out", str(made.file)]
        subprocess.run(command, check=True, capture_output=True)
        return made


class LocalCluster:
    """A scheduler and its workers, which can be killed and started again.

    Parameters
    ----------
    folder : Path
        The folder of a package to measure, and of the workers' files.
    certificate : Certificate, optional
        Encrypt all connections, with this certificate for all processes.
    """

    def __init__(self, folder: Path, certificate: Certificate | None = None) -> None:
        self._folder = folder
        self._tls: tuple[str, ...] = ()
        protocol = "tcp"
        if certificate is not None:
            protocol = "tls"
            file, key = str(certificate.file), str(certificate.key)
            self._tls = ("--tls-ca-file", file, "--tls-cert", file, "--tls-key", key)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"{protocol}://127.0.0.1:{self._port}"
        self._scheduler: subprocess.Popen[bytes] | None = None
        self._workers: list[subprocess.Popen[bytes]] = []

    def start_scheduler(self) -> None:
        """Start the scheduler, always at the same address."""
        place = ("--host", self.address.rpartition(":")[0], "--port", str(self._port))
        self._scheduler = self._start("dask_scheduler", *place, "--no-dashboard", *self._tls)

    def start_worker(self, *options: str) -> None:
        """Start a worker with one thread."""
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", *self._tls, *options)
        self._workers.append(self._start("dask_worker", self.address, *options))

    def kill_worker(self) -> None:
        """Kill the first worker that runs."""
        worker = self._workers.pop(0)
        worker.kill()
        worker.wait()

    def kill_scheduler(self) -> None:
        """Kill the scheduler, and the workers, which would end without it."""
        assert self._scheduler is not None
        self._scheduler.kill()
        self._scheduler.wait()
        while self._workers:
            self.kill_worker()

    def close(self) -> None:
        """End everything."""
        self.kill_scheduler()

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(self._folder), str(ROOT)])
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / f"{module}.log").open("ab"),
        )
