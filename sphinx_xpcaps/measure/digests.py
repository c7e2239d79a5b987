"""Digests of code: of this project, and of the packages that are measured."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import re
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from sphinx_xpcaps.files import read_cache, write_cache
from sphinx_xpcaps.measure.environment import (
    distribution_version,
    find_package,
    installed_packages,
    package_version,
)

_COMPILED = {".so", ".pyd", ".dylib"}
_DATA = {
    *(".csv", ".dat", ".h5", ".hdf5", ".json", ".mat", ".npy", ".npz", ".parquet", ".pickle"),
    *(".pkl", ".toml", ".tsv", ".txt", ".xml", ".yaml", ".yml", ".zip"),
}
"""Suffixes of files in a package that its functions may read."""
_SKIPPED_FOLDERS = {"tests", "test", "__pycache__"}
_SITE_FOLDERS = {"site-packages", "dist-packages"}
_OWN = frozenset({"core", "sphinx_xpcaps"})
_IMPORT = re.compile(
    r"^\s*(?:>>>|\.\.\.)?\s*(?:from\s+(\w+)[\w.]*\s+import\b|import\s+([\w., ]+))", re.MULTILINE
)
_ENGINE = (
    "core",
    "sphinx_xpcaps/_private",
    "sphinx_xpcaps/cases",
    "sphinx_xpcaps/exceptions.py",
    "sphinx_xpcaps/measure",
    "sphinx_xpcaps/results/model.py",
    "sphinx_xpcaps/results/text.py",
)
"""Folders and files with code that can change an outcome."""
NOT_IN_ENGINE = {
    "core/lazy/display/": "draws graphs",
    "core/testing/": "runs the tests of other packages",
    "sphinx_xpcaps/__init__.py": "sets up the extension",
    "sphinx_xpcaps/config.py": "has the options, whose values are in the keys",
    "sphinx_xpcaps/files.py": "reads and writes files",
    "sphinx_xpcaps/measure/batch.py": "chooses what is measured",
    "sphinx_xpcaps/measure/journal.py": "stores cells",
    "sphinx_xpcaps/measure/missing.py": "chooses what is measured",
    "sphinx_xpcaps/measure/profile.py": "measures time",
    "sphinx_xpcaps/measure/schedulers/": "chooses where something is measured",
    "sphinx_xpcaps/measure/signals.py": "ends a batch",
    "sphinx_xpcaps/measure/store.py": "stores cells",
    "sphinx_xpcaps/results/__init__.py": "has no code",
    "sphinx_xpcaps/results/bundle.py": "reads and writes records",
    "sphinx_xpcaps/results/cell_key.py": "joins the parts of keys",
    "sphinx_xpcaps/results/encoding.py": "reads and writes records",
    "sphinx_xpcaps/results/garbage.py": "makes reading records faster",
    "sphinx_xpcaps/results/labels.py": "has the texts that are shown",
    "sphinx_xpcaps/results/order.py": "sorts records",
    "sphinx_xpcaps/results/record.py": "reads and writes records",
    "sphinx_xpcaps/results/sharing.py": "makes reading records faster",
    "sphinx_xpcaps/version.py": "has the version",
}
"""Files and folders that cannot change an outcome, though measuring imports them, with a reason."""


_File = tuple[int, int, str, list[str]]
"""Size, modification time, digest and imports of a file."""


def digest(facts: Any) -> str:
    """Return the digest of a value that JSON can represent."""
    try:
        content = msgspec.json.encode(facts, order="sorted", enc_hook=str)
    except UnicodeEncodeError:  # of text with surrogates, which msgspec cannot represent
        content = json.dumps(facts, sort_keys=True, default=str).encode()
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@cache
def engine_digest() -> str:
    """Return the digest of the code of this project that finds, runs and judges cases."""
    return digest([hashlib.sha256(path.read_bytes()).hexdigest() for path in engine_files()])


def engine_files() -> list[Path]:
    """Return the files of this project that can change an outcome."""
    root = Path(__file__).parents[2]
    files = (
        file
        for place in (root / name for name in _ENGINE)
        for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))
    )
    excluded = tuple(NOT_IN_ENGINE)
    return [file for file in files if not file.relative_to(root).as_posix().startswith(excluded)]


def packages_in_examples(text: str) -> set[str]:
    """Return the top-level names that the examples in a docstring, or code, import."""
    names = set()
    for found in _IMPORT.finditer(text):
        for name in (found[1] or found[2]).split(","):
            names.add(name.strip().partition(" ")[0].partition(".")[0])
    return names - {""}


@cache
def is_under_development(package: str) -> bool:
    """Return whether a top-level package is found outside the folders of installed packages."""
    if package in _OWN or package in sys.stdlib_module_names:
        return False
    spec = find_package(package)
    if spec is None:
        return False
    places = [*([spec.origin] if spec.origin else []), *(spec.submodule_search_locations or ())]
    files = [Path(place).resolve() for place in places if Path(place).is_absolute()]
    return bool(files) and not any(
        file.is_relative_to(folder) for file in files for folder in _installation_folders()
    )


@cache
def _installation_folders() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    places = {sysconfig.get_path(name) for name in names}
    places.update(site.getsitepackages() if hasattr(site, "getsitepackages") else ())
    places.add(site.getusersitepackages())
    # Those of the environment that a virtual environment inherits packages from.
    places.update(path for path in sys.path if Path(path).name in _SITE_FOLDERS)
    return tuple(Path(place).resolve() for place in sorted(places) if place)


class PackageDigests:
    """Digests of packages' files, with the digest of each file cached between runs.

    For an installed package, the list of files that its installer wrote is enough. For a package
    under development, each source file counts as its syntax tree without docstrings, so that a
    changed comment or docstring runs nothing again. Other packages and modules under development
    that it imports, directly or indirectly, count in the same way.

    Parameters
    ----------
    cache_file : Path
        A JSON file with size, modification time, digest and imports of each file.
    """

    def __init__(self, cache_file: Path) -> None:
        self._cache_file = cache_file
        self._files = read_cache(cache_file, dict[str, _File]) or {}
        self._digests: dict[str, str] = {}

    def of(self, package: str) -> str:
        """Return the digest of a top-level package and of the versions that it depends on."""
        if package not in self._digests:
            self._digests[package] = digest(_installed_files(package) or self._sources(package))
        return self._digests[package]

    def save(self) -> None:
        """Write the cache file."""
        write_cache(self._cache_file, self._files)

    def of_imported(self, names: Iterable[str]) -> dict[str, str]:
        """Return the digests of those top-level packages that are under development."""
        return {name: self.of(name) for name in sorted(set(names)) if is_under_development(name)}

    def _sources(self, package: str) -> Mapping[str, Any]:
        files: dict[str, dict[str, str]] = {}
        imported: set[str] = set()
        waiting = {package}
        while waiting:
            name = waiting.pop()
            files[name] = {}
            for root, path in package_files(name):
                files[name][path.relative_to(root).as_posix()], names = self._file(path)
                imported.update(names)
                waiting.update(other for other in names if is_under_development(other))
            waiting -= files.keys()
        known = installed_packages()
        versions = {
            name: package_version(name)
            for name in sorted(imported)
            if name in known and name not in files
        }
        return {"files": files, "versions": versions}

    def _file(self, path: Path) -> tuple[str, list[str]]:
        """Return a file's digest and the names of the packages that it imports."""
        stat = path.stat()
        cached = self._files.get(str(path))
        if cached and cached[:2] == (stat.st_size, stat.st_mtime_ns):
            return cached[2], cached[3]
        content = path.read_bytes()
        names: list[str] = []
        if path.suffix == ".py":
            try:
                tree = ast.parse(content)
                names = sorted(_imported(tree))
                content = ast.dump(_without_docstrings(tree)).encode()
            except (SyntaxError, ValueError):
                pass
        file_digest = hashlib.sha256(content).hexdigest()
        self._files[str(path)] = (stat.st_size, stat.st_mtime_ns, file_digest, names)
        return file_digest, names


