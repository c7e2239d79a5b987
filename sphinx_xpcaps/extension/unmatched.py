"""Find patterns of ``xpcaps_inject`` and summaries that match nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sphinx_xpcaps.extension.domain import PackageRequest, ReportRequest, TableRequest, XpcapsDomain
from sphinx_xpcaps.extension.inject import MEASURABLE
from sphinx_xpcaps.extension.warnings import Diagnostic
from sphinx_xpcaps.option_checks import did_you_mean

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.domains.python import PythonDomain

_REGULAR_EXPRESSION = re.compile(r"[\\^$+(|]")
"""Characters of regular expressions that names and globs do not have."""


def patterns(app: Sphinx, domain: XpcapsDomain) -> Iterator[Diagnostic]:
    """Return the patterns of ``xpcaps_inject`` that match no documented object."""
    if not app.config.xpcaps_inject:
        return
    objects = cast("PythonDomain", app.env.get_domain("py")).objects
    names = {name for name, entry in objects.items() if entry.objtype in MEASURABLE}
    names |= {request.target for request in domain.requests(TableRequest)}
    for pattern in app.config.xpcaps_inject:
        if any(fnmatchcase(name, pattern) for name in names):
            continue
        message = f"xpcaps_inject: pattern {pattern!r} matches no documented object"
        hint = _hint(pattern, names)
        message += f" ({hint})" if hint else ""
        yield Diagnostic(kind="match", message=message, file=Path(app.confdir) / "conf.py")


def _hint(pattern: str, names: Iterable[str]) -> str:
    if _REGULAR_EXPRESSION.search(pattern):
        return "patterns are globs such as 'pkg.*', not regular expressions"
    wildcard = pattern.endswith(".*")
    known = [f"{parent}.*" for parent in _parents(names)] if wildcard else [*names]
    return did_you_mean(pattern, sorted(known))


def summaries(domain: XpcapsDomain) -> Iterator[Diagnostic]:
    """Return the requests for summaries that have no table."""
    for request in domain.requests(PackageRequest):
        if not domain.tables_of(request):
            known = _parents(shown.target for shown in domain.shown())
            hint = did_you_mean(request.package, sorted(known))
            kind = "report" if isinstance(request, ReportRequest) else "summary"
            where = f"anything in {request.package!r}" if request.package else "any function"
            message = f"xp-capabilities-{kind}: no table for {where}"
            message += f" ({hint})" if hint else ""
            yield Diagnostic(kind="match", message=message, request=request)


def _parents(names: Iterable[str]) -> set[str]:
    """Return the names of the modules and classes that contain the names."""
    found = set()
    for name in names:
        while name := name.rpartition(".")[0]:
            found.add(name)
    return found
