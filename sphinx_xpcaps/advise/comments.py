"""Comments that ignore findings: ``# xpcaps: ignore`` and ``# xpcaps: ignore[XPC003]``."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass

from sphinx_xpcaps.advise.model import Finding, Place
from sphinx_xpcaps.advise.rules import INVALID_SYNTAX, RULES, UNUSED_IGNORE

_COMMENT = re.compile(
    r"#\s*xpcaps:\s*(?P<kind>ignore-file|ignore)\b(?:\s*\[(?P<codes>[^\]]*)\])?", re.IGNORECASE
)
_MARK = "xpcaps:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """A comment that ignores findings."""

    place: Place
    codes: frozenset[str] = frozenset()
    """All rules if empty."""
    whole_file: bool = False

    def covers(self, finding: Finding) -> bool:
        """Return whether the comment ignores a finding on its lines."""
        if finding.code == INVALID_SYNTAX.code or (self.codes and finding.code not in self.codes):
            return False
        lines = (finding.place.line, finding.place.end_line)
        return self.whole_file or self.place.line in lines


def read_comments(source: str, path: str) -> tuple[Ignore, ...]:
    """Return the comments of a file that ignore findings."""
    if _MARK not in source:
        return ()
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        comment = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
        if comment:
            line, column = token.start
            codes = (comment["codes"] or "").split(",")
            found.append(
                Ignore(
                    place=Place(
                        path=path,
                        line=line,
                        column=column + comment.start() + 1,
                        end_line=line,
                        end_column=column + comment.end() + 1,
                    ),
                    codes=frozenset(code.strip().upper() for code in codes if code.strip()),
                    whole_file=comment["kind"].lower() == "ignore-file",
                )
            )
    return tuple(found)


def apply(
    findings: Sequence[Finding], ignores: Sequence[Ignore], selected: frozenset[str]
) -> tuple[Finding, ...]:
    """Return the findings that no comment ignores, and one for each comment without use.

    Parameters
    ----------
    findings : sequence of Finding
        All findings of selected rules in a file.
    ignores : sequence of Ignore
        Its comments.
    selected : frozenset of str
        The codes of the selected rules. Comments on others are not reported as unused.
    """
    left = [one for one in findings if not any(ignore.covers(one) for ignore in ignores)]
    if UNUSED_IGNORE.code in selected:
        for ignore in ignores:
            used = {finding.code for finding in findings if ignore.covers(finding)}
            if message := _problem(ignore, used, selected):
                left.append(
                    Finding(
                        place=ignore.place,
                        code=UNUSED_IGNORE.code,
                        message=message,
                        remedy=UNUSED_IGNORE.remedy,
                    )
                )
    return tuple(sorted(left))


def _problem(ignore: Ignore, used: set[str], selected: frozenset[str]) -> str:
    unknown = sorted(ignore.codes - RULES.keys())
    if unknown:
        return f"comment ignores unknown rule {', '.join(unknown)}"
    unused = sorted((ignore.codes & selected) - used)
    if ignore.codes:
        return f"unused comment: {', '.join(unused)} is not reported here" if unused else ""
    return "" if used else "unused comment: nothing is reported here"
