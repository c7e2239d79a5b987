"""Real builds of small documentation projects."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from sphinx.testing.util import SphinxTestApp

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Built:
    """The result of a build."""

    out: Path
    warnings: list[str]
    written: list[str]
    """Documents whose pages were written."""

    def text(self, name: str) -> str:
        return (self.out / name).read_text("utf-8")

    def page(self, name: str) -> BeautifulSoup:
        return BeautifulSoup(self.text(name), "html.parser")


@dataclass(frozen=True)
class Site:
    """A documentation project in a temporary folder, which can be built several times."""

    src: Path
    make_app: Callable[..., SphinxTestApp]

    def build(self, builder: str = "html", *, parallel: int = 0, **options: Any) -> Built:
        app = self.make_app(
            builder,
            srcdir=self.src,
            parallel=parallel,
            confoverrides={"show_warning_types": True, **options},
        )
        written: list[str] = []
        app.connect("doctree-resolved", lambda app, doctree, docname: written.append(docname))
        app.build()
        app.cleanup()  # otherwise the next build warns about nodes that are registered twice
        text = re.sub(r"\x1b\[[0-9;]*m", "", app.warning.getvalue()).replace(f"{self.src}/", "")
        lines = [line for line in text.splitlines() if line.strip()]
        return Built(Path(app.outdir), lines, sorted(written))


@dataclass(frozen=True)
class Run:
    """The result of one run of ``sphinx-build``."""

    src: Path
    returncode: int
    stderr: str
    output: str

    @property
    def warnings(self) -> list[str]:
        lines = self.output.replace(f"{self.src}/", "").splitlines()
        return sorted(line for line in lines if "[xpcaps." in line)

    @property
    def measured(self) -> list[str]:
        return re.findall(r"^measuring capabilities\.\.\. \[ *\d+%\] (.*)$", self.output, re.M)

    @property
    def written(self) -> list[str]:
        return re.findall(r"^writing output\.\.\. \[ *\d+%\] (.*)$", self.output, re.M)

    def page(self, name: str) -> BeautifulSoup:
        return BeautifulSoup((self.src / "_build/html" / name).read_text("utf-8"), "html.parser")


def sphinx_build(src: Path, *options: str, returncode: int = 0) -> Run:
    """Run ``sphinx-build`` in a subprocess, with the version of Sphinx that runs the tests."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "-d", "_build/doctrees", ".", "_build/html"],
        cwd=src,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == returncode, done.stderr
    return Run(src, done.returncode, done.stderr, done.stdout + done.stderr)


def copy_site(name: str, rootdir: Path, parent: Path, make_app: Any = SphinxTestApp) -> Site:
    """Copy a project in ``tests/roots`` into a folder."""
    src = parent / name
    shutil.copytree(rootdir / f"test-{name}", src)
    return Site(src, make_app)


@pytest.fixture
def site(tmp_path: Path, rootdir: Path, make_app: Callable[..., SphinxTestApp]):
    """Return a function that copies a project in ``tests/roots``."""
    return lambda name: copy_site(name, rootdir, tmp_path, make_app)


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory, rootdir: Path) -> Built:
    """Return the unchanged project ``test-offline``, built once as HTML."""
    return copy_site("offline", rootdir, tmp_path_factory.mktemp("offline")).build()


def cells(page: Tag, target: str) -> dict[tuple[str, str], str]:
    """Return the text of each cell of a target's table, by library and device."""
    description = page.find(id=target)
    assert isinstance(description, Tag), f"no description of {target}"
    body = description.find_next_sibling("dd")
    assert isinstance(body, Tag)
    return cells_of(body)


def cells_of(place: Tag) -> dict[tuple[str, str], str]:
    """Return the text of each cell of the first table in `place`."""
    table = place.find("table", class_="xp-capabilities")
    assert isinstance(table, Tag), "no table of capabilities"
    devices = [words(head) for head in table.select("thead th")][1:]
    return {
        (words(row.th), device): words(entry)
        for row in table.select("tbody tr")
        for device, entry in zip(devices, row.find_all("td"), strict=True)
    }


def words(tag: Tag | None) -> str:
    """Return the text of a tag for a screen reader."""
    assert tag is not None
    copy = BeautifulSoup(str(tag), "html.parser")
    for hidden in copy.find_all(attrs={"aria-hidden": "true"}):
        hidden.decompose()
    return " ".join(copy.get_text(" ").split())