def _installed_files(package: str) -> Mapping[str, Any] | None:
    """Return what the installer recorded of a package; None if it is under development."""
    spec = find_package(package)
    origin = Path(spec.origin).resolve() if spec and spec.origin else None
    for distribution in installed_packages().get(package, []):
        text = distribution.read_text("RECORD") or ""
        rows = sorted(row for row in text.splitlines() if re.search(r"\.pyi?,", row))
        for row in rows:
            path = distribution.locate_file(row.partition(",")[0])
            if origin is not None and Path(str(path)).resolve() == origin:
                requires = {
                    required: package_version(required) or distribution_version(required)
                    for required in _requirements(distribution)
                }
                return {"version": distribution.version, "files": rows, "versions": requires}
    return None


def _requirements(distribution: importlib.metadata.Distribution) -> list[str]:
    """Return the names of a distribution's requirements, without those of its extras."""
    from packaging.requirements import InvalidRequirement, Requirement  # late, as it is slow

    names = set()
    for line in distribution.requires or []:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if "extra ==" not in str(requirement.marker or ""):
            names.add(requirement.name)
    return sorted(names)


def package_files(package: str) -> Iterator[tuple[Path, Path]]:
    """Yield a package's files, each with the folder that its name is relative to."""
    spec = find_package(package)
    if spec is None:
        return
    if not spec.submodule_search_locations:
        if spec.origin and Path(spec.origin).is_file():
            yield Path(spec.origin).parent, Path(spec.origin)
        return
    for location in spec.submodule_search_locations:
        root = Path(location)
        for path in sorted(root.rglob("*")):
            if path.suffix not in {".py", *_COMPILED, *_DATA} or not path.is_file():
                continue
            if not _SKIPPED_FOLDERS & set(path.relative_to(root).parts[:-1]):
                yield root, path


def _imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Call) and node.args and _is_import_function(node.func):
            argument = node.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                names.add(argument.value.partition(".")[0])
    return names - {""}


def _is_import_function(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in ("import_module", "__import__")


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return tree
