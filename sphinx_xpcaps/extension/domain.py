"""What each document asks for, kept with Sphinx's environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from docutils import nodes
from sphinx.domains import Domain

from sphinx_xpcaps.measure.request import Request
from sphinx_xpcaps.results.view import Table, blank

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_xpcaps.extension.page_digests import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRequest:
    """A table of one target on a page."""

    target: str
    docname: str
    line: int | None = None
    body: str | None = None
    body_line: int = 0
    """Line of the document where the body begins."""
    objtype: str | None = None
    """The kind of the description that a pattern matched; None if an author asked."""
    backends: tuple[str, ...] = ()
    """Rows to show; all if empty."""
    devices: tuple[str, ...] = ()
    """Columns to show; all if empty."""
    graph: bool = False
    """Whether to draw the graph of an example below."""

    @property
    def injected(self) -> bool:
        """Whether a pattern asked, not an author."""
        return self.objtype is not None

    @property
    def request(self) -> Request:
        """What is to be measured for it."""
        return Request(
            target=self.target,
            body=self.body,
            place=self.docname,
            line=self.line,
            injected=self.injected,
            graph=self.graph,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRequest:
    """A summary of all tables below a dotted name."""

    package: str
    docname: str
    line: int | None = None


_W = TypeVar("_W", TableRequest, SummaryRequest)


class placeholder(nodes.General, nodes.Element):
    """Stands for a table or a summary until pages are written; ``wish`` says which."""


class XpcapsDomain(Domain):
    """Keeps the wishes of every document, and the tables of the present build."""

    name = "xpcaps"
    label = "array capabilities"
    data_version = 2
    initial_data: ClassVar[dict[str, Any]] = {"wishes": {}}

    def __init__(self, env: BuildEnvironment) -> None:
        super().__init__(env)
        self.tables: Mapping[str, Table] = {}
        """Derived anew in every build, so not kept with the environment."""
        self.dropped: Set[TableRequest] = frozenset()
        """Wishes that nothing is shown for, such as data that a pattern matched."""
        self.written: Written | None = None
        """What pages showed before, and show now; None if nothing is shown in this build."""

    @property
    def by_document(self) -> dict[str, list[TableRequest | SummaryRequest]]:
        """The wishes of each document that has any, in the order of the document."""
        wishes: dict[str, list[TableRequest | SummaryRequest]] = self.data["wishes"]
        return wishes

    def wishes(self, kind: type[_W]) -> Iterator[_W]:
        """Return all wishes of one kind, sorted by document."""
        for _, wishes in sorted(self.by_document.items()):
            yield from (wish for wish in wishes if isinstance(wish, kind))

    def table(self, target: str) -> Table:
        """Return the table of `target`, an empty one if no record has it."""
        config = self.env.config
        return self.tables.get(target) or blank(
            target, backends=config.xpcaps_backends, devices=config.xpcaps_devices
        )

    def shown(self) -> list[TableRequest]:
        """Return the wishes that something is shown for, sorted by document."""
        return [wish for wish in self.wishes(TableRequest) if wish not in self.dropped]

    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        """Note what `document` asks for, once all of it is read."""
        wishes = [node["wish"] for node in document.findall(placeholder)]
        if wishes:
            self.by_document[docname] = wishes

    def clear_doc(self, docname: str) -> None:
        """Forget a document."""
        self.by_document.pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process read."""
        for docname, wishes in otherdata["wishes"].items():
            if docname in docnames:
                self.by_document[docname] = wishes

    def resolve_any_xref(self, *args: Any, **kwargs: Any) -> list[tuple[str, nodes.reference]]:
        """Return no candidates, as the domain has no objects to refer to.

        Without this method MyST warns about every link of the form ``[text](#name)``.
        """
        return []


def domain_of(env: BuildEnvironment) -> XpcapsDomain:
    """Return the domain of an environment."""
    domain = env.get_domain(XpcapsDomain.name)
    assert isinstance(domain, XpcapsDomain)
    return domain
