"""Measure on a cluster: send tasks to a scheduler and yield results as they arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from core.backends import Availability, get_backend
from sphinx_xpcaps.cases.model import WantedCases
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.digests import engine_digest
from sphinx_xpcaps.measure.environment import difference
from sphinx_xpcaps.measure.model import BackendDevice, Group, LostCall, Result
from sphinx_xpcaps.measure.schedulers.base import RemoteTask, Scheduler, SchedulerError
from sphinx_xpcaps.measure.schedulers.remote import (
    Answer,
    Describe,
    Described,
    Devices,
    Find,
    Found,
    Machine,
    MachineRequest,
    Probe,
    Ran,
    Refused,
    Run,
    availability,
    decode,
)

GPU = "GPU"
"""The resource that tasks on a GPU ask for."""
_REFUSALS = 20
"""How often a task is sent to another machine, as one has other versions."""

A = TypeVar("A")


class Cluster:
    """The machines of a scheduler.

    All machines must have the same versions and the same code as the first one that answers;
    processors and accelerators may differ. The code of this program and of the measured packages
    must be that of this machine, which describes the targets and compares digests.

    Parameters
    ----------
    scheduler : Scheduler
        The scheduler.
    config : Config
        The options.
    packages : sequence of str
        Top-level names of the measured packages.
    digest_of : callable
        Returns the digest of a package on this machine.

    Raises
    ------
    SchedulerError
        No machine answers, or the machines have other code.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        config: Config,
        packages: Sequence[str],
        digest_of: Callable[[str], str],
    ) -> None:
        self._scheduler = scheduler
        self._config = replace(config, scheduler="", jobs=1)
        self._packages = tuple(packages)
        self._offered = scheduler.resources()
        self._fingerprint = ""
        self._refusals: Counter[str] = Counter()
        first = self._describe({})
        self._check(first, digest_of)
        self._fingerprint = first.fingerprint
        self.environment = first.environment
        """The environment of the machines; the accelerator is that of those that offer GPUs."""
        if GPU in self._offered:
            found = self._describe({GPU: 1}).environment.accelerator
            self.environment = replace(first.environment, accelerator=found)

    def probe(self) -> dict[BackendDevice, Availability]:
        """Return for each device of each backend whether it can be used on the cluster."""
        asked: dict[str, tuple[str, str]] = {}
        found: dict[BackendDevice, Availability] = {}
        tasks = []
        for name in self._config.backends:
            for column, device in get_backend(name).columns.items():
                place = BackendDevice(name, device)
                if column == "gpu" and device == "gpu" and GPU not in self._offered:
                    found[place] = Availability(False, f"no machine offers the resource {GPU}")
                    continue
                task = self._task(f"{name} on {device}", Probe(backend=name), place)
                asked[task.name] = place
                tasks.append(task)
        for task, answer in self._run(tasks, Devices):
            place = BackendDevice(*asked[task.name])
            found[place] = availability(answer)[place.device]
        return found

    def measure(
        self,
        groups: Mapping[str, Sequence[Group]],
        wanted: Mapping[str, WantedCases],
        *,
        new_processes: bool = False,
    ) -> Generator[Result, None, None]:
        """Find and run the cases of each target; see `Executor.measure`.

        Raises
        ------
        SchedulerError
            Tasks failed in each attempt. All other results were yielded before.
        """
        lost: dict[str, tuple[LostCall, ...]] = {}
        failed: list[str] = []
        self._scheduler.submit(
            self._task(
                target, Find(target=target, wanted=wanted[target]), new_process=new_processes
            )
            for target in groups
        )
        for ended in self._scheduler.completed():
            answer = self._accept(ended.task, ended.content, ended.error, failed)
            if isinstance(answer, Found):
                target = answer.collected.target
                lost[target] = answer.collected.lost
                if answer.collected.collected.cases:
                    self._scheduler.submit(
                        self._task(
                            f"{target} ({group.backend}, {group.device})",
                            Run(target=target, group=group, cases=answer.cases),
                            BackendDevice(group.backend, group.device),
                            new_process=new_processes,
                        )
                        for group in groups[target]
                    )
                yield answer.collected
            elif isinstance(answer, Ran):
                yield replace(answer.result, lost=lost[answer.result.target])
        if failed:
            noun = "task" if len(failed) == 1 else "tasks"
            raise SchedulerError(f"{len(failed)} {noun} failed on the cluster: {failed[0]}")

    def _accept(
        self, task: RemoteTask, content: bytes | None, error: str, failed: list[str]
    ) -> Answer | None:
        """Return the answer to a task; None if it failed, or is sent again."""
        if content is None:
            failed.append(f"{task.name}: {error}")
            return None
        answer = decode(content)
        if not isinstance(answer, Refused):
            return answer
        self._refusals[task.name] += 1
        if self._refusals[task.name] < _REFUSALS:
            self._scheduler.submit([task])
        else:
            differing = difference(self.environment, answer.environment)
            failed.append(f"{task.name}: a machine has other versions ({differing or 'of code'})")
        return None

    def _describe(self, resources: Mapping[str, float]) -> Machine:
        task = replace(self._task("describe", Describe()), resources=resources)
        ((_, answer),) = self._run([task], Described)
        return answer.machine

    def _run(self, tasks: Sequence[RemoteTask], kind: type[A]) -> list[tuple[RemoteTask, A]]:
        """Return the answers to tasks.

        Raises
        ------
        SchedulerError
            A task failed.
        """
        failed: list[str] = []
        found: list[tuple[RemoteTask, A]] = []
        self._scheduler.submit(tasks)
        for ended in self._scheduler.completed():
            answer = self._accept(ended.task, ended.content, ended.error, failed)
            if isinstance(answer, kind):
                found.append((ended.task, answer))
        if failed:
            raise SchedulerError(f"a machine of the cluster failed: {failed[0]}")
        return found

    def _task(
        self,
        name: str,
        what: Describe | Probe | Find | Run,
        place: BackendDevice | None = None,
        *,
        new_process: bool = False,
    ) -> RemoteTask:
        request = MachineRequest(
            config=self._config,
            packages=self._packages,
            fingerprint=self._fingerprint,
            what=what,
            new_process=new_process,
        )
        resources: dict[str, float] = {}
        if place is not None:
            if place.device == "gpu":
                resources[GPU] = 1
            if place.backend in self._offered:
                resources[place.backend] = 1
        return RemoteTask(name=name, content=msgspec.msgpack.encode(request), resources=resources)

    def _check(self, machine: Machine, digest_of: Callable[[str], str]) -> None:
        """Raise if the machines have other code than this one."""
        here = {"": engine_digest(), **{name: digest_of(name) for name in self._packages}}
        for name, code in here.items():
            if machine.code.get(name) != code:
                what = name or "sphinx-xpcaps"
                raise SchedulerError(f"the cluster has a different version of the code of {what}")
