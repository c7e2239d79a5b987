"""Workers side by side: each thread serves one group of work at a time with one child process."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from sphinx_xpcaps.measure.model import Job
from sphinx_xpcaps.measure.workers.process import Process

_MOST_MEMORY = 3 * 2**30
_WORTH_A_WORKER = 8
"""So much work must wait for a group before a second worker is started for it."""

G = TypeVar("G", bound=Hashable)
T = TypeVar("T")


class Worker:
    """A child process that is replaced when it is lost or has grown too large.

    Parameters
    ----------
    environment : mapping
        Variables for the child.
    setup : Job
        Run first in every new child.
    timeout : float
        Seconds that the child may be silent.
    """

    def __init__(self, environment: Mapping[str, str], setup: Job, timeout: float) -> None:
        self._environment = environment
        self._setup = setup
        self._timeout = timeout
        self._process: Process | None = None

    def start(self) -> Process:
        """Return the child, started and set up; see `Process.run` for what it raises."""
        if self._process is None:
            self._process = Process(self._environment, max(self._timeout, 60.0))
            try:
                self._process.run(self._setup)
            except BaseException:
                self.close()
                raise
            self._process.timeout = self._timeout
        return self._process

    def run(
        self,
        job: Job,
        give: Callable[[Any], None] | None = None,
        begin: Callable[[Any], None] | None = None,
    ) -> Any:
        """Run `job` in the child; see `Process.run` for the arguments and for what it raises."""
        process = self.start()
        try:
            result = process.run(job, give, begin)
        except BaseException:
            self.close()
            raise
        if process.memory > _MOST_MEMORY:
            self.close()
        return result

    def close(self) -> None:
        """End the child; the next job starts another."""
        if self._process is not None:
            self._process.close()
            self._process = None


class Pool(Generic[G, T]):
    """Serves tasks that come in groups, a few groups at a time.

    Parameters
    ----------
    order : sequence
        The groups; earlier ones are served first.
    hire : callable
        Makes the worker of a group.
    work : callable
        Does one task with a worker; may add further tasks, must not raise.
    """

    def __init__(
        self,
        order: Sequence[G],
        hire: Callable[[G], Worker],
        work: Callable[[Worker, G, T], None],
    ) -> None:
        self._waiting: dict[G, deque[T]] = {group: deque() for group in order}
        self._serving = dict.fromkeys(order, 0)
        self._hire = hire
        self._work = work
        self._unfinished = 0
        self._changed = threading.Condition()
        self._stopped = False
        self._hired: list[Worker] = []

    def add(self, group: G, tasks: Iterable[T]) -> None:
        """Let tasks of a group wait for a worker."""
        with self._changed:
            before = len(self._waiting[group])
            self._waiting[group].extend(tasks)
            self._unfinished += len(self._waiting[group]) - before
            self._changed.notify_all()

    def run(self, jobs: int) -> None:
        """Do all tasks with `jobs` workers; an interrupt ends the workers first."""
        with ThreadPoolExecutor(max_workers=max(jobs, 1)) as threads:
            served = [threads.submit(self._serve) for _ in range(max(jobs, 1))]
            try:
                for each in served:
                    each.result()
            except BaseException:
                self._stop()
                raise

    def _stop(self) -> None:
        """Let no further task begin, and end the children, so that the threads come back."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            hired = list(self._hired)
        for worker in hired:
            worker.close()

    def _serve(self) -> None:
        while (group := self._next_group()) is not None:
            worker = self._hire(group)
            with self._changed:
                self._hired.append(worker)
            try:
                while (task := self._next_task(group)) is not None:
                    self._do(worker, group, task)
            finally:
                worker.close()
                with self._changed:
                    self._hired.remove(worker)

    def _do(self, worker: Worker, group: G, task: T) -> None:
        try:
            self._work(worker, group, task)
        finally:
            with self._changed:
                self._unfinished -= 1
                self._changed.notify_all()

    def _next_group(self) -> G | None:
        """Return the group to serve next, waiting for tasks as long as others may add some."""
        with self._changed:
            while not self._stopped and self._unfinished:
                group = self._choose()
                if group is not None:
                    self._serving[group] += 1
                    return group
                self._changed.wait()
            return None

    def _choose(self) -> G | None:
        for group, waiting in self._waiting.items():
            if waiting and (not self._serving[group] or len(waiting) >= _WORTH_A_WORKER):
                return group
        return None

    def _next_task(self, group: G) -> T | None:
        with self._changed:
            waiting = self._waiting[group]
            if waiting and not self._stopped:
                return waiting.popleft()
            # In the same breath: a task that is added from now on finds the group unserved.
            self._serving[group] -= 1
            return None
