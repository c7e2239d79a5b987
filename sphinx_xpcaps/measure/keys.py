"""Keys: a digest of everything that could change an outcome, and of nothing else."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sphinx_xpcaps.measure.environment import package_version, top_levels

VERSION = 1
"""Raised when the engine changes so that what it measured before no longer counts."""

_COMPILED = {".so", ".pyd", ".dylib"}


def digest(facts: Any) -> str:
    """Return the digest of anything that JSON can hold."""
    content = json.dumps(facts, sort_keys=True, default=str).encode()
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class PackageDigests:
    """Digests of packages' files, with what files were like kept between runs.

    Of an installed package the list of files that its installer wrote is enough. Of one that is
    being worked on, each source file counts as its syntax tree without docstrings, so that a
    comment or a docstring elsewhere runs nothing again.

    Parameters
    ----------
    memory : Path
        A JSON file: size, time and digest of each file seen before.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        try:
            self._seen: dict[str, list[Any]] = json.loads(memory.read_text())
        except (OSError, ValueError):
            self._seen = {}
        self._made: dict[str, str] = {}

    def of(self, package: str) -> str:
        """Return the digest of the top-level `package` and of the versions that it builds on."""
        if package not in self._made:
            self._made[package] = digest(_installed_files(package) or self._sources(package))
        return self._made[package]

    def save(self) -> None:
        """Keep what was seen."""
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        self._memory.write_text(json.dumps(self._seen, sort_keys=True))

    def _sources(self, package: str) -> Mapping[str, Any]:
        files: dict[str, Any] = {}
        imported: set[str] = set()
        for root, path in _package_files(package):
            content, names = self._file(path)
            files[path.relative_to(root).as_posix()] = content
            imported.update(names)
        imported.discard(package)
        versions = {
            name: package_version(name) for name in sorted(imported) if name in top_levels()
        }
        return {"files": files, "versions": versions}

    def _file(self, path: Path) -> tuple[str, list[str]]:
        stat = path.stat()
        known = self._seen.get(str(path))
        if known and known[:2] == [stat.st_size, stat.st_mtime_ns]:
            return known[2], known[3]
        content = path.read_bytes()
        names: list[str] = []
        if path.suffix == ".py":
            try:
                tree = ast.parse(content)
                names = sorted(_imported(tree))
                content = ast.dump(_without_docstrings(tree)).encode()
            except (SyntaxError, ValueError):
                pass
        made = hashlib.sha256(content).hexdigest()
        self._seen[str(path)] = [stat.st_size, stat.st_mtime_ns, made, names]
        return made, names


def _installed_files(package: str) -> Mapping[str, Any] | None:
    """Return what an installer wrote down about a package, or None if it is worked on."""
    origin = _origin(package)
    for name in top_levels().get(package, []):
        distribution = importlib.metadata.distribution(name)
        text = distribution.read_text("RECORD") or ""
        rows = sorted(row for row in text.splitlines() if re.search(r"\.pyi?,", row))
        for row in rows:
            path = distribution.locate_file(row.partition(",")[0])
            if origin is not None and Path(str(path)).resolve() == origin:
                requires = {
                    required: package_version(required) or _version_of(required)
                    for required in _requirements(distribution)
                }
                return {"version": distribution.version, "files": rows, "versions": requires}
    return None


def _version_of(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _requirements(distribution: importlib.metadata.Distribution) -> list[str]:
    lines = [line for line in distribution.requires or [] if "extra ==" not in line]
    return sorted({re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in lines})


def _origin(package: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).resolve() if spec and spec.origin else None


def _package_files(package: str) -> Iterator[tuple[Path, Path]]:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    if not spec.submodule_search_locations:
        if spec.origin and Path(spec.origin).is_file():
            yield Path(spec.origin).parent, Path(spec.origin)
        return
    for location in spec.submodule_search_locations:
        root = Path(location)
        for path in sorted(root.rglob("*")):
            if path.suffix not in {".py", *_COMPILED} or not path.is_file():
                continue
            if not {"tests", "test", "__pycache__"} & set(path.relative_to(root).parts[:-1]):
                yield root, path


def _imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return tree
