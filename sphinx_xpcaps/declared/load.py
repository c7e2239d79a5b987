"""Asks a worker for the declarations: reading a table imports the library that declares."""

from __future__ import annotations

from collections.abc import Sequence

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.declared.model import Declaration, Declarations
from sphinx_xpcaps.measure.model import Job
from sphinx_xpcaps.measure.runner import Runner
from sphinx_xpcaps.measure.workers.process import JobFailed, WorkerLost


class DeclaredError(Exception):
    """A table that cannot be read; the message names it and says what is wrong."""


def declarations(names: Sequence[str], table: str, config: Config) -> Declarations:
    """Return what `table`, such as ``"mypkg.testing:table"``, declares of the targets `names`.

    Raises
    ------
    DeclaredError
        There is no such table, or it cannot be read.
    """
    module, colon, attribute = table.partition(":")
    if not (module and colon and attribute):
        raise DeclaredError(f"{table!r} is not of the form module:table")
    entries: dict[str, Declaration] = {}

    def give(declaration: Declaration) -> None:
        entries[declaration.target] = declaration

    worker = Runner(config).hire()
    try:
        job = Job(
            function="sphinx_xpcaps.declared.read.read_all",
            arguments={"module": module, "attribute": attribute, "names": tuple(names)},
        )
        answer: dict[str, str] | str = worker.run(job, give)
    except (JobFailed, WorkerLost) as error:
        raise DeclaredError(f"{table} cannot be read: {error}") from None
    finally:
        worker.close()
    if isinstance(answer, str):
        raise DeclaredError(f"{table} cannot be read: {answer}")
    return Declarations(table=table, entries=entries, spelling=answer)
