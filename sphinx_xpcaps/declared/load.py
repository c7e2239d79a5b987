"""Load declarations in a worker, since reading a table imports the library."""

from __future__ import annotations

from collections.abc import Sequence

from sphinx_xpcaps.config import Config
from sphinx_xpcaps.declared.model import Declaration, Declarations
from sphinx_xpcaps.measure.runner import Runner
from sphinx_xpcaps.measure.workers.errors import JobFailed, WorkerLost
from sphinx_xpcaps.measure.workers.messages import Job


class DeclaredError(Exception):
    """A table cannot be read; the message names it and gives the reason."""


def declarations(names: Sequence[str], table: str, config: Config) -> Declarations:
    """Return the declarations of the targets `names` in a table such as ``"mypkg.testing:table"``.

    Raises
    ------
    DeclaredError
        The table does not exist or cannot be read.
    """
    module, colon, attribute = table.partition(":")
    if not (module and colon and attribute):
        raise DeclaredError(f"expected module:table, got {table!r}")
    entries: dict[str, Declaration] = {}

    def on_result(declaration: Declaration) -> None:
        entries[declaration.target] = declaration

    worker = Runner(config).start_worker()
    try:
        job = Job(
            function="sphinx_xpcaps.declared.read.read_all",
            arguments={"module": module, "attribute": attribute, "names": tuple(names)},
            progress=Declaration,
            result=dict[str, str] | str,
        )
        answer: dict[str, str] | str = worker.run(job, on_result)
    except (JobFailed, WorkerLost) as error:
        raise DeclaredError(f"{table} cannot be read: {error}") from None
    finally:
        worker.close()
    if isinstance(answer, str):
        raise DeclaredError(f"{table} cannot be read: {answer}")
    return Declarations(table=table, entries=entries, backend_names=answer)
