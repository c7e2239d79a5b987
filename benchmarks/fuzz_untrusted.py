"""Read damaged and hostile input of every kind: none may end in a traceback.

    python benchmarks/fuzz_untrusted.py [--inputs 100000]

Half of the inputs are mutations of valid files, half are generated. Readers and handlers are called
directly: records and bundles (read, merged, shown as nodes and on a terminal), caches, journals,
files of known differences, options in ``conf.py``, and directives. The errors that readers document
are expected; anything else is printed, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import random
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.console import Console
from sphinx.config import Config as SphinxConfig
from sphinx.testing.restructuredtext import parse
from sphinx.testing.util import SphinxTestApp

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)] if str(ROOT) not in sys.path else []

from sphinx_xpcaps.cases.examples import from_bodies  # noqa: E402
from sphinx_xpcaps.cli.tables import grid  # noqa: E402
from sphinx_xpcaps.config import COLUMNS, Config  # noqa: E402
from sphinx_xpcaps.config import options as all_options  # noqa: E402
from sphinx_xpcaps.declared import known_differences  # noqa: E402
from sphinx_xpcaps.extension import options  # noqa: E402
from sphinx_xpcaps.extension.page_digests import PageDigests  # noqa: E402
from sphinx_xpcaps.files import read_cache  # noqa: E402
from sphinx_xpcaps.measure.digests import PackageDigests  # noqa: E402
from sphinx_xpcaps.measure.journal import recover  # noqa: E402
from sphinx_xpcaps.measure.store import RecordStore, StoreError  # noqa: E402
from sphinx_xpcaps.measure.workers.probe import probe  # noqa: E402
from sphinx_xpcaps.render.appearance import Appearance, TableOptions  # noqa: E402
from sphinx_xpcaps.render.table import table  # noqa: E402
from sphinx_xpcaps.results import bundle  # noqa: E402
from sphinx_xpcaps.results.model import Environment  # noqa: E402
from sphinx_xpcaps.results.record import RecordError, read_records  # noqa: E402
from sphinx_xpcaps.results.view import backends_of, derive  # noqa: E402

VALID_RECORD = (ROOT / "tests/roots/test-offline/records/laptop.json").read_bytes()
VALID_KNOWN = b"""schema = 1

[[known]]
target = "pkg.*"
reason = "not yet"
link = "https://example.org/1"
expires = 2999-01-01
backend = "jax"
mode = "jit"
"""
VALID_CACHE = json.dumps(
    {"/pkg/a.py": [120, 17, "ab", ["numpy"]], '["numpy"]': {"cpu": [True, ""]}, "index": "sha256:1"}
).encode()
VALID_JOURNAL = (
    b'{"environment": "e", "target": "pkg.f", "kind": "function", "cell": {"backend": "torch", '
    b'"device": "cpu", "status": "partial", "notes": ["no JIT"], "modes": {"jit": "unsupported"}, '
    b'"reasons": [{"mode": "jit", "outcome": "raised", "message": "no"}], "key": "sha256:1"}}\n'
) * 3
VALID_PAGE = """
.. xp-capabilities:: pkg.works
   :backends: numpy, torch
   :devices: cpu
   :graph:
   :class: wide

   x = xp.ones(3)
   pkg.works(x, axis=0)

