"""The sdist and the wheel: their contents, and their version with and without tags."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IN_A_CHECKOUT = (ROOT / ".git").exists()

pytest.importorskip("hatchling")
pytest.importorskip("hatch_vcs")
pytestmark = pytest.mark.skipif(not IN_A_CHECKOUT, reason="needs a checkout of the repository")


def hatch(*arguments: str | Path, folder: Path = ROOT) -> str:
    """Run hatchling in a folder and return its output."""
    command = [sys.executable, "-m", "hatchling", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def git(*arguments: str | Path, folder: Path = ROOT) -> str:
    """Run Git in a folder and return its output."""
    command = ["git", "-C", str(folder), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def tracked(*folders: str) -> set[str]:
    """Return the files of folders that are under version control."""
    names = git("ls-files", "--cached", "--others", "--exclude-standard", *folders).splitlines()
    return {name for name in names if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The names of the files in the wheel and in the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    hatch("build", "--directory", folder)
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = archive.namelist()
    with tarfile.open(sdist) as archive:
        in_sdist = [name.partition("/")[2] for name in archive.getnames()]
    return {"wheel": in_wheel, "sdist": in_sdist}


def test_the_wheel_has_the_files_of_both_packages_and_nothing_else(
    distributions: dict[str, list[str]],
) -> None:
    files = {name for name in distributions["wheel"] if ".dist-info/" not in name}
    assert files == tracked("core", "sphinx_xpcaps")


def test_the_wheel_declares_its_license_types_and_command(
    distributions: dict[str, list[str]],
) -> None:
    metadata = {name.partition(".dist-info/")[2] for name in distributions["wheel"]}
    assert {"METADATA", "RECORD", "entry_points.txt", "licenses/LICENSE"} <= metadata
    assert {"core/py.typed", "sphinx_xpcaps/py.typed"} <= set(distributions["wheel"])


def test_the_sdist_has_what_its_own_makefile_needs(distributions: dict[str, list[str]]) -> None:
    needed = tracked(".ci", "benchmarks", "core", "docs", "sphinx_xpcaps", "tests", "Makefile")
    assert needed - set(distributions["sdist"]) == set()


def clone(folder: Path, *tags: str) -> Path:
    """Return a repository with the files that determine the version, and tags."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    git("init", "--quiet", folder=folder)
    who: Sequence[str] = ("-c", "user.name=someone", "-c", "user.email=someone@example.org")
    git("add", ".", folder=folder)
    git(*who, "commit", "--quiet", "--message", "first", folder=folder)
    for tag in tags:
        git(*who, "tag", "--annotate", tag, "--message", tag, folder=folder)
    return folder


@pytest.mark.parametrize(
    ("tags", "version"),
    [((), "0.1.dev1"), (("v1.2.3",), "1.2.3"), (("v1.2.3", "data-v2026.11"), "1.2.3")],
)
def test_the_version_is_that_of_the_tag(
    tmp_path: Path, tags: tuple[str, ...], version: str
) -> None:
    assert hatch("version", folder=clone(tmp_path, *tags)) == version


def test_files_without_a_repository_have_a_version(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    assert hatch("version", folder=tmp_path) == "0.1.dev0"
