"""Write the pages on other libraries from their records, and the directive ``ecosystem``.

Each library has a page with a summary, a page for each module with the tables of its functions, and
a page "What we found" from findings.toml.
"""

from __future__ import annotations

import shutil
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

from sphinx_xpcaps.results.model import Record, Status
from sphinx_xpcaps.results.record import read_records

ECOSYSTEM = Path(__file__).parents[1] / "ecosystem"
RECORDS = ECOSYSTEM.parents[1] / "data" / "xpcaps_data" / "records"
TITLES = {
    "numpy": "NumPy",
    "torch": "PyTorch",
    "jax": "JAX",
    "dask": "Dask",
    "array-api-strict": "array-api-strict",
}
SHOWN = (Status.SUPPORTED, Status.PARTIAL, Status.UNSUPPORTED)


def libraries() -> dict[str, dict[str, Any]]:
    """Return the libraries that have a record, in the order of libraries.toml."""
    declared = tomllib.loads((ECOSYSTEM / "libraries.toml").read_text("utf-8"))
    return {name: it for name, it in declared.items() if (RECORDS / f"{name}.json").exists()}


def findings(name: str) -> list[dict[str, Any]]:
    """Return the findings about a library."""
    found = tomllib.loads((ECOSYSTEM / "findings.toml").read_text("utf-8"))["finding"]
    return [one for one in found if one["library"] == name]


def counts(record: Record) -> dict[str, Counter[Status]]:
    """Return the number of targets of each status, by backend, on the CPU."""
    found: dict[str, Counter[Status]] = defaultdict(Counter)
    for target in record.targets.values():
        for cell in target.cells:
            if cell.device == "cpu" and cell.backend in TITLES:
                found[cell.backend][cell.status] += 1
    return found


def by_module(record: Record, modules: list[str]) -> dict[str, list[str]]:
    """Return the measured targets of each module."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, target in record.targets.items():
        if any(cell.status in SHOWN for cell in target.cells):
            inside = [module for module in modules if name.startswith(f"{module}.")]
            found[max(inside, key=len, default=modules[0])].append(name)
    return dict(sorted(found.items()))


def summary_page(name: str, library: dict[str, Any], record: Record) -> Iterator[str]:
    """Yield the lines of the page of a library."""
    where = record.environment
    version = record.package.version or ""
    yield from (f"# {library['title']}", "")
    packages = ", ".join(
        f"{TITLES[b]} {where.packages[b]}" for b in TITLES if b in where.packages and b != name
    )
    yield f"{library['title']} {version}, measured {where.date} with Python {where.python}"
    yield f"({where.platform}), {packages}, by `python docs/ecosystem/measure.py {name}`."
    if library.get("setup"):
        yield f"Before each function, this was run: `{library['setup']}`."
    if library.get("environment"):
        yield f"Environment variables: `{library['environment']}`."
    yield from (
        "",
        "| Library | works | partly | does not work | not measured |",
        "| --- " * 5 + "|",
    )
    for backend, count in counts(record).items():
        numbers = " | ".join(str(count[status]) for status in SHOWN)
        rest = count.total() - sum(count[status] for status in SHOWN)
        yield f"| {TITLES[backend]} | {numbers} | {rest} |"
    yield from ("", "```{toctree}", ":maxdepth: 1", "")
    if findings(name):
        yield "found"
    yield from by_module(record, library["modules"])
    yield from ("```", "", "## Summary", "", f"```{{xp-capabilities-summary}} {name}", "```")


def module_page(module: str, targets: list[str]) -> Iterator[str]:
    """Yield the lines of the page of a module."""
    yield from (f"# {module}", "", "```{xp-capabilities-legend}", "```", "")
    for target in targets:
        yield from (f"## {target.removeprefix(f'{module}.')}", "")
        yield from (f"```{{xp-capabilities}} {target}", "```", "")


def findings_page(name: str, title: str) -> Iterator[str]:
    """Yield the lines of the page "What we found"."""
    yield from (f"# {title}: what we found", "")
    yield "The tables led to these results. Each is confirmed by a script that does not use"
    yield f"sphinx-xpcaps: `python docs/ecosystem/confirm.py {name}` runs them."
    for one in findings(name):
        yield from ("", f"## {one['title']}", "", f"{one['text'].strip()}", "")
        yield from ("```python", one["code"].strip(), "```", "")
        yield from ("```text", one["prints"].strip(), "```")


def write(path: Path, lines: Iterator[str]) -> None:
    """Write a page, unless it is the same, so that Sphinx does not read it again."""
    text = "\n".join(lines) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def write_pages(app: Sphinx, config: Config) -> None:
    """Write the pages of all libraries, and remove those of others."""
    folder = ECOSYSTEM / "pages"
    known = libraries()
    for other in folder.glob("*"):
        if other.name not in known:
            shutil.rmtree(other)
    for name, library in known.items():
        (record,) = read_records(RECORDS / f"{name}.json")
        write(folder / name / "index.md", summary_page(name, library, record))
        for module, targets in by_module(record, library["modules"]).items():
            write(folder / name / f"{module}.md", module_page(module, targets))
        if findings(name):
            write(folder / name / "found.md", findings_page(name, library["title"]))


class Ecosystem(SphinxDirective):
    """Insert a table with a line for each library."""

    def run(self) -> list[nodes.Node]:
        """Parse the generated Markdown as part of the page."""
        backends = [name for name in TITLES if name != "numpy"]
        header = ["Library", "Functions", *(TITLES[name] for name in backends), "Findings"]
        lines = [f"| {' | '.join(header)} |", "| --- " * len(header) + "|"]
        for name, library in libraries().items():
            path = RECORDS / f"{name}.json"
            self.env.note_dependency(str(path))
            (record,) = read_records(path)
            count = counts(record)
            cells = [
                f"{count[b][Status.SUPPORTED]} work, {count[b][Status.PARTIAL]} partly"
                for b in backends
            ]
            number = len(findings(name))
            found = f"[{number}](pages/{name}/found.md)" if number else ""
            link = f"[{library['title']}](pages/{name}/index.md) {record.package.version}"
            lines.append(f"| {' | '.join([link, str(len(record.targets)), *cells, found])} |")
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages and add the directive."""
    app.connect("config-inited", write_pages)
    app.add_directive("ecosystem", Ecosystem)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
