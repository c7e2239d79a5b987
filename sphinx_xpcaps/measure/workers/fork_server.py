"""A process that imports libraries once and forks a worker whenever one is needed.

A worker that a function has changed or ended is replaced in some tens of milliseconds instead of
the seconds that importing a library takes. The server runs no other code, so it has one thread, and
forking is safe. It also supervises its workers: when one ends, or when the parent ends in any way,
it kills everything that the workers started. Processes that measured code detaches become children
of the server.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import shutil
import signal
import socket
import sys
import time
from typing import NoReturn

import msgspec

from sphinx_xpcaps.measure.workers import child, process_tree
from sphinx_xpcaps.measure.workers.channel import Channel
from sphinx_xpcaps.measure.workers.error_output import ErrorOutput

_GRACE = 5.0
"""Seconds that a worker may take to exit after it has closed its connection."""


class Fork(msgspec.Struct, tag=True):
    """Parent to server: fork a worker. The worker's end of a connection comes with it."""


class End(msgspec.Struct, tag=True):
    """Parent to server: end a worker, and answer with its exit status."""

    worker: int
    kill: bool


class Answer(msgspec.Struct):
    """Server to parent: the process id of a new worker, or the exit status of one that ended."""

    value: int


Command = Fork | End


def main() -> None:
    """Import modules and serve the parent; arguments are in ``sys.argv``.

    Arguments are the descriptor of the connection, the modules, separated by commas, and the
    folder to delete at the end.
    """
    number, modules, folder = sys.argv[1:4]
    os.setsid()
    process_tree.adopt_orphans()
    control = socket.socket(fileno=int(number))
    for module in filter(None, modules.split(",")):
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # workers share this memory as long as their collections leave it alone
    server = _Server(control, folder)
    try:
        server.serve()
    finally:
        server.kill_all()
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


class _Server:
    def __init__(self, control: socket.socket, folder: str) -> None:
        self._control = control
        self._folder = folder
        self._parent = os.getppid()
        self._channel = Channel(control)
        self._decoder = msgspec.msgpack.Decoder(Command)
        self._workers: dict[int, int | None] = {}
        """The exit status of each worker by process id; None while it runs."""

    def serve(self) -> None:
        """Serve until the parent closes the connection."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        self._answer(os.getpid())
        with contextlib.suppress(EOFError, OSError):
            while True:
                content, connections = self._receive()
                command = self._decoder.decode(content)
                if isinstance(command, Fork):
                    self._answer(self._fork(connections[0]))
                else:
                    self._answer(self._end(command.worker, kill=command.kill))

    def kill_all(self) -> None:
        """Kill all descendants, until none is left."""
        for _ in range(20):
            left = process_tree.descendants(os.getpid())
            if not left and all(status is not None for status in self._workers.values()):
                return
            for process in {*left, *(w for w, s in self._workers.items() if s is None)}:
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
            self._collect()
            time.sleep(0.01)

    def _receive(self) -> tuple[bytes, list[int]]:
        while not select.select([self._control], [], [], 1.0)[0]:
            if os.getppid() != self._parent:  # it was killed, and a copy of it has the connection
                raise EOFError
            self._collect()
        content, connections, _, _ = socket.recv_fds(self._control, 65536, 1)
        if not content:
            raise EOFError
        return content, connections

    def _answer(self, value: int) -> None:
        self._channel.send(msgspec.msgpack.encode(Answer(value)))

    def _fork(self, descriptor: int) -> int:
        process = os.fork()
        if process == 0:
            _become_worker(self._control, descriptor, self._folder)
        os.close(descriptor)
        self._workers[process] = None
        return process

    def _end(self, worker: int, *, kill: bool) -> int:
        """End a worker and the processes that it started; return its exit status."""
        deadline = time.monotonic() + (0.0 if kill else _GRACE)
        self._collect()
        while self._workers.get(worker, 0) is None and time.monotonic() < deadline:
            time.sleep(0.005)
            self._collect()
        if self._workers.get(worker, 0) is None:
            process_tree.kill_tree(worker)
        deadline = time.monotonic() + _GRACE
        while self._workers.get(worker, 0) is None and time.monotonic() < deadline:
            time.sleep(0.005)
            self._collect()
        self._kill_orphans()
        return self._workers.pop(worker, None) or 0

    def _kill_orphans(self) -> None:
        """Kill the children that are not workers: detached processes of workers that ended."""
        for _ in range(5):
            tree = process_tree.descendants(os.getpid())
            running = [w for w, status in self._workers.items() if status is None]
            allowed = {*running, *(d for w in running for d in process_tree.descendants(w))}
            orphans = set(tree) - allowed
            if not orphans:
                return
            for process in orphans:
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
            self._collect()
            time.sleep(0.005)

    def _collect(self) -> None:
        """Record the exit status of children that have exited."""
        with contextlib.suppress(ChildProcessError):
            while True:
                process, status = os.waitpid(-1, os.WNOHANG)
                if not process:
                    return
                if process in self._workers:
                    self._workers[process] = os.waitstatus_to_exitcode(status)


def _become_worker(control: socket.socket, descriptor: int, folder: str) -> NoReturn:
    """Serve the parent as a worker; runs in a new process."""
    status = 1
    try:
        control.close()
        os.setsid()
        process_tree.exit_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        errors = ErrorOutput()
        own_folder = os.path.join(folder, f"worker-{os.getpid()}")
        os.makedirs(own_folder)
        os.chdir(own_folder)
        child.serve(socket.socket(fileno=descriptor), errors)
        status = 0
    finally:
        os._exit(status)
