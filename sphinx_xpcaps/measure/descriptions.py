"""The descriptions of targets, kept between runs: obtaining them needs a worker."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sphinx_xpcaps.cases.model import TargetInfo
from sphinx_xpcaps.config import Config
from sphinx_xpcaps.files import read_cache, write_cache
from sphinx_xpcaps.measure.digests import PackageDigests, digest, engine_digest, package_files
from sphinx_xpcaps.results.model import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A description with the state of the files that it was obtained from."""

    info: TargetInfo
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cache:
    circumstances: str
    kept: dict[str, _Kept]


def describe(
    names: Sequence[str],
    config: Config,
    environment: Environment,
    *,
    cache_file: Path,
    digests: PackageDigests,
    describe_now: Callable[[Sequence[str]], Mapping[str, TargetInfo]],
) -> dict[str, TargetInfo]:
    """Return what each target is, from the cache if no file of its package has changed.

    Targets that cannot be imported are not kept, as the cause may be outside the package.

    Parameters
    ----------
    names : sequence of str
        The targets.
    config, environment : Config, Environment
        The options and versions with which workers import the targets.
    cache_file : Path
        The file to read and write.
    digests : PackageDigests
        Digests of the packages, which cover what they import.
    describe_now : callable
        Describes targets by importing them.
    """
    circumstances = digest(
        {
            "engine": engine_digest(),
            "path": sys.path,
            "python": environment.python,
            "packages": dict(environment.packages),
            "variables": dict(config.environment),
            "setup": config.setup,
        }
    )
    before = read_cache(cache_file, _Cache)
    known = before.kept if before and before.circumstances == circumstances else {}
    state = cache(_state_of_files)

    def current(name: str, info: TargetInfo) -> str:
        packages = {name.partition(".")[0], info.package}
        return digest([[state(each), digests.of(each)] for each in sorted(packages)])

    found = {
        name: entry.info
        for name in names
        if (entry := known.get(name)) is not None and entry.state == current(name, entry.info)
    }
    missing = [name for name in names if name not in found]
    if missing:
        found |= describe_now(missing)
        kept = {
            name: _Kept(info=info, state=current(name, info))
            for name, info in found.items()
            if info.imported
        }
        write_cache(cache_file, _Cache(circumstances=circumstances, kept=kept))
    return {name: found[name] for name in names}


def _state_of_files(package: str) -> str:
    """Return a digest of the sizes and times of a package's files."""
    facts = []
    for _root, path in package_files(package):
        try:
            stat = path.stat()
        except OSError:
            continue
        facts.append([str(path), stat.st_size, stat.st_mtime_ns])
    return digest(sorted(facts))
