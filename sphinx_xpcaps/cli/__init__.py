"""The command line, which measures without Sphinx: one module per command.

`options` and `run` are shared by the commands that measure, `records` by those that read records;
`tables`, `formats` and `target_details` write their output.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from sphinx_xpcaps.cli.advise import advise
from sphinx_xpcaps.cli.backends import list_backends
from sphinx_xpcaps.cli.badge import badge
from sphinx_xpcaps.cli.check import check
from sphinx_xpcaps.cli.diff import diff
from sphinx_xpcaps.cli.history import history
from sphinx_xpcaps.cli.init import init
from sphinx_xpcaps.cli.matrix import matrix
from sphinx_xpcaps.cli.measure import measure
from sphinx_xpcaps.cli.merge import merge
from sphinx_xpcaps.cli.run import system_errors
from sphinx_xpcaps.cli.show import show
from sphinx_xpcaps.cli.validate import validate
from sphinx_xpcaps.version import __version__


class _Commands(click.Group):
    """Commands in which a file that cannot be used is an error in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with system_errors():
            return super().invoke(ctx)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Measure which array libraries functions support, and show the results."""
    # Packages in the current folder can be imported, but do not shadow installed ones.
    sys.path.append(os.getcwd())


for _command in (
    measure,
    matrix,
    check,
    show,
    merge,
    diff,
    validate,
    history,
    badge,
    init,
    advise,
    list_backends,
):
    main.add_command(_command)
