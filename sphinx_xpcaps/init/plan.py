"""List what changes in a project to which sphinx-xpcaps is added."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sphinx_xpcaps.init.edit_conf import EditError, add_extension, add_options
from sphinx_xpcaps.init.edit_pyproject import add_table
from sphinx_xpcaps.init.layout import Layout

EXTENSION = "sphinx_xpcaps"
REQUIREMENT = "sphinx-xpcaps"
RECORDS = "xpcaps"
"""The folder with records."""

_TEMPLATES = Path(__file__).parent / "workflows"
_README = """\
# Measured capabilities

Records that `sphinx-xpcaps measure` writes, one file for each machine or environment:

    sphinx-xpcaps measure {package} --output {folder}/ci.json

Do not edit them by hand.
"""


class Workflow(StrEnum):
    """Services for which a workflow that measures is added."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


_WORKFLOW_FILES = {
    Workflow.GITHUB: Path(".github", "workflows", "capabilities.yml"),
    Workflow.GITLAB: Path(".gitlab", "capabilities.yml"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The new content of a file."""

    path: Path
    before: bytes | None
    """None if the file is created."""
    after: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All changes in a project, and what is left to its maintainers."""

    root: Path
    changes: tuple[Change, ...] = ()
    left: tuple[str, ...] = ()

    def diff(self) -> str:
        """Return all changes as a unified diff."""
        return "".join(line for change in self.changes for line in _diff(change, self.root))


def make_plan(layout: Layout, workflow: Workflow) -> Plan:
    """Return what changes in a project; what it has already is not changed."""
    left: list[str] = []
    changes = [
        *_configuration(layout, left),
        *_requirements(layout, left),
        _new_file(
            layout.root / RECORDS / "README.md",
            _README.format(package=layout.package, folder=RECORDS),
        ),
    ]
    if workflow is not Workflow.NONE:
        template = (_TEMPLATES / f"{workflow}.yml").read_text("utf-8")
        path = layout.root / _WORKFLOW_FILES[workflow]
        changes.append(_new_file(path, _for_package(template, layout.package)))
    if workflow is Workflow.GITLAB:
        name = _WORKFLOW_FILES[workflow].as_posix()
        left.append(f".gitlab-ci.yml: include the new file: `include: {name}`")
    needed = [change for change in changes if change is not None and change.before != change.after]
    return Plan(root=layout.root, changes=tuple(needed), left=tuple(left))


def default_workflow(root: Path) -> Workflow:
    """Return the service that a project uses."""
    is_gitlab = (root / ".gitlab-ci.yml").exists() and not (root / ".github").exists()
    return Workflow.GITLAB if is_gitlab else Workflow.GITHUB


def _configuration(layout: Layout, left: list[str]) -> Iterator[Change]:
    """Yield the changes of ``conf.py`` and, if there is one, of ``pyproject.toml``."""
    conf = layout.conf.read_bytes()
    edited = conf
    try:
        edited = add_extension(conf, EXTENSION)
    except EditError as error:
        left.append(f"{_shown(layout.conf, layout.root)}: {error}")
    inject = [f"{layout.package}.*"]
    if layout.pyproject is not None:
        before = layout.pyproject.read_bytes()
        options = {"inject": inject, "records": [f"{RECORDS}/*.json"]}
        try:
            yield Change(path=layout.pyproject, before=before, after=add_table(before, options))
        except EditError as error:
            left.append(f"{_shown(layout.pyproject, layout.root)}: {error}")
    elif edited != conf:
        folder = Path(os.path.relpath(layout.root, layout.conf.parent))
        pattern = (folder / RECORDS / "*.json").as_posix()
        edited = add_options(edited, {"xpcaps_inject": inject, "xpcaps_records": [pattern]})
    yield Change(path=layout.conf, before=conf, after=edited)


def _requirements(layout: Layout, left: list[str]) -> Iterator[Change]:
    """Yield the change of the requirements of the documentation, if they are a file beside it."""
    for folder in dict.fromkeys((layout.conf.parent, layout.conf.parent.parent)):
        path = folder / "requirements.txt"
        if folder != layout.root and path.is_file():
            before = path.read_bytes()
            if REQUIREMENT.encode() not in before:
                newline = b"\r\n" if b"\r\n" in before else b"\n"
                end = b"" if not before or before.endswith(b"\n") else newline
                after = before + end + REQUIREMENT.encode() + newline
                yield Change(path=path, before=before, after=after)
            return
    left.append(f"add {REQUIREMENT} to the requirements of your documentation")


def _new_file(path: Path, text: str) -> Change | None:
    """Return the change that creates a file, or None if it exists."""
    return None if path.exists() else Change(path=path, before=None, after=text.encode())


def _for_package(template: str, package: str) -> str:
    return template.replace("mypkg", package)


def _diff(change: Change, root: Path) -> Iterator[str]:
    name = _shown(change.path, root)
    before = (change.before or b"").decode("utf-8", "replace").splitlines(keepends=True)
    after = change.after.decode("utf-8", "replace").splitlines(keepends=True)
    old = "/dev/null" if change.before is None else f"a/{name}"
    for line in difflib.unified_diff(before, after, old, f"b/{name}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _shown(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()
