"""The architecture on the page `docs/design.md` is that of the code."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("core", "sphinx_xpcaps")
CHARTS = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@cache
def files() -> Mapping[str, Path]:
    """Return the files of both packages by module name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """Return what each module imports anywhere, in functions and under TYPE_CHECKING too."""
    return {name: frozenset(_imported(name, path)) for name, path in files().items()}


def _imported(name: str, path: Path) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                base = package.split(".")[: len(package.split(".")) - node.level + 1]
                module = ".".join([*base, module] if module else base)
            for alias in node.names:
                full = f"{module}.{alias.name}"
                yield full if full in files() else module


def _within(modules: Iterable[str], *packages: str) -> set[str]:
    return {m for m in modules if any(f"{m}.".startswith(f"{package}.") for package in packages)}


def _violations(importers: Iterable[str], *forbidden: str) -> dict[str, set[str]]:
    found = {name: _within(imports()[name], *forbidden) for name in importers}
    return {name: bad for name, bad in found.items() if bad}


def test_core_imports_neither_sphinx_nor_the_extension() -> None:
    assert _violations(_within(files(), "core"), "sphinx", "docutils", "sphinx_xpcaps") == {}


IMPORT_SPHINX = (
    "sphinx_xpcaps.extension",
    "sphinx_xpcaps.render",
    "sphinx_xpcaps._private.sphinx",
    "sphinx_xpcaps.core_conflict",
)
"""The modules that import Sphinx, besides ``setup`` in the package itself."""


def test_everything_but_render_and_extension_works_without_sphinx() -> None:
    modules = _within(files(), "sphinx_xpcaps")
    others = modules - _within(modules, *IMPORT_SPHINX) - {"sphinx_xpcaps"}
    forbidden = ("sphinx", "docutils", "sphinx_xpcaps.extension", "sphinx_xpcaps.render")
    assert _violations(others, *forbidden) == {}


def _reachable(start: str, graph: Mapping[str, Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in graph.get(waiting.pop(), ()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


@pytest.mark.parametrize("package", ["core", "sphinx_xpcaps"])
def test_no_module_imports_itself_through_others(package: str) -> None:
    graph = {name: imports()[name] & files().keys() - {name} for name in _within(files(), package)}
    assert sorted(name for name in graph if name in _reachable(name, graph)) == []


@pytest.mark.parametrize("package", ["core.lazy", "sphinx_xpcaps", "sphinx_xpcaps.measure"])
def test_no_folder_imports_itself_through_its_neighbours(package: str) -> None:
    folder_of = {
        name: ".".join(name.split(".")[: package.count(".") + 2])
        for name in _within(files(), package)
        if files()[name].parent != files()[package].parent
    }
    graph: dict[str, set[str]] = {folder: set() for folder in folder_of.values()}
    for name, folder in folder_of.items():
        others = {folder_of[other] for other in imports()[name] & folder_of.keys()}
        graph[folder] |= others - {folder}
    assert len(graph) > 1
    assert sorted(folder for folder in graph if folder in _reachable(folder, graph)) == []


@cache
def flowchart() -> ModuleType:
    """Return the reader of flowcharts from the documentation's own extensions."""
    spec = importlib.util.spec_from_file_location("flowchart", ROOT / "docs/_ext/flowchart.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["flowchart"] = module
    spec.loader.exec_module(module)
    return module


def _chart(number: int) -> tuple[dict[str, str], set[tuple[str, str]], list[str]]:
    """Return the boxes, the arrows and the labels of arrows of a chart on the page."""
    text = CHARTS.findall((ROOT / "docs/design.md").read_text("utf-8"))[number]
    chart = flowchart().parse(text)
    arrows = {(edge.source, edge.target) for edge in chart.edges}
    return dict(chart.labels), arrows, [edge.label for edge in chart.edges]


def test_each_step_of_the_data_flow_names_existing_packages() -> None:
    _, _, labels = _chart(0)
    names = [name for label in labels for name in label.split(", ")]
    assert [name for name in names if f"sphinx_xpcaps.{name}" not in files()] == []


@pytest.mark.parametrize(("number", "package"), [(1, "sphinx_xpcaps"), (2, "core")])
def test_chart_of_imports_is_complete(number: int, package: str) -> None:
    boxes, arrows, _ = _chart(number)
    modules = {name: box for name in files() if (box := _box(name, package))}
    assert boxes.keys() == set(modules.values())
    found = {
        (box, modules[other])
        for name, box in modules.items()
        for other in imports()[name] & modules.keys()
        if modules[other] != box and box != "core"
    }
    assert arrows == found


def _box(module: str, package: str) -> str | None:
    """Return the box of a module in the chart of a package, or None if it has none."""
    top, folder, *rest = [*module.split("."), "", ""]
    if top == "core" and package != "core":
        return "core"
    is_folder = files().get(f"{top}.{folder}", Path()).name == "__init__.py"
    if top != package or not is_folder or folder.startswith("_"):
        return None
    # The registry knows adapters by name and imports them when they are needed.
    is_adapter = folder == "backends" and rest[0] not in ("", "base", "promotion", "registry")
    return "adapters" if is_adapter else folder


@pytest.mark.parametrize("package", ["backends", "lazy_apply", "autojit", "lazy", "testing"])
def test_files_named_in_the_description_of_a_package_exist(package: str) -> None:
    text = (ROOT / "docs/design.md").read_text("utf-8")
    section = text.partition(f"### `core.{package}`\n")[2].partition("\n##")[0]
    names = re.findall(r"`([\w/]+(?:/|\.py))`", section)
    assert len(names) > 3
    folders = (ROOT / "core" / package, ROOT)
    assert [name for name in names if not any((f / name).exists() for f in folders)] == []


def test_modules_named_in_the_docstring_of_a_package_exist() -> None:
    missing = []
    for package, path in files().items():
        tree = ast.parse(path.read_text("utf-8"))
        docstring = ast.get_docstring(tree) if path.name == "__init__.py" else None
        names = re.findall(r"(?<!`)`([a-z_][\w.]*)`(?!`)", docstring or "")
        own = {
            alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for name in names:
            candidates = {f"{package}.{name}", name, name.rpartition(".")[0]}
            if name not in own and not candidates & files().keys():
                missing.append(f"{package}: {name}")
    assert missing == []


def test_steps_of_the_path_of_a_target_exist() -> None:
    text = (ROOT / "docs/design.md").read_text("utf-8")
    section = text.partition("### The path of one target\n")[2].partition("\n##")[0]
    names = re.findall(r"`([\w.]+)\.(\w+)`", section)
    assert len(names) > 15
    for module, name in names:
        tree = ast.parse(files()[f"sphinx_xpcaps.{module}"].read_text("utf-8"))
        assert name in {getattr(node, "name", "") for node in tree.body}, f"{module}.{name}"


def test_files_named_in_the_guide_for_contributors_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    names = re.findall(r"`((?:core|docs|sphinx_xpcaps|tests)/[\w/.]*)`", text)
    names += re.findall(r"\]\(([\w/.]+)(?:#\w+)?\)", text)
    assert len(names) > 20
    assert [name for name in names if not (ROOT / name).exists()] == []
