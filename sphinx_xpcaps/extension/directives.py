"""The directives ``xp-capabilities`` and ``xp-capabilities-...``, and the role ``xpcap``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective, SphinxRole

from core.backends import backends
from sphinx_xpcaps.config import COLUMNS, DEVICES, EVIDENCE
from sphinx_xpcaps.extension.domain import (
    AnyRequest,
    LegendRequest,
    ReportRequest,
    SummaryRequest,
    TableRequest,
    placeholder,
)
from sphinx_xpcaps.extension.warnings import warn
from sphinx_xpcaps.option_checks import did_you_mean
from sphinx_xpcaps.render.appearance import TableOptions
from sphinx_xpcaps.results.labels import MODES, ORIGINS

Converter = Callable[[Any], Any]
"""Converts the text of an option, which is None if there is none."""


class LenientOptions(dict[str, Converter]):
    """Accept unknown options, so that the directive can warn about them."""

    def __missing__(self, name: str) -> Converter:
        return lambda text: text


def _names(text: str | None) -> tuple[str, ...]:
    return tuple((text or "").replace(",", " ").split())


class _Directive(SphinxDirective):
    required_arguments = 0  # one is required; `argument` warns if it is missing
    optional_arguments = 1
    final_argument_whitespace = True
    known: ClassVar[dict[str, Converter]]

    def __init_subclass__(cls) -> None:
        cls.option_spec = LenientOptions(cls.known)

    def argument(self) -> str | None:
        """Return the argument, a dotted name; if there is none, warn and return None."""
        argument = " ".join(self.arguments).strip().removesuffix("()")
        if not argument:
            self.warn("option", f"{self.name} needs an argument: a dotted name such as pkg.func")
            return None
        return argument

    @property
    def module(self) -> str | None:
        """The current module, as set by ``py:currentmodule``."""
        module: str | None = self.env.ref_context.get("py:module")
        return module

    def drop_unknown_options(self) -> None:
        for name in sorted(set(self.options) - set(self.known)):
            hint = did_you_mean(name, self.known) or f"known are {_listed(self.known)}"
            self.warn("option", f"{self.name} has no option {name!r}; {hint}")
            del self.options[name]

    def chosen(self, option: str, kind: str, known: Collection[str]) -> tuple[str, ...]:
        """Return the known names in an option; warn about the others."""
        for name in self.options.get(option, ()):
            if name not in known:
                self.warn(kind, f"unknown {option[:-1]} {name!r}; known are {_listed(known)}")
        return tuple(name for name in self.options.get(option, ()) if name in known)

    def choice(self, option: str, known: Sequence[str]) -> str:
        """Return the value of an option; if it is unknown, warn and return an empty text."""
        value: str = (self.options.get(option, "") or "").strip()
        if option not in self.options or value in known:
            return value
        self.warn("option", f"unknown {option} {value!r}; known are {_listed(known)}")
        return ""

    def create_placeholder(self, request: AnyRequest) -> list[nodes.Node]:
        node = placeholder(request=request, classes=self.options.get("class", []))
        self.set_source_info(node)
        self.add_name(node)
        return [node]

    def warn(self, kind: str, message: str) -> None:
        warn(kind, message, (self.env.docname, self.lineno))


class Capabilities(_Directive):
    """``xp-capabilities``: the table of a target; code in the body is its case."""

    has_content = True
    known: ClassVar = {
        "backends": _names,
        "devices": _names,
        "modes": _names,
        "origin": _names,
        "columns": directives.unchanged,
        "caption": directives.unchanged,
        "details": directives.unchanged,
        "graph": directives.unchanged,
        "class": directives.class_option,
        "name": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return a placeholder."""
        self.drop_unknown_options()
        target = self.argument()
        if target is None:
            return []
        if self.module and "." not in target:
            target = f"{self.module}.{target}"
        body = "\n".join(self.content).strip("\n")
        request = TableRequest(
            target=target,
            docname=self.env.docname,
            line=self.lineno,
            body=body or None,
            body_line=self.body_line() if body else 0,
            origins=self.origins(has_body=bool(body)),
            options=self.table_options(),
        )
        return self.create_placeholder(request)

    def origins(self, *, has_body: bool) -> tuple[str, ...]:
        """Return the origins of cases that may be used; warn about invalid values."""
        known = [origin for origin in ORIGINS if origin != "directive"]
        for name in self.options.get("origin", ()):
            if name not in known:
                self.warn("option", f"unknown origin {name!r}; known are {_listed(known)}")
        if has_body and "origin" in self.options:
            self.warn("option", f"{self.name}: the option 'origin' has no effect beside a body")
            return ()
        return tuple(name for name in self.options.get("origin", ()) if name in known)

    def table_options(self) -> TableOptions:
        """Return the options of the table; warn about invalid values."""
        if self.options.get("graph"):
            given = self.options["graph"]
            self.warn("option", f"{self.name}: the option 'graph' takes no value, got {given!r}")
        return TableOptions(
            backends=self.chosen("backends", "backend", tuple(backends())),
            devices=self.chosen("devices", "option", DEVICES),
            modes=self.chosen("modes", "option", tuple(MODES)),
            columns=self.choice("columns", COLUMNS),
            evidence=self.choice("details", EVIDENCE),
            caption=" ".join((self.options.get("caption") or "").split()),
            graph="graph" in self.options,
        )

    def body_line(self) -> int:
        """Return the line of the document at which the body begins."""
        blank = next((i for i, line in enumerate(self.content) if line.strip()), 0)
        # In reStructuredText, the offset counts from the top of the document; in MyST, from the
        # line after the directive's first line.
        top = self.lineno if type(self.state).__module__.startswith("myst_parser") else 0
        return int(top + self.content_offset + blank + 1)


class Summary(_Directive):
    """``xp-capabilities-summary``: counts per module, and all functions below a dotted name."""

    known: ClassVar = {"class": directives.class_option, "name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Return a placeholder."""
        self.drop_unknown_options()
        package = self.argument()
        if package is None:
            return []
        return self.create_placeholder(
            SummaryRequest(
                package=package, docname=self.env.docname, line=self.lineno, module=self.module
            )
        )


class Report(_Directive):
    """``xp-capabilities-report``: all functions below a dotted name, with views and filters."""

    known: ClassVar = {"class": directives.class_option, "name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Return a placeholder."""
        self.drop_unknown_options()
        request = ReportRequest(
            package=" ".join(self.arguments).strip(),
            docname=self.env.docname,
            line=self.lineno,
        )
        return self.create_placeholder(request)


class Legend(_Directive):
    """``xp-capabilities-legend``: the symbols and notes in the tables of the document."""

    optional_arguments = 0
    known: ClassVar = {"class": directives.class_option, "name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Return a placeholder."""
        self.drop_unknown_options()
        return self.create_placeholder(LegendRequest(docname=self.env.docname, line=self.lineno))


class Inline(SphinxRole):
    """``:xpcap:``: the statuses of one target, in a sentence."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a placeholder."""
        target = self.text.strip().removesuffix("()")
        module = self.env.ref_context.get("py:module")
        if module and "." not in target:
            target = f"{module}.{target}"
        request = TableRequest(
            target=target, docname=self.env.docname, line=self.lineno, inline=True
        )
        return [placeholder(request=request, classes=[])], []


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))
