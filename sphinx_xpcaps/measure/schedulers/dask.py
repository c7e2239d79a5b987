"""A scheduler of ``dask.distributed``."""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any

from sphinx_xpcaps.measure.schedulers import remote
from sphinx_xpcaps.measure.schedulers.base import Completed, RemoteTask, SchedulerError

logger = logging.getLogger(__name__)

_PATIENCE = 300.0
"""Seconds to wait for a scheduler that does not answer, or that has no workers."""
_ATTEMPT_LIMIT = 10.0
"""Seconds of one attempt to connect."""
_ATTEMPTS = 3
"""How often a task is tried that raises or whose worker ends."""
_INTERVAL = 0.5
"""Seconds between two checks of the connection."""


class DaskScheduler:
    """Runs tasks on the workers of a scheduler of ``dask.distributed``.

    If the connection is lost, or the scheduler restarts, tasks without result are submitted again.
    TLS is configured as for all clients of dask, with ``distributed.comm.tls``.

    Parameters
    ----------
    address : str
        Its address, or the name of its JSON file.
    patience : float
        Seconds to wait for the scheduler.

    Raises
    ------
    SchedulerError
        It does not answer, or has no workers.
    """

    def __init__(self, address: str, patience: float = _PATIENCE) -> None:
        self._address = address
        self._patience = patience
        self._numbers = count()
        self._tasks: dict[int, RemoteTask] = {}
        """Tasks without result, by number."""
        self._failures: Counter[int] = Counter()
        self._futures: dict[int, Any] = {}
        self._ended: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self._client: Any = self._connect()

    def resources(self) -> frozenset[str]:
        """Return the names of the resources that workers offer."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        return frozenset(name for worker in workers for name in worker["resources"])

    def submit(self, tasks: Iterable[RemoteTask]) -> None:
        """Add tasks."""
        for task in tasks:
            number = next(self._numbers)
            self._tasks[number] = task
            self._send(number)

    def completed(self) -> Iterator[Completed]:
        """Yield each task when it has ended; see `Scheduler.completed`."""
        while self._tasks:
            try:
                number, future = self._ended.get(timeout=_INTERVAL)
            except Empty:
                self._check_connection()
                continue
            if self._futures.get(number) is not future:
                continue  # of an earlier connection or attempt
            ended = self._end_of(number, future)
            if ended is not None:
                del self._tasks[number], self._futures[number]
                yield ended

    def close(self) -> None:
        """Cancel all tasks and end the connection."""
        self._tasks.clear()
        self._disconnect()

    def _send(self, number: int) -> None:
        task = self._tasks[number]
        future = self._client.submit(
            remote.run,
            task.content,
            key=f"{task.name}-{uuid.uuid4().hex}",  # the dashboard shows what precedes the hyphen
            resources=dict(task.resources) or None,
            pure=False,
        )
        self._futures[number] = future
        future.add_done_callback(lambda ended: self._ended.put((number, ended)))

    def _end_of(self, number: int, future: Any) -> Completed | None:
        """Return the end of a task, or None if it is tried again."""
        task = self._tasks[number]
        try:
            if future.status == "finished":
                return Completed(task=task, content=future.result(timeout=_ATTEMPT_LIMIT))
            if future.status != "error":  # the connection was lost
                self._check_connection()
                return None
            error = future.exception(timeout=_ATTEMPT_LIMIT)
        except (OSError, TimeoutError) as problem:
            logger.debug("the result of %s is lost: %s", task.name, problem)
            self._check_connection()
            if self._futures.get(number) is future:  # the connection is good
                self._send(number)
            return None
        self._failures[number] += 1
        if self._failures[number] < _ATTEMPTS:
            self._send(number)
            return None
        return Completed(task=task, content=None, error=f"{type(error).__name__}: {error}")

    def _check_connection(self) -> None:
        """Connect again and submit all tasks without result, if the connection was lost."""
        lost = any(future.status in ("cancelled", "lost") for future in self._futures.values())
        if self._client.status == "running" and not lost:
            return
        self._disconnect()
        self._client = self._connect()
        for number in self._tasks:
            self._send(number)

    def _connect(self) -> Any:
        from distributed import Client

        if self._address.startswith("tls:"):
            self._check_certificates()
        place = "scheduler_file" if self._address.endswith(".json") else "address"
        deadline = time.monotonic() + self._patience
        while True:
            left = max(deadline - time.monotonic(), 0.1)
            client = None
            try:
                client = Client(
                    **{place: self._address},
                    timeout=min(left, _ATTEMPT_LIMIT),
                    set_as_default=False,
                )
                client.wait_for_workers(1, timeout=max(deadline - time.monotonic(), 0.1))
                return client
            except (OSError, TimeoutError, ValueError) as error:
                if client is not None:
                    with contextlib.suppress(OSError, TimeoutError):
                        client.close(timeout=1)
                if isinstance(error, ValueError) or time.monotonic() > deadline:
                    what = "has no workers" if client is not None else "does not answer"
                    reason = str(error).splitlines()[0] if str(error) else what
                    message = f"the scheduler {self._address} {what}: {reason}"
                    raise SchedulerError(message) from error
            time.sleep(_INTERVAL)

    def _check_certificates(self) -> None:
        """Raise if the configuration of dask has no certificates; waiting would not help."""
        from distributed import Security

        try:
            context = Security().get_connection_args("client")["ssl_context"]
        except (OSError, ValueError) as error:  # includes those of ssl
            raise SchedulerError(f"the scheduler {self._address} needs TLS: {error}") from error
        if context is None:
            raise SchedulerError(
                f"the scheduler {self._address} needs TLS, but there is no distributed.comm.tls in "
                "the configuration of dask"
            )

    def _disconnect(self) -> None:
        self._futures.clear()
        with contextlib.suppress(OSError, TimeoutError):
            self._client.close(timeout=2)
