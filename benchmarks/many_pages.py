"""Build documentation with very many functions, build it again, and print the figures.

    python benchmarks/many_pages.py [--targets 5000] [--pages 1000] [--backend numpy]...

The steps are: a build that measures everything, a build without a change, a build after a page
changed, and a build after the package's code changed. Each runs in its own process.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PER_MODULE = 100
CONF = """
extensions = ["sphinx_xpcaps"]
html_theme = "basic"
xpcaps_inject = ["many.*"]
xpcaps_backends = {backends!r}
xpcaps_devices = ["cpu"]
"""
FUNCTION = '''
def f{number}(x):
    """Return a multiple of the argument.

    >>> f{number}(np.ones(3))
    """
    return {number} * x
'''


def write_project(folder: Path, targets: int, pages: int, backends: Sequence[str]) -> None:
    """Write a package with many functions, and one page for some of them each."""
    package = folder / "many"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for start in range(0, targets, PER_MODULE):
        numbers = range(start, min(start + PER_MODULE, targets))
        text = "import numpy as np\n" + "".join(FUNCTION.format(number=i) for i in numbers)
        (package / f"m{start // PER_MODULE}.py").write_text(text)
    (folder / "conf.py").write_text(CONF.format(backends=list(backends)))
    names = [f"many.m{i // PER_MODULE}.f{i}" for i in range(targets)]
    share = -(-targets // pages)
    listed = []
    for page in range(pages):
        lines = [f"page {page}", "=" * 20, ""]
        for name in names[page * share : (page + 1) * share]:
            lines += [f".. py:function:: {name}(x)", "", "   Text.", ""]
        (folder / f"page{page}.rst").write_text("\n".join(lines))
        listed.append(f"   page{page}")
    index = ["index", "=====", "", ".. toctree::", "", *listed, ""]
    (folder / "index.rst").write_text("\n".join(index))


def build(folder: Path, what: str) -> None:
    """Build and print the seconds, the peak memory, and how many pages were written."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _CODE, str(folder), str(folder / "_build")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = re.search(r"peak memory: (\d+)", done.stdout)
    written = len(re.findall(r"^writing output\.\.\. \[", done.stdout, re.M))
    measured = len(re.findall(r"^measuring capabilities\.\.\. \[", done.stdout, re.M))
    warnings = done.stderr.count("WARNING")
    print(
        f"{what:28} {seconds:7.1f} s ({processor:6.1f} s of processors), "
        f"{int(memory[1]) / 1024 if memory else 0:6.0f} MB, {written} pages written, "
        f"{measured} steps measured, {warnings} warnings",
        flush=True,
    )
    if done.returncode:
        print(done.stderr[-2000:])
        raise SystemExit(1)


_CODE = """
import resource, sys
from sphinx.cmd.build import main
status = main(["-b", "html", "--no-color", *sys.argv[1:]])
print("peak memory:", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(status)
"""


def main() -> None:
    """Generate the project, build it four times, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, default=5000)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--backend", action="append", dest="backends")
    options = parser.parse_args()
    backends = options.backends or ["numpy"]
    print(f"{options.targets} targets on {options.pages} pages, {', '.join(backends)}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_project(folder, options.targets, options.pages, backends)
        build(folder, "first build")
        build(folder, "no change")
        (folder / "page0.rst").write_text((folder / "page0.rst").read_text() + "\nMore text.\n")
        build(folder, "one page changed")
        module = folder / "many" / "m0.py"
        module.write_text(module.read_text() + "\nADDED = 1\n")
        build(folder, "code changed")
        [record] = (folder / "_build" / ".doctrees" / "xpcaps" / "records").glob("*.json")
        print(f"record in the cache: {record.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
