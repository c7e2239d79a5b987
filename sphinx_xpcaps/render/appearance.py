"""How tables look: what the options and the builder determine for all tables of a build."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """How all tables of a build are shown.

    Parameters
    ----------
    interactive : bool
        Whether readers can fold content and follow links, as in HTML.
    evidence : str
        One of `EVIDENCE`.
    columns : str
        One of `COLUMNS`.
    collapse : bool
        Whether tables are folded at first.
    """

    interactive: bool = True
    evidence: str = "all"
    columns: str = "devices"
    collapse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """How one table is shown, as its directive says.

    Parameters
    ----------
    backends, devices, modes : tuple of str
        Rows and columns to show; all if empty.
    columns, evidence : str
        Replace those of `Appearance` unless empty.
    caption : str
        The caption.
    graph : bool
        Whether to show the graph of an example.
    """

    backends: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    columns: str = ""
    evidence: str = ""
    caption: str = ""
    graph: bool = False
