"""Says where something is measured: versions, processor, accelerator. Imports no array library."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import platform
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from core.backends import backends
from sphinx_xpcaps.results.model import Environment

_ALWAYS = ("numpy", "array-api-compat")


def describe_environment(packages: Iterable[str], variables: Mapping[str, str]) -> Environment:
    """Return this environment.

    Parameters
    ----------
    packages : iterable of str
        Top-level names of the packages that are measured.
    variables : mapping
        What the workers' environment has besides this process's.
    """
    versions = {name: backend.version() for name, backend in backends().items()}
    versions.update({name: _installed(name) for name in _ALWAYS})
    versions.update({name: package_version(name) for name in packages})
    return Environment(
        python=platform.python_version(),
        platform=f"{sys.platform}-{platform.machine().lower()}",
        processor=_processor(),
        accelerator=accelerator(),
        date=datetime.date.today().isoformat(),
        packages={name: v for name, v in sorted(versions.items()) if v is not None},
        variables=dict(sorted(variables.items())),
    )


def identity(environment: Environment) -> str:
    """Return a short name that is the same for the same environment on any day."""
    facts = msgspec.to_builtins(environment)
    del facts["date"]
    return hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()[:12]


def package_version(package: str) -> str | None:
    """Return the version of the distribution that brings the top-level name `package`."""
    names = top_levels().get(package, [package])
    return next((version for name in names if (version := _installed(name))), None)


@cache
def top_levels() -> Mapping[str, list[str]]:
    """Return the distributions that bring each top-level name."""
    return importlib.metadata.packages_distributions()


@cache
def accelerator() -> str | None:
    """Return the model of the first GPU, found without starting its driver."""
    for information in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        for line in information.read_text(errors="replace").splitlines():
            if line.startswith("Model:"):
                return line.partition(":")[2].strip()
    if Path("/dev/kfd").exists():
        return "AMD GPU"
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "Apple GPU"
    return None


def _installed(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


@cache
def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
