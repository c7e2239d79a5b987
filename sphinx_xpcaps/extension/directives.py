"""The directives ``xp-capabilities`` and ``xp-capabilities-summary``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from core.backends import backends
from sphinx_xpcaps.config import DEVICES
from sphinx_xpcaps.extension.checks import did_you_mean
from sphinx_xpcaps.extension.domain import AnyRequest, SummaryRequest, TableRequest, placeholder
from sphinx_xpcaps.extension.warnings import warn

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

    def chosen(self, option: str, kind: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return the known names in an option; warn about the others."""
        for name in self.options.get(option, ()):
            if name not in known:
                self.warn(kind, f"unknown {option[:-1]} {name!r}; known are {_listed(known)}")
        return tuple(name for name in self.options.get(option, ()) if name in known)

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
        if self.options.get("graph"):
            given = self.options["graph"]
            self.warn("option", f"{self.name}: the option 'graph' takes no value, got {given!r}")
        body = "\n".join(self.content).strip("\n")
        request = TableRequest(
            target=target,
            docname=self.env.docname,
            line=self.lineno,
            body=body or None,
            body_line=self.content_offset + 1 if body else 0,
            backends=self.chosen("backends", "backend", tuple(backends())),
            devices=self.chosen("devices", "option", DEVICES),
            graph="graph" in self.options,
        )
        return self.create_placeholder(request)


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


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))
