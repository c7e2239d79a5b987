"""Check the calls of a file against records."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from sphinx_xpcaps.advise import comments, rules
from sphinx_xpcaps.advise.argument_limits import Match
from sphinx_xpcaps.advise.knowledge import Knowledge, Limit
from sphinx_xpcaps.advise.model import Counts, Finding, Place, Report, UnknownCall
from sphinx_xpcaps.advise.names import Data, Names, Reference
from sphinx_xpcaps.advise.scope_reader import read_scopes
from sphinx_xpcaps.advise.scopes import Call
from sphinx_xpcaps.results import labels


def check_source(
    source: str,
    path: str,
    knowledge: Knowledge,
    selected: frozenset[str],
    host_functions: frozenset[str] = frozenset(),
) -> Report:
    """Return what is found in the source of a file.

    Parameters
    ----------
    source : str
        Python code. It is parsed, and not executed.
    path : str
        The name of the file.
    knowledge : Knowledge
        The limits that records contain.
    selected : frozenset of str
        The codes of the selected rules.
    host_functions : frozenset of str
        Functions that return NumPy arrays or Python objects; see `names.Names`.
    """
    one_file = Counts(files=1)
    if not any(package in source for package in (*knowledge.packages, "xpcaps:")):
        return Report(counts=one_file)
    try:
        tree = ast.parse(source)
        ignores = comments.read_comments(source, path)
        checked = _Checker(source, path, Names(knowledge, host_functions), knowledge).check(tree)
    except SyntaxError as error:
        return Report(findings=(_invalid(error, path),), counts=one_file)
    except (RecursionError, MemoryError):
        return Report(findings=(_too_deep(path),), counts=one_file)
    findings = [one for one in checked.findings if one.code in selected]
    return Report(
        findings=comments.apply(findings, ignores, selected),
        unknown=checked.unknown,
        counts=checked.counts + one_file,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A call of a function in a package that records have."""

    call: Call
    reference: Reference


class _Checker:
    def __init__(self, source: str, path: str, names: Names, knowledge: Knowledge) -> None:
        self._lines = source.splitlines(keepends=True)
        self._path = path
        self._knowledge = knowledge
        self._names = names

    def check(self, tree: ast.Module) -> Report:
        """Return what is found, without regard to selected rules and comments."""
        findings: list[Finding] = []
        unknown: list[UnknownCall] = []
        known = on_host = looked_up = 0
        for found in self._calls(tree):
            looked_up += 1
            name, call = found.reference.name, found.call
            if not self._knowledge.knows(name):
                unknown.append(UnknownCall(place=self._place(call.node), function=name))
                continue
            known += 1
            if self._is_on_host(call, found.reference):
                on_host += 1
                continue
            findings += self._findings(found)
        return Report(
            findings=tuple(findings),
            unknown=tuple(unknown),
            counts=Counts(looked_up=looked_up, known=known, on_host=on_host),
        )

    def _calls(self, tree: ast.Module) -> Iterator[_Found]:
        for call in read_scopes(tree):
            found = self._names.value(call.node.func, call.scope, call.point)
            if not isinstance(found, Reference):
                continue
            if found.name.partition(".")[0] in self._knowledge.packages:
                yield _Found(call, found)

    def _is_on_host(self, call: Call, reference: Reference) -> bool:
        """Return whether no argument can be an array of another library than NumPy."""
        if reference.is_partial:
            return False
        owner = call.node.func.value if isinstance(call.node.func, ast.Attribute) else None
        arguments = [*call.node.args, *(keyword.value for keyword in call.node.keywords)]
        if owner is not None and not arguments:
            # A method without arguments may use arrays that its object holds.
            return isinstance(self._names.value(owner, call.scope, call.point), Reference)
        return all(
            self._names.value(each, call.scope, call.point) is Data.ON_HOST for each in arguments
        )

    def _findings(self, found: _Found) -> Iterator[Finding]:
        """Yield one finding for each library, of the most severe limit that applies."""
        name = found.reference.name
        seen: set[str] = set()
        for limit in self._knowledge.limits(name):
            rule = _rule(limit, found)
            if rule is None or (limit.backend in seen and rule.default):
                continue
            if rule.default:
                seen.add(limit.backend)
            library = labels.title(limit.backend)
            message = rule.summary.format(function=name, library=library)
            in_words = rule in (rules.RETURNS_NUMPY, rules.WRONG_VALUES)
            detail = limit.note if in_words else limit.reason or limit.note
            yield Finding(
                place=self._place(found.call.node),
                code=rule.code,
                message=f"{message}: {detail}" if detail else message,
                function=name,
                backend=limit.backend,
                device=limit.device,
                mode=limit.mode,
                note=limit.note,
                reason=limit.reason,
                since=self._knowledge.since(name, limit),
                measured=limit.measured,
                remedy=rule.remedy.format(library=library),
            )

    def _place(self, node: ast.expr) -> Place:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return Place(
            path=self._path,
            line=node.lineno,
            column=self._characters(node.lineno, node.col_offset) + 1,
            end_line=end_line,
            end_column=self._characters(end_line, end_column) + 1,
        )

    def _characters(self, line: int, offset: int) -> int:
        """Return a column in characters; `ast` counts bytes."""
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        return offset if text.isascii() else len(text.encode()[:offset].decode("utf-8", "ignore"))


def _rule(limit: Limit, found: _Found) -> rules.Rule | None:
    """Return the rule that a call breaks; None if the limit does not apply to its arguments."""
    if limit.argument is None:
        return limit.rule
    match = Match.UNKNOWN if found.reference.is_partial else limit.argument.match(found.call.node)
    return {Match.YES: limit.rule, Match.NO: None, Match.UNKNOWN: rules.SOME_CASES}[match]


def _invalid(error: SyntaxError, path: str) -> Finding:
    line, column = error.lineno or 1, error.offset or 1
    message = labels.one_line(f"{rules.INVALID_SYNTAX.summary}: {error.msg}")
    return _at(path, max(line, 1), max(column, 1), message)


def _too_deep(path: str) -> Finding:
    return _at(path, 1, 1, "the code is nested too deeply to be checked")


def _at(path: str, line: int, column: int, message: str) -> Finding:
    place = Place(path=path, line=line, column=column, end_line=line, end_column=column)
    return Finding(place=place, code=rules.INVALID_SYNTAX.code, message=message)
