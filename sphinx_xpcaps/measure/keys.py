"""Cache keys of cells: a digest of everything that can change an outcome, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.backends import backends
from sphinx_xpcaps.cases.model import TargetInfo, WantedCases
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.measure.digests import (
    PackageDigests,
    digest,
    engine_digest,
    packages_in_examples,
)
from sphinx_xpcaps.measure.environment import COMPATIBILITY_LAYER
from sphinx_xpcaps.measure.model import Group
from sphinx_xpcaps.results.cell_key import join_key
from sphinx_xpcaps.results.model import Environment


class CellKeys:
    """The keys of a batch's cells.

    Parameters
    ----------
    config : Config
        The options.
    wanted : mapping
        Which cases of each target are used.
    packages : PackageDigests
        Digests of the packages that are measured.
    """

    def __init__(
        self, config: Config, wanted: Mapping[str, WantedCases], packages: PackageDigests
    ) -> None:
        self._wanted = wanted
        self._packages = packages
        self._options = {
            "setup": config.setup,
            "timeout": config.timeout,
            "memory": config.memory_limit,
            "cases": [_source_digest(source) for source in config.cases],
        }
        self._imported = packages_in_examples(config.setup)
        self._imported.update(source.partition(".")[0] for source in config.cases)
        self._digests_of_imported: dict[tuple[str, tuple[str, ...]], Mapping[str, str]] = {}
        self._reference = [name for name, backend in backends().items() if backend.is_reference]

    def key(self, info: TargetInfo, group: Group, environment: Environment) -> str:
        """Return the key of a target's cell in a group and an environment."""
        names = (*self._reference, COMPATIBILITY_LAYER, group.backend)
        explain = ["explain"] if group.explain else []
        wanted = self._wanted.get(info.name, WantedCases())
        bodies = wanted.bodies
        origins = {"origins": sorted(wanted.origins)} if wanted.origins else {}
        own = digest(
            {
                "target": info.name,
                "text": info.text,
                "bodies": bodies,
                "imported": self._imported_by(info, bodies),
                "python": environment.python.rpartition(".")[0],
                "versions": {name: environment.packages.get(name) for name in names},
                "group": [group.backend, group.device, *group.modes, *explain],
                "variables": dict(environment.variables),
                **self._options,
                **origins,
            }
        )
        package = self._packages.of(info.package)
        return join_key(own, engine=_short(engine_digest()), package=_short(package))

    def _imported_by(self, info: TargetInfo, bodies: tuple[str, ...]) -> Mapping[str, str]:
        """Return the digests of the packages under development that a target's cases import."""
        code = (info.text, *bodies)
        found = self._digests_of_imported.get((info.package, code))
        if found is None:  # looked for once, not for each of a target's cells in each record
            imported = self._imported.union(*map(packages_in_examples, code))
            found = self._packages.of_imported(imported - {info.package})
            self._digests_of_imported[info.package, code] = found
        return found


def _short(shared: str) -> str:
    """Return the beginning of a digest that is a part of many keys."""
    return shared[: len("sha256:") + 16]


def _source_digest(source: str) -> str:
    """Return the digest of a file that has cases; a module's name as it is."""
    path = Path(source)
    return digest(path.read_bytes().hex()) if path.is_file() else source