.. xp-capabilities-summary:: pkg
"""
VALID_BODY = "x = xp.ones((2, 3))\ny = add(x, 1)\nfor i in range(2):\n    add(y, x)\n"
FRAGMENTS = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"-1",
    b'"x"',
    b'"\\ud800"',
    b"1e999",
    b"\x00",
    b"\xff",
    b"\x1b[2J",
    b'"\\u001b[31m\\u202e"',
    b"9" * 400,
    b"[" * 3000,
    b'"' + b"a" * 3000 + b'"',
    b"true",
    b"'",
    b"\n",
    b"   ",
    b":::",
    b"2026-13-45",
]

# What is generated: JSON of any shape, texts and bytes.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["cpu", "numpy", "jit", "supported", "\ud800", "\x1b[0m", "9" * 5000, "a\0b"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
SEEDS = st.integers(0, 2**63)


def mutated(content: bytes, seed: int) -> bytes:
    """Return a valid file with a few changed places: of its bytes, or of the values of its JSON."""
    chance = random.Random(seed)
    try:
        plain = json.loads(content) if chance.random() < 0.5 else None
    except ValueError:
        plain = None
    if plain is not None:
        for _ in range(chance.randint(1, 3)):
            _replace_value(plain, chance)
        return json.dumps(plain).encode("utf-8", "surrogatepass")
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(changed) + 1)
        stop = min(len(changed), start + chance.choice([0, 1, 3, 10, 40]))
        fragments = [*FRAGMENTS, chance.randbytes(3), bytes(changed[stop : stop + 20])]
        changed[start:stop] = chance.choice(fragments)
    return bytes(changed)


def _mutated_like(content: bytes | str, seed: int) -> bytes | str:
    if isinstance(content, bytes):
        return mutated(content, seed)
    return mutated(content.encode(), seed).decode(errors="replace")


def _replace_value(plain: Any, chance: random.Random) -> None:
    """Replace a value somewhere in JSON, or a key."""
    while True:
        keys: list[Any] = list(plain) if isinstance(plain, dict) else list(range(len(plain)))
        if not keys:
            return
        key = chance.choice(keys)
        inner = plain[key]
        if isinstance(inner, (dict, list)) and inner and chance.random() < 0.85:
            plain = inner
            continue
        choices = [None, -1, 2**70, 1.5, "", "x" * 3000, "\x1b[31m\u202e\udcff", [], {}, [7], True]
        choices += ["supported", "9" * 6000, {"a": [1]}, "torch", "[/foo]", "<b>&amp;"]
        if isinstance(plain, dict) and chance.random() < 0.2:
            plain[str(chance.choice(choices))] = plain.pop(key)
        else:
            plain[key] = chance.choice(choices)
        return


class Handlers:
    """The readers of untrusted input, each called with one input."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        source = folder / "documentation"
        source.mkdir()
        (source / "conf.py").write_text('extensions = ["sphinx_xpcaps"]\nxpcaps_execute = "off"\n')
        (source / "index.rst").write_text("index\n=====\n")
        self.app = SphinxTestApp(srcdir=source, warning=io.StringIO())
        self.app.build()
        self._file("fuzzed_package.py", b"import numpy\n")
        self.other = read_records(self._file("valid.json", VALID_RECORD))

    def record(self, content: bytes) -> None:
        """Read a record, merge it with another one, and show it on a page and a terminal."""
        try:
            records = read_records(self._file("record.json", content))
        except RecordError as error:
            _check_message(error)
            return
        bundle.encode(records).decode()
        tables = derive(
            [*records, *self.other],
            backends=backends_of([*records, *self.other]),
            devices=["cpu", "gpu"],
            is_current=lambda *_: True,
        )
        console = Console(file=io.StringIO(), markup=False, emoji=False, highlight=False)
        for name in {name for record in records for name in record.targets}:
            for columns in COLUMNS:
                looks = Appearance(columns=columns)
                options = TableOptions(graph=True)
                node = table(tables[name], appearance=looks, options=options, with_legend=True)
                text = node.astext()
                assert "\x1b" not in text
                assert "\x00" not in text
            console.print(grid(tables[name]))

    def cache(self, content: bytes) -> None:
        """Read a file as each cache, and use it."""
        path = self._file("pages-html-1.json", content)
        read_cache(path, dict[str, str])
        PackageDigests(self._file("digests.json", content)).of("fuzzed_package")
        probe([], {}, cache_file=self._file("probes.json", content))
        self._file("pages-html-1.json", content)
        PageDigests.load(self.folder, "html", self.folder).is_outdated("index", "sha256:1")

    def journal(self, content: bytes) -> None:
        """Recover cells from a journal, and use a folder of records with such a file."""
        path = self._file("journal", content)
        found = list(recover(path, "e"))
        where = Environment(
            python="3", platform="p", processor="p", accelerator=None, date="2026-01-01"
        )
        output = self._file("output.json", content)
        try:
            store = RecordStore(output, where, package="pkg", is_file=True)
        except StoreError as error:
            _check_message(error)
            store = RecordStore(self.folder / "new.json", where, package="pkg", is_file=True)
        for entry in found:
            store.put(entry.target, entry.kind, entry.cell, measured=False)

    def known(self, content: bytes) -> None:
        """Read a file of known differences."""
        for name in ("known.toml", "known.json"):
            try:
                entries = known_differences.read(self._file(name, content))
            except known_differences.KnownError:
                continue
            known_differences.classify("pkg:table", [], entries, date(2026, 1, 1))

    def options(self, values: dict[str, Any]) -> None:
        """Check options, and make a configuration from them."""
        config = SphinxConfig({}, {})
        for name, default, types, _ in all_options():
            config.add(name, default, "", frozenset(types))
        for name, value in values.items():
            setattr(config, name, value)
        options.on_config_inited(self.app, config)
        Config(
            **{name.removeprefix("xpcaps_"): getattr(config, name) for name, *_ in all_options()}
        )

    def directive(self, text: str) -> None:
        """Parse a page with directives."""
        parse(self.app, text)

    def body(self, text: str) -> None:
        """Run the body of a directive."""
        from_bodies("numpy.add", np, np.add, (text,), lambda *_: None, ())

    def _file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


