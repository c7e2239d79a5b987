"""Create virtual environments, with uv if it is installed, else with venv and pip; keep them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sphinx_xpcaps.files import locked

_LIMIT = 3600.0
"""Seconds that creating an environment may take."""
_COMPLETE = "xpcaps-complete.json"
"""The file that is written last, with what was asked for."""
_INHERITED = "xpcaps-inherited.pth"


class CreateError(Exception):
    """An environment cannot be created; the message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an environment consists of.

    Parameters
    ----------
    slug : str
        A part of the name of its folder.
    arguments : tuple of str
        What pip installs.
    inherits : bool
        Whether it also has the packages of the environment that runs this program.
    """

    slug: str
    arguments: tuple[str, ...]
    inherits: bool

    @property
    def name(self) -> str:
        """The name of the folder, which is different for different contents."""
        facts = [self.arguments, self.inherits and site_folders(), sys.executable, sys.version]
        return f"{self.slug}-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualEnvironment:
    """A virtual environment with everything installed."""

    folder: Path
    created: bool
    """Whether it was created now, and not kept from an earlier run."""

    @property
    def python(self) -> Path:
        """The interpreter."""
        return interpreter(self.folder)


def environment_for(contents: Contents, parent: Path, *, again: bool = False) -> VirtualEnvironment:
    """Return the environment with some contents, created if it does not exist.

    Parameters
    ----------
    contents : Contents
        What it consists of.
    parent : Path
        The folder of all environments.
    again : bool
        Whether an existing environment is deleted first, such as to get newer releases.

    Raises
    ------
    CreateError
        It cannot be created. Nothing is left of it.
    """
    folder = parent / contents.name
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        if not again and (folder / _COMPLETE).exists() and interpreter(folder).exists():
            return VirtualEnvironment(folder=folder, created=False)
        _empty(folder)
        try:
            _create(contents, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        (folder / _COMPLETE).write_text(json.dumps({"arguments": contents.arguments}), "utf-8")
    return VirtualEnvironment(folder=folder, created=True)


def interpreter(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def site_folders() -> list[str]:
    """Return the folders of the packages that this interpreter imports."""
    found = [*site.getsitepackages(), *(path for path in sys.path if _is_site(path))]
    return [path for path in dict.fromkeys(found) if Path(path).is_dir()]


def _is_site(path: str) -> bool:
    return Path(path).name in ("site-packages", "dist-packages")


def _create(contents: Contents, folder: Path) -> None:
    uv = (
        None if contents.inherits else shutil.which("uv")
    )  # uv would install what is inherited again
    python = str(interpreter(folder))
    if uv is not None:
        _run([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)])
        _run([uv, "pip", "install", "--quiet", "--python", python, *contents.arguments])
    elif contents.inherits:
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
        _inherit(folder)
        _run(
            [
                sys.executable,
                "-m",
                "pip",
                "--python",
                python,
                "install",
                "--quiet",
                *contents.arguments,
            ]
        )
    else:
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([python, "-m", "pip", "install", "--quiet", *contents.arguments])


def _inherit(folder: Path) -> None:
    """Let an environment import the packages of this one, after those that it has itself."""
    # This reads the .pth files of the folders too, which a list of folders here would not.
    code = "".join(f"import site; site.addsitedir({path!r})\n" for path in site_folders())
    for path in folder.glob("[Ll]ib/python*/site-packages"):
        (path / _INHERITED).write_text(code, "utf-8")
    for path in folder.glob("Lib/site-packages"):  # Windows
        (path / _INHERITED).write_text(code, "utf-8")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _run(command: Sequence[str]) -> None:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CreateError(f"{Path(command[0]).name}: {error}") from error
    if done.returncode:
        raise CreateError(_reason(done.stderr) or f"{command[0]} ended with {done.returncode}")


def _reason(output: str) -> str:
    """Return the line of an installer's output that says most about a failure."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "× ", "╰─▶"))]
    return " ".join((errors or lines or [""])[-1].removeprefix("ERROR: ").split())[:500]
