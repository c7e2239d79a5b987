"""The command ``backends``: list array libraries and devices."""

from __future__ import annotations

import click
from rich.table import Table as Grid

from core.backends import backends, get_backend
from sphinx_xpcaps.cli import options
from sphinx_xpcaps.cli.run import plain_console
from sphinx_xpcaps.measure.workers.probe import probe


@click.command("backends")
@options.environment
def list_backends(environment: dict[str, str]) -> None:
    """List array libraries with their versions and devices, and why any is unavailable."""
    found = probe(list(backends()), environment)
    grid = Grid("Library", "Version", "Device", "Usable", box=None, pad_edge=False)
    for (name, device), answer in found.items():
        version = get_backend(name).version() or "—"
        grid.add_row(name, version, device, "yes" if answer.usable else f"no: {answer.reason}")
    plain_console().print(grid)
