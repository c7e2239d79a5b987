"""Find the cells that have to be measured, and create those that need no run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.backends import Availability, get_backend
from sphinx_xpcaps.cases.model import TargetInfo
from sphinx_xpcaps.config import Config, Execute
from sphinx_xpcaps.measure.judging import cells
from sphinx_xpcaps.measure.model import BackendDevice, Group
from sphinx_xpcaps.measure.store import RecordStore
from sphinx_xpcaps.results.labels import TRACE
from sphinx_xpcaps.results.model import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The cells that a batch has to measure, and those that need no run."""

    cells: tuple[tuple[str, Cell], ...]
    """Targets with cells for which nothing has to be run, such as those that do not apply."""
    groups: Mapping[str, tuple[Group, ...]]
    """The groups to run each target in, one for each cell to measure."""

    @property
    def count(self) -> int:
        """How many cells have to be measured."""
        return sum(map(len, self.groups.values()))


class Groups:
    """Determines in which modes a target is measured on a device.

    Parameters
    ----------
    config : Config
        The options.
    traced : iterable of str
        Targets whose graphs are requested.
    """

    def __init__(self, config: Config, traced: Iterable[str]) -> None:
        self._config = config
        self._traced = frozenset(traced)

    def of(self, target: str, backend: str, device: str) -> Group:
        """Return the group of a target on a device of a backend."""
        adapter = get_backend(backend)
        requested = {*self._config.modes, *([TRACE] if target in self._traced else [])}
        optional = [mode for mode in adapter.optional_modes if mode in requested]
        return Group(
            backend=backend,
            device=device,
            modes=(*adapter.modes, *optional),
            explain=TRACE in self._config.modes and not adapter.is_reference,
            only_draws=TRACE in optional and TRACE not in self._config.modes,
        )


def find_missing(
    infos: Mapping[str, TargetInfo],
    config: Config,
    groups: Groups,
    key: Callable[[str, Group], str],
    available: Mapping[BackendDevice, Availability],
    store: RecordStore,
) -> Missing:
    """Return the cells that have to be measured, and those that need no run.

    A cell that is stored with its present key is neither, unless everything is run again.
    """
    cells_without_run: list[tuple[str, Cell]] = []
    missing: dict[str, tuple[Group, ...]] = {}
    run_all = config.execute in (Execute.FORCE, Execute.CHECK)
    for target, info in infos.items():
        for backend in config.backends:
            for column in config.devices:
                cell = _cell_without_run(info, backend, column, available)
                if cell is not None:
                    cells_without_run.append((target, cell))
                    continue
                group = groups.of(target, backend, get_backend(backend).columns[column])
                if run_all or not store.has(target, group, key(target, group)):
                    missing[target] = (*missing.get(target, ()), group)
    return Missing(cells=tuple(cells_without_run), groups=missing)


def _cell_without_run(
    info: TargetInfo, backend: str, column: str, available: Mapping[BackendDevice, Availability]
) -> Cell | None:
    """Return the cell if nothing has to be run for it, or None."""
    device = get_backend(backend).columns.get(column)
    if device is None:
        return cells.not_applicable(backend, column)
    if info.error is not None:
        return cells.no_case(backend, device, info.error, exception=info.error_type)
    answer = available[BackendDevice(backend, device)]
    if not answer.usable:
        return cells.not_run(backend, device, answer.reason)
    return None
