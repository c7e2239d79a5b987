"""Check that a documentation host shows the tables that another machine has measured.

Builds a small project in this environment, which has the array libraries, and with
`xpcaps_execute = "off"` in an environment that has none. All pages must be the same bytes.

    python .ci/documentation_host.py PYTHON

PYTHON is the interpreter of the other environment.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIBRARIES = ("array_api_strict", "cupy", "dask", "jax", "scipy", "torch")
EXTENSIONS = "sphinx.ext.autodoc,sphinx.ext.autosummary,numpydoc,sphinx_xpcaps"
HAS = "from importlib.util import find_spec; print(*filter(find_spec, {names}))"


def main(host: str) -> None:
    """Build twice and compare; exit with an error if a page differs."""
    answer = subprocess.run(
        [host, "-c", HAS.format(names=LIBRARIES)], check=True, capture_output=True, text=True
    )
    if answer.stdout.strip():
        raise SystemExit(f"{host} is no documentation host: it has {answer.stdout.strip()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = folder / "project"
        shutil.copytree(ROOT / "tests/roots/test-measured", project)
        measured = build(sys.executable, project, folder / "measured")
        (record,) = (folder / "measured-doctrees/xpcaps/records").glob("*.json")
        shutil.copy(record, project / "record.json")
        off = ("-D", "xpcaps_execute=off", "-D", "xpcaps_records=record.json")
        shown = build(host, project, folder / "shown", *off)
    differing = sorted(
        page for page in {*measured, *shown} if measured.get(page) != shown.get(page)
    )
    if differing:
        raise SystemExit(f"these pages differ on a documentation host: {', '.join(differing)}")
    statuses = sum(page.count(b"xpcaps-supported") for page in shown.values())
    assert statuses, "the pages have no measured tables"
    print(f"a documentation host builds the same {len(shown)} pages")


def build(python: str, project: Path, output: Path, *options: str) -> dict[str, bytes]:
    """Return the pages of a project, by name."""
    doctrees = output.with_name(f"{output.name}-doctrees")
    command = [python, "-m", "sphinx", "-q", "-D", f"extensions={EXTENSIONS}", *options]
    command += ["-d", str(doctrees), str(project), str(output)]
    subprocess.run(command, check=True, cwd=project, stdout=subprocess.DEVNULL)
    return {str(page.relative_to(output)): page.read_bytes() for page in output.rglob("*.html")}


if __name__ == "__main__":
    main(*sys.argv[1:])
