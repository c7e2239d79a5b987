"""The environment of a measurement: versions, processor, accelerator. Imports no array library."""

from __future__ import annotations

import ast
import datetime
import hashlib
import importlib.metadata
import importlib.util
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path

import msgspec

from core.backends import backends
from sphinx_xpcaps.results.model import Environment

COMPATIBILITY_LAYER = "array-api-compat"
"""The distribution that most adapters take their namespace from."""


def describe_environment(packages: Iterable[str], variables: Mapping[str, str]) -> Environment:
    """Return this environment.

    Parameters
    ----------
    packages : iterable of str
        Top-level names of the packages that are measured.
    variables : mapping
        Environment variables that only the workers have.
    """
    versions = {name: backend.version() for name, backend in backends().items()}
    versions[COMPATIBILITY_LAYER] = distribution_version(COMPATIBILITY_LAYER)
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


def environment_id(environment: Environment) -> str:
    """Return a short identifier that environments share if they differ in their dates only."""
    facts = msgspec.to_builtins(environment)
    del facts["date"]
    return hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()[:12]


def difference(recorded: Environment, present: Environment) -> str:
    """Return how two environments differ, or "" if one record can have cells of both.

    The date does not matter, nor does a measured package that only one of them names.
    """
    found = [
        f"{name} {_text(before)}, now {_text(now)}"
        for name in ("python", "platform", "processor", "accelerator", "variables")
        if (before := getattr(recorded, name)) != (now := getattr(present, name))
    ]
    measured_with = {*backends(), COMPATIBILITY_LAYER}
    for name in sorted({*recorded.packages, *present.packages}):
        before, now = recorded.packages.get(name), present.packages.get(name)
        if before != now and (name in measured_with or (before and now)):
            found.append(f"{name} {_text(before)}, now {_text(now)}")
    return "; ".join(found)


def distribution_version(distribution: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def package_version(package: str) -> str | None:
    """Return the version of the distribution that contains the top-level name `package`.

    A package that is in no distribution has the version that its source assigns to
    ``__version__``.
    """
    version = distribution_version(package)
    if version is not None:
        return version
    for distribution in installed_packages().get(package, []):
        return distribution.version
    origin = getattr(find_package(package), "origin", None)
    return _assigned_version(Path(origin)) if origin else None


_TOP_LEVEL = re.compile(r'^"?([^/,"\n]+)(?:/[^,\n]*)?\.py"?,', re.MULTILINE)
"""Matches a module in a list of files."""


@cache
def installed_packages() -> Mapping[str, list[importlib.metadata.Distribution]]:
    """Return the distributions that contain each top-level name, as they declare or list it.

    Unlike `importlib.metadata.packages_distributions`, this creates no object for each file and
    does not parse all metadata, which would take ten times as long.
    """
    found: dict[str, list[importlib.metadata.Distribution]] = {}
    for distribution in importlib.metadata.distributions():
        declared = (distribution.read_text("top_level.txt") or "").split()
        listed = declared or _TOP_LEVEL.findall(distribution.read_text("RECORD") or "")
        for package in set(listed):
            found.setdefault(package, []).append(distribution)
    return found


def distributions_by_package() -> Mapping[str, list[str]]:
    """Return the names of the distributions that contain each top-level name."""
    return {
        package: [each.metadata["Name"] for each in found]
        for package, found in installed_packages().items()
    }


def _assigned_version(file: Path) -> str | None:
    """Return the text that a module assigns to ``__version__``, without importing it."""
    try:
        tree = ast.parse(file.read_text("utf-8"))
    except (OSError, ValueError, SyntaxError):
        return None
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if "__version__" in names and isinstance(node.value.value, str):
                return node.value.value[:100]
    return None


def find_package(package: str) -> ModuleSpec | None:
    """Return the import spec of a top-level package, or None. Does not import it."""
    try:
        return importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None


@cache
def package_commit(package: str) -> str | None:
    """Return the commit of the checkout that contains `package`, or None outside a checkout."""
    spec = find_package(package)
    if spec is None or not spec.origin or "site-packages" in spec.origin:
        return None
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(spec.origin).parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None


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


def _text(value: str | Mapping[str, str] | None) -> str:
    """Return a property of an environment as text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={x}" for name, x in sorted(value.items())) or "none"
    return value or "none"


@cache
def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
