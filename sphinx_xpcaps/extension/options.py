"""The options in ``conf.py``: register them with Sphinx, validate them, return a `Config`."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.backends import backends, optional_modes
from sphinx_xpcaps._private.sphinx import names_in_conf_py
from sphinx_xpcaps.config import DEVICES, PREFIX, Config, Execute, options, parse_size
from sphinx_xpcaps.extension.warnings import warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config as SphinxConfig

READ_AGAIN = frozenset({"xpcaps_inject"})
"""Options that change which tables a document requests, so that it has to be read again."""


def register(app: Sphinx) -> None:
    """Register every option with Sphinx."""
    for name, default, types, _ in options():
        rebuild: Literal["env", ""] = "env" if name in READ_AGAIN else ""
        app.add_config_value(name, default, rebuild, types=frozenset(types))


def on_config_inited(app: Sphinx, config: SphinxConfig) -> None:
    """Replace every invalid value by the default, with one warning each."""
    conf = Path(app.confdir) / "conf.py"
    _warn_unknown_options(config, conf)
    for name, default, types, _ in options():
        if not isinstance(getattr(config, name), types):
            # Sphinx has already warned about the type.
            setattr(config, name, default)
    values = [execute.value for execute in Execute]
    if config.xpcaps_execute not in values:
        _warn_unknown("option", "xpcaps_execute", config.xpcaps_execute, values, conf)
        config.xpcaps_execute = Config().execute
    try:
        parse_size(config.xpcaps_memory)
    except ValueError as error:
        warn("option", f"xpcaps_memory: {error}", conf)
        config.xpcaps_memory = Config().memory
    config.xpcaps_backends = _known("backend", "backends", config, list(backends()), conf)
    config.xpcaps_modes = _known("option", "modes", config, optional_modes(), conf)
    config.xpcaps_devices = _known("option", "devices", config, list(DEVICES), conf)


def read(app: Sphinx) -> Config:
    """Return the options of a build, with file names relative to ``conf.py`` made absolute."""
    values = {option.name: app.config[PREFIX + option.name] for option in fields(Config)}
    values["cases"] = [
        str(Path(app.confdir) / source) if source.endswith(".cases") else source
        for source in values["cases"]
    ]
    for name in ("declared_known", "declared_report"):
        values[name] = values[name] and str(Path(app.confdir) / values[name])
    return Config(**values)


def _warn_unknown_options(config: SphinxConfig, conf: Path) -> None:
    known = [name for name, *_ in options()]
    for name in sorted(names_in_conf_py(config)):
        if name.startswith(PREFIX) and name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            warn("option", f"unknown option {name}; {hint}", conf)


def _known(kind: str, option: str, config: SphinxConfig, known: list[str], conf: Path) -> list[Any]:
    """Return the known names in a list, or the default if none is known."""
    names = list(config[PREFIX + option])
    for name in names:
        if name not in known:
            _warn_unknown(kind, PREFIX + option, name, known, conf)
    return [name for name in names if name in known] or list(getattr(Config(), option))


def _warn_unknown(kind: str, option: str, value: object, known: list[str], conf: Path) -> None:
    warn(kind, f"{option}: unknown value {value!r}; known are {', '.join(known)}", conf)
