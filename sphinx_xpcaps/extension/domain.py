"""The requests for tables of all documents, kept in Sphinx's environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar, cast

from docutils import nodes
from sphinx.domains import Domain

from sphinx_xpcaps.measure.request import MeasurementRequest
from sphinx_xpcaps.render.appearance import TableOptions
from sphinx_xpcaps.render.words import translated
from sphinx_xpcaps.results.model import Record
from sphinx_xpcaps.results.view import Table, blank

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.domains.std import StandardDomain
    from sphinx.environment import BuildEnvironment

    from sphinx_xpcaps.extension.page_digests import PageDigests


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRequest:
    """A request for the table of one target, from a directive or a pattern."""

    target: str
    docname: str
    line: int | None = None
    body: str | None = None
    """Code that calls the target. Its calls are the cases, unless it fails."""
    body_line: int = 0
    """Line of the document where the body begins."""
    objtype: str | None = None
    """Type of the object description that matches a pattern; None for a directive."""
    origins: tuple[str, ...] = ()
    """The origins of cases that may be used; all if empty."""
    options: TableOptions = TableOptions()
    """How the table is shown."""
    inline: bool = False
    """Whether the statuses are part of a sentence."""
    several: bool = False
    """Whether the description has several signatures, so that the title names the target."""

    @property
    def injected(self) -> bool:
        """Whether the request comes from ``xpcaps_inject``, not from a directive."""
        return self.objtype is not None

    @property
    def measurement(self) -> MeasurementRequest:
        """The request to measure the target."""
        return MeasurementRequest(
            target=self.target,
            body=self.body,
            place=self.docname,
            line=self.line,
            injected=self.injected,
            origins=self.origins,
            graph=self.options.graph,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRequest:
    """A request for something about all tables below a dotted name, or about all tables."""

    package: str
    """The dotted name; empty for all tables."""
    docname: str
    line: int | None = None
    module: str | None = None
    """The current module, to which the package may be relative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRequest(PackageRequest):
    """A request for a summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest(PackageRequest):
    """A request for the report, with views and filters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendRequest:
    """A request for a legend of what occurs in the tables of a document."""

    docname: str
    line: int | None = None


AnyRequest: TypeAlias = TableRequest | SummaryRequest | ReportRequest | LegendRequest

_R = TypeVar("_R", TableRequest, PackageRequest, ReportRequest)


class placeholder(nodes.General, nodes.Element):
    """Marks where a table or a summary is inserted when pages are written.

    The attribute ``request`` is an `AnyRequest`.
    """


def caption_of(node: nodes.Node) -> str | None:
    """Return the caption of a table, by which ``:ref:`` refers to it; Sphinx numbers such tables.

    Sphinx neither numbers nor labels a table without caption, for which this is None.
    """
    request = node["request"] if isinstance(node, placeholder) else None
    return request.options.caption or None if isinstance(request, TableRequest) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildTables:
    """The tables of a build."""

    by_target: Mapping[str, Table] = field(default_factory=dict)
    hidden: Set[TableRequest] = frozenset()
    """Requests for which nothing is shown: data that matches a pattern and is not callable."""
    records: tuple[Record, ...] = ()
    """The records from which they are derived."""
    published: Mapping[str, str] = field(default_factory=dict)
    """The addresses of the data of targets that another site has measured."""
    reports: tuple[ReportRequest, ...] = ()
    """The requests for a report."""


class XpcapsDomain(Domain):
    """Stores the requests of every document, and the tables of the current build."""

    name = "xpcaps"
    label = "array capabilities"
    data_version = 7
    initial_data: ClassVar[dict[str, Any]] = {"requests": {}}

    def __init__(self, env: BuildEnvironment) -> None:
        super().__init__(env)
        self.app: Sphinx | None = None
        """The application, set when the builder is known."""
        self.tables = BuildTables()
        """Derived in every build, so not stored in the environment."""
        self.page_digests: PageDigests | None = None
        """Digests of the pages of this build's output folder; None if no pages are written."""

    @property
    def by_document(self) -> dict[str, list[AnyRequest]]:
        """The requests of each document that has any, in the order of the document."""
        requests: dict[str, list[AnyRequest]] = self.data["requests"]
        return requests

    def requests(self, kind: type[_R]) -> Iterator[_R]:
        """Return all requests of one class, sorted by document."""
        for _, requests in sorted(self.by_document.items()):
            yield from (request for request in requests if isinstance(request, kind))

    def shown(self) -> list[TableRequest]:
        """Return the requests for which a table is shown, sorted by document."""
        hidden = self.tables.hidden
        return [request for request in self.requests(TableRequest) if request not in hidden]

    def table(self, target: str) -> Table:
        """Return the table of `target`, an empty one if it is in no record."""
        config = self.env.config
        return self.tables.by_target.get(target) or blank(
            target, backends=config.xpcaps_backends, devices=config.xpcaps_devices
        )

    def tables_below(self, package: str = "") -> list[Table]:
        """Return the tables that pages show, of one package or of all, sorted by target."""
        prefix = _prefix(package)
        targets = sorted({request.target for request in self.shown()})
        return [self.table(target) for target in targets if f"{target}.".startswith(prefix)]

    def tables_of(self, request: PackageRequest) -> list[Table]:
        """Return the tables of a request, whose package may be relative to the current module."""
        relative = f"{request.module}.{request.package}" if request.module else ""
        tables = self.tables_below(relative) if relative else []
        return tables or self.tables_below(request.package)

    def report_document(self, target: str) -> str | None:
        """Return the document with the report of a target; None if no document has one."""
        for request in self.tables.reports:
            if f"{target}.".startswith(_prefix(request.package)):
                return request.docname
        return None

    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        """Store the requests of a document after it is read."""
        found = list(document.findall(placeholder))
        if found:
            self.by_document[docname] = [node["request"] for node in found]
        for node in found:
            if node["names"] and not caption_of(node):
                self._note_label(docname, node)

    def _note_label(self, docname: str, node: placeholder) -> None:
        """Let ``:ref:`` refer to a table without caption by the name of its target."""
        request = node["request"]
        title = translated("Array library support")
        if isinstance(request, TableRequest):
            title = translated("Array library support of {target}").format(target=request.target)
        labels = cast("StandardDomain", self.env.get_domain("std")).labels
        for name in node["names"]:
            labels[name] = docname, node["ids"][0], title

    def body_elsewhere(self, request: TableRequest) -> str | None:
        """Return the document with code for a target if the document of the request has none."""
        with_code = [
            other.docname
            for other in self.requests(TableRequest)
            if other.body and other.target == request.target
        ]
        return with_code[0] if with_code and request.docname not in with_code else None

    def clear_doc(self, docname: str) -> None:
        """Remove the requests of a document."""
        self.by_document.pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Add the requests of documents that another process has read."""
        for docname, requests in otherdata["requests"].items():
            if docname in docnames:
                self.by_document[docname] = requests

    def resolve_any_xref(self, *args: Any, **kwargs: Any) -> list[tuple[str, nodes.reference]]:
        """Return no candidates, as the domain has no objects to refer to.

        Without this method MyST warns about every link of the form ``[text](#name)``.
        """
        return []


def _prefix(package: str) -> str:
    return f"{package}." if package else ""


def domain_of(env: BuildEnvironment) -> XpcapsDomain:
    """Return the domain of an environment."""
    domain = env.get_domain(XpcapsDomain.name)
    assert isinstance(domain, XpcapsDomain)
    return domain