def _check_message(error: Exception) -> None:
    """Raise if the message of a documented error is not one line."""
    if "\n" in str(error):
        raise AssertionError(f"a message of several lines: {error}")


@dataclass
class Report:
    """How many inputs were handled, and what failed."""

    inputs: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    """The first traceback of each kind, with its input."""

    def call(self, kind: str, handle: Callable[[Any], None], given_input: Any) -> None:
        """Call a handler and note what it raises."""
        self.inputs[kind] += 1
        try:
            handle(given_input)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            key = f"{kind}: {type(error).__name__} at {where.filename}:{where.lineno}"
            text = "".join(traceback.format_exception(error))
            self.failures.setdefault(key, f"{key}\ninput: {given_input!r:.3000}\n{text}")


@contextmanager
def handlers() -> Iterator[Handlers]:
    """Create the handlers in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable()  # thousands of lines about damaged caches
        found = Handlers(Path(folder))
        sys.path.append(folder)
        try:
            yield found
        finally:
            sys.path.remove(folder)
            found.app.cleanup()
            logging.disable(logging.NOTSET)


def _as_json(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _repeat(
    number: int,
    strategy: st.SearchStrategy[Any],
    handle: Callable[[Any], None],
    derandomize: bool,
) -> None:
    """Call `handle` with `number` inputs."""

    @settings(
        max_examples=number,
        database=None,
        derandomize=derandomize,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(value: Any) -> None:
        handle(value)

    run()


def fuzz(number: int, *, derandomize: bool = False) -> Report:
    """Handle `number` inputs, always the same ones if `derandomize` is true."""
    report = Report()

    def repeat(number: int, strategy: Any, handle: Callable[[Any], None]) -> None:
        _repeat(number, strategy, handle, derandomize)

    names = [name for name, *_ in all_options()]
    known = st.sampled_from(["numpy", "cpu", "jit", "off", "pkg.*", "2GB", 0, 1.5, ["cpu"], "\0"])
    chosen = st.dictionaries(st.sampled_from(names), VALUES | known, max_size=4)
    generated_json = VALUES.map(_as_json) | st.binary(max_size=200)
    pages = st.text(max_size=120).map(lambda text: f".. xp-capabilities:: {text}")
    pages |= st.text(max_size=200).map(lambda text: VALID_PAGE.replace("xp.ones(3)", text))
    with handlers() as on:
        #       kind, share, valid content, generated content, handler
        kinds: list[tuple[str, float, bytes | str, Any, Callable[[Any], None]]] = [
            ("record", 0.36, VALID_RECORD, generated_json, on.record),
            ("cache", 0.14, VALID_CACHE, generated_json, on.cache),
            ("journal", 0.1, VALID_JOURNAL, generated_json, on.journal),
            ("known differences", 0.16, VALID_KNOWN, generated_json, on.known),
            ("directive", 0.05, VALID_PAGE, pages, on.directive),
            ("body", 0.05, VALID_BODY, st.text(max_size=80), on.body),
        ]
        for kind, share, valid, generated, handle in kinds:
            half = round(number * share / 2)
            changed = SEEDS.map(partial(_mutated_like, valid))
            for contents in (changed, generated):
                repeat(half, contents, partial(report.call, kind, handle))
        repeat(round(number * 0.14), chosen, partial(report.call, "options", on.options))
    return report


def main() -> None:
    """Run and print a summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    report = fuzz(parser.parse_args().inputs)
    for kind, number in report.inputs.items():
        print(f"{number:8} {kind}")
    print(f"{report.inputs.total():8} inputs, {len(report.failures)} kinds of failures")
    for text in report.failures.values():
        print(text)
    raise SystemExit(1 if report.failures else 0)


if __name__ == "__main__":
    main()
