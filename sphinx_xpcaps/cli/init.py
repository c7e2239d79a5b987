"""The command ``init``: add sphinx-xpcaps to a project."""

from __future__ import annotations

from pathlib import Path

import click
from platformdirs import user_state_path

from sphinx_xpcaps.cli.records import fail
from sphinx_xpcaps.init.apply import UndoError, apply, undo
from sphinx_xpcaps.init.layout import LayoutError, find_layout
from sphinx_xpcaps.init.plan import RECORDS, Plan, Workflow, default_workflow, make_plan

_FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER, default=".")
@click.option(
    "--conf",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Configuration of the documentation. [default: the only conf.py of Sphinx]",
)
@click.option("--package", metavar="NAME", help="Name with which the package is imported.")
@click.option(
    "--workflow",
    type=click.Choice([str(each) for each in Workflow]),
    help="Service for which a workflow that measures is added. [default: that of the project]",
)
@click.option("--diff", "only_diff", is_flag=True, help="Print the changes and write nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--undo", "undoes", is_flag=True, help="Restore the files that were changed.")
def init(
    folder: Path,
    conf: Path | None,
    package: str | None,
    workflow: str | None,
    only_diff: bool,
    yes: bool,
    undoes: bool,
) -> None:
    """Add sphinx-xpcaps to the project in FOLDER, the working folder by default.

    The extension is added to conf.py, options to pyproject.toml, a folder for records, and a
    workflow that measures. The changes are printed first, and nothing is written without consent.
    --undo restores all files as they were.
    """
    if undoes:
        _undo(folder)
        return
    try:
        layout = find_layout(folder, conf, package)
    except LayoutError as error:
        fail(str(error))
    plan = make_plan(layout, Workflow(workflow) if workflow else default_workflow(folder))
    click.echo(plan.diff(), nl=False)
    if not plan.changes:
        click.echo("Nothing to change")
    _print_left(plan)
    if only_diff or not plan.changes:
        return
    if not yes:
        click.confirm("Apply these changes?", abort=True)
    apply(plan, _state())
    click.echo(f"Changed {len(plan.changes)} files. `sphinx-xpcaps init --undo` restores them")
    click.echo(
        f"Measure, and commit the record: sphinx-xpcaps measure {layout.package} "
        f"--output {RECORDS}/ci.json"
    )


def _undo(folder: Path) -> None:
    try:
        restored = undo(folder, _state())
    except UndoError as error:
        fail(str(error))
    click.echo(f"Restored {len(restored)} files")


def _print_left(plan: Plan) -> None:
    for line in plan.left:
        click.echo(f"Left to you: {line}", err=True)


def _state() -> Path:
    return user_state_path("sphinx-xpcaps") / "init"
