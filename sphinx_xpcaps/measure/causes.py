"""Find which argument makes a case fail: the only one that differs, or else by experiment.

A cause is text that a reader can compare with a call: ``mode='wrap'`` for small values,
``weights=`` for others, ``2-D x`` or ``complex x`` for arrays, and ``without weights=`` for a call
that does not have an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from sphinx_xpcaps.cases.model import Case, Step, Variant, VariantName
from sphinx_xpcaps.cases.parameters import signature_of
from sphinx_xpcaps.cases.payload import dump_last, load_steps
from sphinx_xpcaps.cases.plans import plans_for
from sphinx_xpcaps.cases.reference import variants_of

_MAX_ARGUMENTS = 4
"""Maximum number of arguments that are left out, one at a time."""

MayRun = Callable[[int], bool]
"""Called before NumPy runs a simpler case; returns whether to run it."""
Passes = Callable[[int, Case, Variant], bool]
"""Returns whether a simpler case passes; the number is that of the experiment."""


def cause_of(failing: Case, passing: Iterable[Case], may_run: MayRun, passes: Passes) -> str:
    """Return the argument without which a failing case passes; "" if several are.

    If no single argument is the cause, it may be several together.

    Parameters
    ----------
    failing : Case
        The case.
    passing : iterable of Case
        Other cases of the target, which pass.
    may_run : callable
        Called before NumPy runs a simpler case.
    passes : callable
        Runs a simpler case with the library.

    Returns
    -------
    str
        The cause.
    """
    differing = differing_arguments(failing.arguments, (case.arguments for case in passing))
    names = [name for name, cause in differing.items() if " " not in cause.partition("=")[0]]
    if failing.all_steps or len(differing) < 2:
        return ""
    names = names[:_MAX_ARGUMENTS]
    together = [tuple(names)] if len(names) > 1 else []
    found: list[tuple[str, ...]] = []
    for number, left_out in enumerate([*((name,) for name in names), *together]):
        if found and len(left_out) > 1:
            break
        simpler = _without_all(failing, left_out, partial(may_run, number))
        if simpler is not None and passes(number, *simpler):
            found.append(left_out)
    return ", ".join(differing[name] for name in found[0]) if len(found) == 1 else ""


def differing_arguments(failing: Iterable[str], passing: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return the cause for each argument in which a call differs from all others.

    Parameters
    ----------
    failing : iterable of str
        The arguments of the call, as `sphinx_xpcaps.cases.select.argument_names` returns them.
    passing : iterable of iterable of str
        Those of the other calls.
    """
    others = [set(other) for other in passing]
    known = set().union(*others)
    missing = set.intersection(*others).difference(failing) if others else set()
    names: set[str] = set()
    values: dict[str, str] = {}
    traits: dict[str, list[str]] = {}
    for argument in sorted(set(failing) - known):
        head, is_value, _ = argument.partition("=")
        *trait, name = head.split(" ")
        if is_value:
            values[name] = argument
        elif trait:
            traits.setdefault(name, []).extend(trait)
        else:
            names.add(name)
    found = {name: f"without {name}=" for name in missing if name.isidentifier()}
    found |= {name: " ".join([*each, name]) for name, each in traits.items()}
    found |= {name: f"{name}=" for name in names}
    return dict(sorted((found | values).items()))


def _without_all(
    case: Case, names: Iterable[str], may_run: Callable[[], bool]
) -> tuple[Case, Variant] | None:
    """Return a case without some arguments, or None if NumPy does not accept it."""
    *before, last = load_steps(case.payload)
    call: Step | None = last
    for name in names:
        call = _without(call, name) if call is not None else None
    if call is None or not may_run():
        return None
    simpler = replace(case, payload=dump_last([*before, last], call))
    try:
        [variant] = variants_of(simpler, (), lambda name, _: name is VariantName.AS_WRITTEN)
    except Exception:
        return None
    plans = plans_for([*before, call], call.callee) or case.plans
    return replace(simpler, plans=plans), variant


def _without(call: Step, name: str) -> Step | None:
    """Return a call without an argument, or None if it needs the argument."""
    if name in call.kwargs:
        kwargs = {key: value for key, value in call.kwargs.items() if key != name}
        return replace(call, kwargs=kwargs)
    signature = signature_of(call.callee)
    if signature is None:
        return None
    names = list(signature.parameters)
    if name not in names or names.index(name) >= len(call.args):
        return None
    position = names.index(name)
    later = dict(zip(names[position + 1 :], call.args[position + 1 :], strict=False))
    return replace(call, args=call.args[:position], kwargs={**later, **call.kwargs})
