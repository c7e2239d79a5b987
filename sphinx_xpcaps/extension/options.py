"""The options in ``conf.py``: told to Sphinx, checked, and read back as a `Config`."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.backends import backends, optional_modes
from sphinx_xpcaps._private.sphinx import names_in_conf_py
from sphinx_xpcaps.config import DEVICES, PREFIX, Config, Execute, options
from sphinx_xpcaps.extension.warnings import warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config as SphinxConfig

READ_AGAIN = frozenset({"xpcaps_inject"})
"""Options that change what documents ask for; the others change what is measured and shown."""


def register(app: Sphinx) -> None:
    """Tell Sphinx every option."""
    for name, default, types, _ in options():
        rebuild: Literal["env", ""] = "env" if name in READ_AGAIN else ""
        app.add_config_value(name, default, rebuild, types=frozenset(types))


def on_config_inited(app: Sphinx, config: SphinxConfig) -> None:
    """Replace every value that cannot be used by its default, with one warning each."""
    conf = Path(app.confdir) / "conf.py"
    _unknown_options(config, conf)
    for name, default, types, _ in options():
        if not isinstance(getattr(config, name), types):
            # Sphinx itself has warned about the type.
            setattr(config, name, default)
    known = [execute.value for execute in Execute]
    if config.xpcaps_execute not in known:
        _bad_value("option", f"xpcaps_execute: {config.xpcaps_execute!r}", known, conf)
        config.xpcaps_execute = Config().execute
    config.xpcaps_backends = _only("backend", "backends", config, list(backends()), conf)
    config.xpcaps_modes = _only("option", "modes", config, optional_modes(), conf)
    config.xpcaps_devices = _only("option", "devices", config, list(DEVICES), conf)


def read(app: Sphinx) -> Config:
    """Return the options of a build; files are found beside ``conf.py``."""
    values = {option.name: app.config[PREFIX + option.name] for option in fields(Config)}
    values["cases"] = [
        str(Path(app.confdir) / source) if source.endswith(".cases") else source
        for source in values["cases"]
    ]
    for name in ("declared_known", "declared_report"):
        values[name] = values[name] and str(Path(app.confdir) / values[name])
    return Config(**values)


def _unknown_options(config: SphinxConfig, conf: Path) -> None:
    known = [name for name, *_ in options()]
    for name in sorted(names_in_conf_py(config)):
        if name.startswith(PREFIX) and name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            warn("option", f"there is no option {name}; {hint}", conf)


def _only(kind: str, option: str, config: SphinxConfig, known: list[str], conf: Path) -> list[Any]:
    """Return the known names that an option lists, or its default if none is known."""
    names = list(config[PREFIX + option])
    for name in names:
        if name not in known:
            _bad_value(kind, f"{PREFIX}{option}: {name!r}", known, conf)
    return [name for name in names if name in known] or list(getattr(Config(), option))


def _bad_value(kind: str, what: str, known: list[str], conf: Path) -> None:
    warn(kind, f"{what} is not known; known are {', '.join(known)}", conf)
