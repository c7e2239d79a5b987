"""Fork servers that are kept for the next worker that needs the same one."""

from __future__ import annotations

import os
import socket
import threading
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from sphinx_xpcaps.measure.workers.separate_processes import SeparateProcesses
from sphinx_xpcaps.measure.workers.server_process import ServerProcess

Server: TypeAlias = ServerProcess | SeparateProcesses
_Key: TypeAlias = tuple[tuple[tuple[str, str], ...], tuple[str, ...]]

_CAN_FORK = (
    hasattr(os, "fork") and hasattr(socket, "send_fds") and Path("/proc/self/schedstat").exists()
)
"""Whether workers can be forked, and the processes that they start can be found."""


def start_server(environment: Mapping[str, str], modules: tuple[str, ...]) -> Server:
    """Return a new server with these variables and modules; see `ServerProcess`."""
    return (ServerProcess if _CAN_FORK else SeparateProcesses)(environment, modules)


class Servers:
    """Starts fork servers, and keeps those that are given back until they are needed again.

    Starting one takes the time of importing an array library. A server serves one worker at a time,
    so that measured code that kills it affects no other worker.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: defaultdict[_Key, list[Server]] = defaultdict(list)

    def take(self, environment: Mapping[str, str], modules: tuple[str, ...]) -> Server:
        """Return a server with these variables and modules; see `ServerProcess`."""
        with self._lock:
            idle = self._idle[_key(environment, modules)]
            while idle:
                server = idle.pop()
                if server.is_running():
                    return server
                server.close()
        return start_server(environment, modules)

    def give_back(self, server: Server) -> None:
        """Keep a server, which must have no workers."""
        with self._lock:
            self._idle[_key(server.environment, server.modules)].append(server)

    def close(self) -> None:
        """End the servers that are not in use."""
        with self._lock:
            idle = [server for servers in self._idle.values() for server in servers]
            self._idle.clear()
        for server in idle:
            server.close()


def _key(environment: Mapping[str, str], modules: tuple[str, ...]) -> _Key:
    return tuple(sorted(environment.items())), modules
