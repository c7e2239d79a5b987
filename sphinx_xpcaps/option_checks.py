"""Check the values of options in ``conf.py`` and ``pyproject.toml``: what is expected and wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

from core.backends import backends, optional_modes
from sphinx_xpcaps.config import COLUMNS, DEVICES, EVIDENCE, POSITIONS, Execute, parse_size


@dataclass(frozen=True, slots=True)
class Checked:
    """A value that can be used, and what was wrong with the one that was given."""

    value: Any
    problem: str = ""
    kind: str = "option"
    """The kind of the warning."""


Check: TypeAlias = Callable[[Any, Any], Checked]
"""Takes a value and the default, which replaces an invalid value."""


def check_option(name: str, value: Any, default: Any) -> Checked:
    """Return a value that can be used for an option.

    Parameters
    ----------
    name : str
        Name of the option without prefix.
    value, default : Any
        The value that was given, and the default.
    """
    return CHECKS[name](value, default)


def texts_check(expected: str) -> Check:
    """Check a list of texts; items that are no texts, or empty, are left out."""

    def check(value: Any, default: Any) -> Checked:
        if isinstance(value, str) and value:
            return Checked([value], f"expected {expected}, got the text {value!r}")
        if not isinstance(value, (list, tuple, set, frozenset)):
            return Checked(default, _expected(expected, value))
        items = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else list(value)
        bad = [item for item in items if not _is_text(item)]
        problem = f"expected {expected}, got the item {bad[0]!r}" if bad else ""
        return Checked([item for item in items if _is_text(item)], problem)

    return check


def _is_text(item: Any) -> bool:
    return isinstance(item, str) and bool(item.strip()) and "\0" not in item


def names_check(expected: str, known: Callable[[], Collection[str]], kind: str = "option") -> Check:
    """Check a list of known names; the default is used if none is known."""
    texts = texts_check(expected)

    def check(value: Any, default: Any) -> Checked:
        checked = texts(value, default)
        unknown = [name for name in checked.value if name not in known()]
        names = list(dict.fromkeys(name for name in checked.value if name in known()))
        if checked.problem or not unknown:
            return Checked(names or default, checked.problem)
        values = "value" if len(unknown) == 1 else "values"
        problem = f"unknown {values} {', '.join(map(repr, unknown))}; {known_names(known())}"
        return Checked(names or default, problem, kind)

    return check


def _choice(known: Sequence[str]) -> Check:
    def check(value: Any, default: Any) -> Checked:
        if isinstance(value, str) and value in known:
            return Checked(str(value))
        return Checked(default, f"unknown value {value!r}; {known_names(known)}")

    return check


def _text(expected: str) -> Check:
    def check(value: Any, default: Any) -> Checked:
        if isinstance(value, str) and "\0" not in value:
            return Checked(value)
        return Checked(default, _expected(expected, value))

    return check


def _flag(value: Any, default: Any) -> Checked:
    if isinstance(value, bool) or value in ("0", "1"):
        return Checked(value in (True, "1"))
    return Checked(default, _expected("True or False", value))


def _evidence(value: Any, default: Any) -> Checked:
    """Check a text, or a dictionary of texts by the names of builders."""
    if isinstance(value, str) and (not value or value in EVIDENCE):
        return Checked(value)
    if not isinstance(value, Mapping):
        return Checked(default, f"unknown value {value!r}; {known_names(EVIDENCE)}")
    bad = [item for item in value.items() if item[1] not in EVIDENCE]
    problem = f"unknown value {bad[0][1]!r}; {known_names(EVIDENCE)}" if bad else ""
    return Checked({k: v for k, v in value.items() if v in EVIDENCE}, problem)


def _address(value: Any, default: Any) -> Checked:
    expected = "an address such as 'https://example.org/issues/new?title={target}'"
    if value == "":
        return Checked(value)
    if isinstance(value, str) and value.startswith(("http://", "https://", "mailto:")):
        return Checked(value)
    return Checked(default, _expected(expected, value))


def _mapping(value: Any, default: Any) -> Checked:
    expected = 'a dictionary such as {"pkg": ("https://pkg.example.org/", None)}'
    if not isinstance(value, Mapping):
        return Checked(default, _expected(expected, value))
    bad = [item for item in value.items() if not _is_site(*item)]
    problem = f"expected {expected}, got {dict(bad[:1])!r}" if bad else ""
    return Checked({k: tuple(v) for k, v in value.items() if _is_site(k, v)}, problem)


def _is_site(name: Any, site: Any) -> bool:
    return (
        isinstance(name, str)
        and name.isidentifier()
        and isinstance(site, (tuple, list))
        and len(site) == 2
        and isinstance(site[0], str)
        and site[0].startswith(("http://", "https://"))
        and (site[1] is None or _is_text(site[1]))
    )


def _variables(value: Any, default: Any) -> Checked:
    expected = 'a dictionary of texts such as {"NAME": "value"}'
    if not isinstance(value, Mapping):
        return Checked(default, _expected(expected, value))
    bad = [item for item in value.items() if not _is_variable(*item)]
    problem = f"expected {expected}, got {dict(bad[:1])!r}" if bad else ""
    return Checked({k: v for k, v in value.items() if _is_variable(k, v)}, problem)


def _is_variable(name: Any, text: Any) -> bool:
    return _is_text(name) and "=" not in name and isinstance(text, str) and "\0" not in text


def _seconds(value: Any, default: Any) -> Checked:
    if _is_number(value, (int, float)) and 0 < value < math.inf:
        return Checked(value)
    return Checked(default, _expected("a number of seconds greater than 0", value))


def _share(value: Any, default: Any) -> Checked:
    if _is_number(value, (int, float)) and 0 <= value <= 1:
        return Checked(value)
    return Checked(default, _expected("a number between 0 and 1", value))


def _count(value: Any, default: Any) -> Checked:
    if _is_number(value, int) and value >= 0:
        return Checked(value)
    return Checked(default, _expected("a number of workers, or 0 for one per processor", value))


def _is_number(value: Any, types: type | tuple[type, ...]) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _size(value: Any, default: Any) -> Checked:
    try:
        parse_size(value)
    except ValueError as error:
        return Checked(default, str(error))
    return Checked(value)


def _expected(expected: str, value: Any) -> str:
    return f"expected {expected}, got {value!r}"


def known_names(names: Collection[str]) -> str:
    """Return the known names as part of a message."""
    return f"known are {', '.join(names)}"


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return a question that names the closest known name; empty if none is close."""
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else ""


CHECKS: Mapping[str, Check] = {
    "inject": texts_check('a list of patterns such as ["pkg.*"]'),
    "execute": _choice([execute.value for execute in Execute]),
    "backends": names_check("a list of backends", lambda: list(backends()), "backend"),
    "devices": names_check("a list of devices", lambda: DEVICES),
    "modes": names_check("a list of modes", optional_modes),
    "records": texts_check('a list of globs such as ["xpcaps/*.json"]'),
    "cases": texts_check("a list of modules and files"),
    "declared": _text("a text such as 'module:table'"),
    "declared_known": _text("the name of a file"),
    "declared_report": _text("the name of a file"),
    "position": _choice(POSITIONS),
    "columns": _choice(COLUMNS),
    "collapse": _flag,
    "evidence": _evidence,
    "report_url": _address,
    "mapping": _mapping,
    "environment": _variables,
    "setup": _text("a text with Python code"),
    "timeout": _seconds,
    "memory": _size,
    "verify": _share,
    "jobs": _count,
    "scheduler": _text("an address such as 'tcp://host:8786'"),
}
"""The check of each option, by its name without prefix."""
