"""A report in the Static Analysis Results Interchange Format (SARIF), version 2.1.0."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from sphinx_xpcaps.advise.model import Finding, Report
from sphinx_xpcaps.advise.rules import INVALID_SYNTAX, RULES, Rule
from sphinx_xpcaps.version import __version__

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOMEPAGE = "https://github.com/sphinx-xpcaps/sphinx-xpcaps"


def render(report: Report, sources: Mapping[str, str]) -> str:
    """Return a report as one run with all rules."""
    content = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "sphinx-xpcaps",
                        "version": __version__,
                        "informationUri": _HOMEPAGE,
                        "rules": [_rule(rule) for rule in RULES.values()],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one) for one in report.findings],
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.meaning},
        "defaultConfiguration": {"enabled": rule.default, "level": _level(rule.code)},
    }
    if rule.remedy:
        text = rule.remedy.format(library="the library")
        described["help"] = {"text": text}
    return described


def _level(code: str) -> str:
    return "error" if code == INVALID_SYNTAX.code else "warning"


def _result(finding: Finding) -> dict[str, Any]:
    place = finding.place
    names = ("function", "backend", "device", "mode", "note", "since", "measured")
    properties = {name: value for name in names if (value := getattr(finding, name))}
    return {
        "ruleId": finding.code,
        "ruleIndex": list(RULES).index(finding.code),
        "level": _level(finding.code),
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(place.path)},
                    "region": {
                        "startLine": place.line,
                        "startColumn": place.column,
                        "endLine": place.end_line,
                        "endColumn": place.end_column,
                    },
                }
            }
        ],
        "properties": properties,
    }


def _uri(path: str) -> str:
    file = Path(path)
    return file.as_uri() if file.is_absolute() else quote(file.as_posix())
