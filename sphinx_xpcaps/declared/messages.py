"""Messages about comparisons: the declaration, the measurement and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from sphinx_xpcaps.declared.model import Comparison, Findings, Stale, Verdict
from sphinx_xpcaps.results.labels import title


def lines(differences: Sequence[Comparison]) -> Iterator[tuple[str, str]]:
    """Yield each target with a message; only one for a target that is not declared.

    Parameters
    ----------
    differences : sequence of Comparison
        Sorted by target.
    """
    for target, group in groupby(differences, key=lambda each: each.target):
        found = list(group)
        undeclared = [each for each in found if each.verdict is Verdict.UNDECLARED]
        if undeclared:
            libraries = ", ".join(_where(each) for each in undeclared)
            cases = f"{undeclared[0].passed} of {undeclared[0].total} cases"
            yield target, f"{target} is not declared, but works with {libraries}: {cases}"
        for each in found:
            if each.verdict is not Verdict.UNDECLARED:
                yield target, sentence(each)


def sentence(comparison: Comparison) -> str:
    """Return a one-line message with the declared and the measured support of a target."""
    evidence = _evidence(comparison)
    message = f"{comparison.target} {_declared(comparison)}, {_measured(comparison)}"
    return f"{message}: {evidence}" if evidence else message


def stale_line(stale: Stale) -> str:
    """Return a message about an entry of the file of known differences."""
    return f"the known difference of {stale.target} {stale.problem}"


def summary(findings: Findings) -> str:
    """Return the number of findings of each kind."""
    parts = [f"{findings.compared} compared", f"{len(findings.differences)} differ"]
    for what, found in (
        ("are known", findings.known),
        ("known are stale", findings.stale),
        ("expected to differ on a device that is not available", findings.expected),
    ):
        if found:
            parts.append(f"{len(found)} {what}")
    return ", ".join(parts)


def _declared(comparison: Comparison) -> str:
    where = f"with {_where(comparison)}"
    eager = comparison.mode == "eager"
    if comparison.declared:
        return f"is declared to work {where}" + ("" if eager else f" in mode {comparison.mode}")
    if not eager:
        return f'is declared "{comparison.why}" {where}'
    return f"is declared not to work {where}" + (f" ({comparison.why})" if comparison.why else "")


def _measured(comparison: Comparison) -> str:
    likely = "most likely " if comparison.expected else ""
    if comparison.verdict is Verdict.FAILS:
        return f"but {likely}fails"
    if comparison.verdict is Verdict.WORKS:
        mode = "" if comparison.mode == "eager" else f" in mode {comparison.mode}"
        return f"but {likely}works{mode}"
    return f"and is {likely}{comparison.status}"


def _where(comparison: Comparison) -> str:
    device = "" if comparison.device == "cpu" else f" on {comparison.device}"
    return f"{title(comparison.backend)}{device}"


def _evidence(comparison: Comparison) -> str:
    """Return the first failure with its call, or the number of cases that passed."""
    if comparison.reasons:
        reason = comparison.reasons[0]
        message = " ".join(reason.message.split())
        what = reason.exception or ("" if message else str(reason.outcome).replace("_", " "))
        call = f" in {reason.call}" if reason.call else ""
        return ": ".join(part for part in (what, message) if part) + call
    notes = ", ".join(comparison.notes)
    if comparison.expected:
        return notes
    return f"{comparison.passed} of {comparison.total} cases" + (f", {notes}" if notes else "")
