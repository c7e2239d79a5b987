"""Kill a measuring run at random moments, and compare its record with that of a run without kills.

    python benchmarks/interruptions.py [--kills 60] [--functions 40] [--seed 0]

After each kill the record must be readable. When a run completes, the record must have the same
bytes as that of an undisturbed run, and no other file may be left.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sphinx_xpcaps.results.record import read

ROOT = Path(__file__).parents[1]
FUNCTION = '''
def f{number}(x):
    """Return a multiple of the argument.

    >>> f{number}(np.ones(2))
    """
    return {number} * x
'''


class Project:
    """A package with functions to measure, in a temporary folder."""

    def __init__(self, folder: Path, functions: int) -> None:
        self.folder = folder
        self.record = folder / "records" / "r.json"
        self.temporary = folder / "temporary"
        for name in ("records", "temporary", "cache"):
            (folder / name).mkdir()
        text = "import numpy as np\n" + "".join(FUNCTION.format(number=i) for i in range(functions))
        (folder / "killed_package.py").write_text(text)

    def start(self) -> subprocess.Popen[bytes]:
        """Return a run that measures the package."""
        environment = {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(self.folder)]),
            "TMPDIR": str(self.temporary),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }
        command = [sys.executable, "-m", "sphinx_xpcaps.cli", "measure", "killed_package"]
        backends = ["--backend", "numpy", "--backend", "array-api-strict", "-o", str(self.record)]
        return subprocess.Popen(
            command + backends,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def files_left(self) -> list[str]:
        """Return the files that should not be there, after servers had time to clean up."""
        for _ in range(100):
            left = [p.name for p in self.record.parent.iterdir() if p != self.record]
            left += [path.name for path in self.temporary.iterdir()]
            if not left:
                return []
            time.sleep(0.1)
        return left


def measuring_seconds(project: Project) -> float:
    """Return how long a run takes from the first to the last version of its record."""
    run = project.start()
    wait_for_record(project, run)
    start = time.monotonic()
    run.communicate()
    return time.monotonic() - start


def wait_for_record(project: Project, run: subprocess.Popen[bytes]) -> None:
    """Wait until a run begins to measure, which is when it writes the record or a journal."""
    while run.poll() is None and not list(project.record.parent.iterdir()):
        time.sleep(0.005)


def main() -> None:
    """Run and print a summary; the exit status is 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--functions", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    kills = completed = recovered = 0
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), options.functions)
        seconds = measuring_seconds(project)
        expected = project.record.read_bytes()
        project.record.unlink()
        while kills < options.kills or not project.record.exists():
            started_with = project.record.exists()
            run = project.start()
            wait_for_record(project, run)
            if kills < options.kills:
                delay = chance.uniform(0, seconds)
                if started_with:  # it begins to measure some time after its start
                    delay += chance.uniform(0, seconds)
                try:
                    run.wait(delay)
                except subprocess.TimeoutExpired:
                    run.send_signal(signal.SIGKILL)
                    kills += 1
            _, errors = run.communicate()
            if run.returncode not in (0, -signal.SIGKILL):
                problems.append(f"exit status {run.returncode}: {errors.decode()}")
                break
            if project.record.exists():
                recovered += len(read(project.record).targets)
            if run.returncode == 0:
                completed += 1
                if project.record.read_bytes() != expected:
                    problems.append("the record differs from that of the undisturbed run")
                if left := project.files_left():
                    problems.append(f"files left: {left}")
                if kills < options.kills:
                    project.record.unlink()
    print(f"{kills} kills, {completed} completed runs, {len(problems)} problems")
    for problem in dict.fromkeys(problems):
        print(problem)
    raise SystemExit(1 if problems else 0)


if __name__ == "__main__":
    main()
