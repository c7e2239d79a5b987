"""Measure functions among others that misbehave, and compare with a run without these.

Usage: python benchmarks/isolation.py [--good N] [--orders N] [--jobs N ...] [--only PATTERN ...]

Writes a package with many ordinary functions. Between them are functions that change the state of
their process, end it, block it, use up its resources, or write to its connections; see
``misbehaving.py``. Each order places these differently. No cell of an ordinary function may differ
from a run without the others. Prints every cell that does, and exits with status 1 if there is any.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from misbehaving import MISBEHAVIORS, Misbehavior

HEAD = '''
import builtins, ctypes, gc, os, signal, socket, struct, subprocess, sys, tempfile, threading
import time, warnings
import numpy as np
from array_api_compat import array_namespace


def elsewhere(x):
    """Return whether the array is not one of NumPy."""
    return type(x).__module__.partition(".")[0] != "numpy"

'''
FUNCTION = '''
def {name}(x):
    """Return something.

    Examples
    --------
    >>> import numpy as np
    >>> from {package} import {name}
    >>> y = {name}(np.asarray({values}))
    """
{body}
'''
ORDINARY = (
    "return x + 1",
    "xp = array_namespace(x)\nreturn xp.sum(x) / 2",
    "xp = array_namespace(x)\nreturn xp.sort(x)",
    "xp = array_namespace(x)\nreturn xp.mean(x, axis=0)",
    "os.getcwd()\nreturn x * 2",
    "with tempfile.TemporaryFile() as file:\n    file.write(b'a')\nreturn x - 1",
    "warnings.warn('a warning')\nreturn x + 3",
    "thread = threading.Thread(target=len, args=('a',))\nthread.start()\nthread.join()\n"
    "return x + 4",
    "np.float64(1) / np.float64(0)\nreturn x + 5",
    "import importlib, decimal\nimportlib.reload(decimal)\nreturn x + 6",
    "xp = array_namespace(x)\nreturn xp.zeros(3) + x",
    "return np.linalg.norm(np.asarray(x))",
    "if elsewhere(x):\n    raise ValueError('no %s' % type(x).__name__)\nreturn x",
    "def count(n):\n    return 0 if n == 0 else 1 + count(n - 1)\ncount(300)\nreturn x + 7",
    "subprocess.run(['true'], check=True)\nreturn x + 8",
    "signal.getsignal(signal.SIGTERM)\nos.environ['HOME']\nreturn x / 3",
    "if os.path.exists('left-behind'):\n    raise ValueError('a file was left')\nreturn x",
    "import asyncio\nasync def wait():\n    await asyncio.sleep(0)\nasyncio.run(wait())\n"
    "return x + 9",
    "import json\nreturn x + len(json.dumps([1, 2]))",
    "time.sleep(0.02)\nreturn x + time.time() * 0",
    "xp = array_namespace(x)\nreturn xp.asarray(np.random.rand(3)) * 0 + x",
    "if elsewhere(x):\n    import torch\n    return x * torch.ones(3)\nreturn x * np.ones(3)",
    "print('some output', flush=True)\nreturn x - 2",
    "print(np.float64(1) / 3)\nreturn x + float(str(np.float64(0.1234567)))",
)
VALUES = ("[1.0, 2.0, 3.0]", "[3, 1, 2]")
PACKAGE = "misbehaving_package"


def write_package(
    folder: Path, good: int, bad: Sequence[Misbehavior], order: int
) -> tuple[list[str], list[str]]:
    """Write the package; return the names of its ordinary and of its misbehaving functions."""
    random_order = random.Random(order)
    text = [HEAD]
    ordinary, others = [], []
    for number in range(good):
        name = f"f{number:04}"
        body = ORDINARY[number % len(ORDINARY)]
        values = VALUES[number // len(ORDINARY) % len(VALUES)]
        text.append(_function(name, body, values))
        ordinary.append(name)
    for misbehavior in bad:
        name = f"f{random_order.randrange(good):04}_{misbehavior.name}"
        text.append(_function(name, misbehavior.body, "[1.0, 2.0]"))
        others.append(name)
    folder.mkdir(parents=True, exist_ok=True)
    Path(folder, f"{PACKAGE}.py").write_text("".join(text), "utf-8")
    return [f"{PACKAGE}.{name}" for name in ordinary], [f"{PACKAGE}.{name}" for name in others]


def _function(name: str, body: str, values: str) -> str:
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    return FUNCTION.format(name=name, package=PACKAGE, values=values, body=indented)


def measure(
    folder: Path, names: Sequence[str], jobs: int, options: argparse.Namespace
) -> Mapping[str, Any]:
    """Return the cells of each function in a new record, without their keys."""
    output = Path(tempfile.mkdtemp(dir=folder), "record.json")
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(output.parent)}
    command = [sys.executable, "-m", "sphinx_xpcaps.cli", "measure", *names, "-o", output]
    command += ["--jobs", str(jobs), "--timeout", str(options.timeout)]
    command += ["--memory", options.memory]
    for backend in options.backend:
        command += ["--backend", backend]
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    print(f"  {len(names)} functions in {time.monotonic() - began:.0f} s", flush=True)
    targets = json.loads(output.read_text("utf-8"))["records"][0]["targets"]
    for target in targets.values():
        for cell in target["cells"]:
            cell.pop("key", None)
    return {name: target["cells"] for name, target in targets.items()}


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return a line for each cell that differs."""
    lines = []
    for name, cells in expected.items():
        for one, other in zip(cells, found[name], strict=True):
            if one != other:
                lines.append(f"{name} ({one['backend']}): {_short(one)} -> {_short(other)}")
    return lines


def _short(cell: Mapping[str, Any]) -> str:
    return json.dumps({k: v for k, v in cell.items() if k not in ("backend", "device")})[:300]


def leftover_processes(folder: Path) -> list[str]:
    """Return the command lines of running processes that have the folder in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--good", type=int, default=300, help="number of ordinary functions")
    parser.add_argument("--orders", type=int, default=2, help="number of different orders")
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--backend", action="append", default=[])
    parser.add_argument("--timeout", type=float, default=3.0)
    parser.add_argument("--memory", default="2GB", help="memory limit of a worker")
    parser.add_argument("--only", nargs="*", default=["*"], help="patterns of misbehaviors")
    parser.add_argument("--show", action="store_true", help="print the misbehaving ones' cells")
    options = parser.parse_args()
    options.backend = options.backend or ["numpy", "torch"]
    bad = [m for m in MISBEHAVIORS if any(fnmatch.fnmatch(m.name, p) for p in options.only)]
    print(f"{options.good} ordinary and {len(bad)} misbehaving functions")
    failed = False
    with tempfile.TemporaryDirectory(prefix="isolation-") as name:
        folder = Path(name)
        good, _ = write_package(folder, options.good, [], 0)
        expected = measure(folder, good, 2, options)
        total = sum(map(len, expected.values()))
        for order in range(options.orders):
            good, others = write_package(folder, options.good, bad, order)
            for jobs in options.jobs:
                found = measure(folder, [*good, *others], jobs, options)
                lines = differences(expected, found)
                left = leftover_processes(folder)
                print(f"order {order}, jobs {jobs}: {len(lines)} of {total} cells differ")
                for line in (*lines, *(f"still running: {each}" for each in left)):
                    print(" ", line)
                failed |= bool(lines or left)
                if options.show:
                    for other in others:
                        print(" ", other, [_short(cell) for cell in found[other]])
    sys.exit(failed)


if __name__ == "__main__":
    main()
