"""A badge with the share of supported functions, as data for shields.io and as SVG."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

from sphinx_xpcaps.results.labels import title
from sphinx_xpcaps.results.model import Status
from sphinx_xpcaps.results.view import Table

_COLORS = (
    (0.9, "brightgreen", "#4c1"),
    (0.7, "green", "#97ca00"),
    (0.5, "yellow", "#dfb317"),
    (0.3, "orange", "#fe7d37"),
    (0.0, "red", "#e05d44"),
)
_SVG = re.compile(
    rb'<svg xmlns="http://www.w3.org/2000/svg" width="\d+" height="20" role="img" aria-label="'
)
_UNKNOWN = ("lightgrey", "#9f9f9f")
_NARROW, _WIDE = frozenset("fijlrtI.,:;|!'()[] "), frozenset("mwMW%@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """The texts and the colour of a badge."""

    label: str
    message: str
    color: str
    """Name of a colour of shields.io."""
    hex_color: str

    def endpoint(self) -> dict[str, object]:
        """Return the data for an endpoint badge of shields.io."""
        return {
            "schemaVersion": 1,
            "label": self.label,
            "message": self.message,
            "color": self.color,
        }

    def svg(self) -> str:
        """Return the badge as SVG, which needs no network."""
        left, right = _width(self.label) + 10, _width(self.message) + 10
        label, message = html.escape(self.label), html.escape(self.message)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" '
            f'role="img" aria-label="{label}: {message}">\n'
            f"<title>{label}: {message}</title>\n"
            f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>\n'
            f'<g clip-path="url(#r)">\n'
            f'<rect width="{left}" height="20" fill="#555"/>\n'
            f'<rect x="{left}" width="{right}" height="20" fill="{self.hex_color}"/>\n'
            f"</g>\n"
            f'<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" '
            f'font-size="11">\n'
            f'<text x="{left / 2:g}" y="14" textLength="{left - 10}">{label}</text>\n'
            f'<text x="{left + right / 2:g}" y="14" textLength="{right - 10}" '
            f'fill="#111">{message}</text>\n'
            f"</g>\n</svg>\n"
        )


class _Endpoint(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The data of `Badge.endpoint`."""

    schema_version: Literal[1]
    label: str
    message: str
    color: str


def is_badge(content: bytes) -> bool:
    """Return whether the content of a file is a badge that this module made, or empty."""
    if not content or _SVG.match(content):
        return True
    try:
        msgspec.json.decode(content, type=_Endpoint)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True


def badge(tables: Iterable[Table], backend: str, column: str, label: str | None = None) -> Badge:
    """Return the badge of a backend.

    Parameters
    ----------
    tables : iterable of Table
        The functions that count; those without a measurement do not.
    backend : str
        Name of the library.
    column : str
        ``"cpu"`` or ``"gpu"``.
    label : str, optional
        The text on the left. Default: the library's title.
    """
    statuses = [
        shown.cell.status
        for table in tables
        for shown in table.cells
        if (shown.cell.backend, shown.column) == (backend, column) and shown.cell.status.measured
    ]
    label = label or title(backend) + (" on GPU" if column == "gpu" else "")
    if not statuses:
        name, hex_color = _UNKNOWN
        return Badge(label=label, message="not measured", color=name, hex_color=hex_color)
    supported = statuses.count(Status.SUPPORTED)
    partial = statuses.count(Status.PARTIAL)
    message = f"{supported} of {len(statuses)} functions"
    if partial:
        message += f", {partial} partly"
    share = (supported + partial / 2) / len(statuses)
    name, hex_color = next(colors for least, *colors in _COLORS if share >= least)
    return Badge(label=label, message=message, color=name, hex_color=hex_color)


def _width(text: str) -> int:
    """Return about how wide a text is in Verdana with 11 pixels."""
    widths = (3.8 if c in _NARROW else 10.5 if c in _WIDE else 7.0 for c in text)
    return round(sum(widths))
