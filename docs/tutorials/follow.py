"""Follow a tutorial literally: write its files and run its commands.

Usage: python docs/tutorials/follow.py PAGE FOLDER [--venv FOLDER]

A block whose first line is a comment with the name of a file is that file. In a console block,
lines with a dollar sign are commands; the lines below are the expected output, where ``...`` is
anything. With ``--venv``, an environment that has everything is used, and commands that install are
left out.
"""

from __future__ import annotations

import argparse
import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"(?:#|\.\.) ([\w/.]+\.\w+)\n")
INSTALLS = ("python3 -m venv", ". .venv", "pip install")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class File:
    """A file that the reader writes."""

    name: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command that the reader runs, and what the page says that it prints."""

    line: str
    expected: str


def steps(page: str) -> Iterator[File | Command]:
    """Yield what a page asks for, in order."""
    for language, text in FENCE.findall(page):
        name = NAME.match(text)
        if language in ("python", "rst") and name:
            yield File(name[1], text[name.end() :].lstrip("\n"))
        elif language == "console":
            for block in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                line, _, expected = block.partition("\n")
                yield Command(line, expected)


def follow(page: Path, folder: Path, venv: Path | None) -> list[str]:
    """Do what a page asks for, and return what differs from it."""
    found = []
    folder.mkdir(parents=True, exist_ok=True)
    binaries = (venv or folder / ".venv").absolute() / "bin"
    path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    for step in steps(page.read_text("utf-8")):
        if isinstance(step, File):
            path = folder / step.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, "utf-8")
            continue
        if venv and step.line.startswith(INSTALLS):
            continue
        done = subprocess.run(
            ["bash", "-c", step.line],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        matches = doctest.OutputChecker().check_output(step.expected, done.stdout, FLAGS)
        if done.returncode or (step.expected and not matches):
            found.append(
                f"$ {step.line}\nstatus {done.returncode}; expected:\n{step.expected}\n"
                f"found:\n{done.stdout}\n{done.stderr}"
            )
    return found


def main() -> int:
    """Follow a page; the exit status is 1 if something differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--venv", type=Path)
    given = parser.parse_args()
    found = follow(given.page, given.folder, given.venv)
    print(*found, sep="\n\n")
    print(f"{given.page.name}: {len(found)} differences")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
