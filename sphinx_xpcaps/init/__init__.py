"""Add sphinx-xpcaps to an existing project, and undo that.

- `layout` finds the documentation and the package of a project.
- `plan` lists what changes; `edit_conf` and `edit_pyproject` change the source of files.
- `apply` writes the files, keeps their former content, and restores it.
"""
