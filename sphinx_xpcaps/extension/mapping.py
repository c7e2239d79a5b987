"""Records that other sites publish, which ``xpcaps_mapping`` lists as intersphinx lists sites."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_xpcaps.extension.links import DATA
from sphinx_xpcaps.extension.warnings import Diagnostic
from sphinx_xpcaps.files import write_atomically
from sphinx_xpcaps.results.model import Record
from sphinx_xpcaps.results.record import RecordError, limited_to, read_records

if TYPE_CHECKING:
    from sphinx.application import Sphinx

KEPT_SECONDS = 5 * 24 * 3600
"""How long a downloaded file is used before it is downloaded again, as in intersphinx."""
TIMEOUT = 20
"""Time limit for a connection, in seconds."""
LARGEST = 200_000_000
"""The largest file that is downloaded, in bytes."""


@dataclass(frozen=True, slots=True)
class Published:
    """What other sites have measured of the functions that a project documents."""

    records: tuple[Record, ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)
    """The address of the data of each target."""
    problems: tuple[Diagnostic, ...] = ()

    def __contains__(self, target: str) -> bool:
        return target in self.addresses


def read_published(app: Sphinx, targets: Container[str], folder: Path) -> Published:
    """Return the records of all sites of ``xpcaps_mapping``, limited to some targets.

    Parameters
    ----------
    app : Sphinx
    targets : container of str
        The documented targets.
    folder : Path
        Where downloaded files are kept between builds.
    """
    records: list[Record] = []
    addresses: dict[str, str] = {}
    problems: list[Diagnostic] = []
    conf = Path(app.confdir) / "conf.py"
    for name, (site, file) in sorted(app.config.xpcaps_mapping.items()):
        address = f"{site.rstrip('/')}/{DATA}"
        try:
            path = (
                Path(app.confdir) / file if file else _downloaded(address, folder / f"{name}.json")
            )
            found = read_records(path)
        except (OSError, RecordError) as error:
            reason = str(error) if isinstance(error, RecordError) else f"{file or address}: {error}"
            message = f"xpcaps_mapping: the data of {name!r} cannot be read: {reason}"
            message = " ".join(message.split())
            problems.append(Diagnostic(kind="record", message=message, file=conf))
            continue
        limited = [limited_to(record, targets) for record in found]
        records += [record for record in limited if record.targets]
        for record in limited:
            addresses |= dict.fromkeys(record.targets, address)
    return Published(tuple(records), addresses, tuple(problems))


def _downloaded(address: str, path: Path) -> Path:
    """Return `path`, with the file at an address unless it was downloaded recently.

    If the file cannot be downloaded, an older one is used.
    """
    if path.exists() and time.time() - path.stat().st_mtime < KEPT_SECONDS:
        return path
    import requests  # late, as it is slow to import

    try:
        with requests.get(address, timeout=TIMEOUT, stream=True) as response:
            response.raise_for_status()
            content = _limited(response.iter_content(1 << 20))
    except OSError:  # also all errors of requests
        if path.exists():
            return path
        raise
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
    return path


def _limited(parts: Iterable[bytes]) -> bytes:
    content = bytearray()
    for part in parts:
        content += part
        if len(content) > LARGEST:
            raise OSError(f"larger than {LARGEST // 1_000_000} MB")
    return bytes(content)
