"""The options in ``conf.py`` and ``pyproject.toml``: register, validate and return them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sphinx_xpcaps._private.sphinx import names_in_conf_py, names_on_command_line
from sphinx_xpcaps.config import PREFIX, Config, options
from sphinx_xpcaps.extension.warnings import warn
from sphinx_xpcaps.option_checks import check_option, did_you_mean, known_names
from sphinx_xpcaps.project_options import read_options
from sphinx_xpcaps.render.appearance import Appearance

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config as SphinxConfig

READ_AGAIN = frozenset({"xpcaps_inject", "xpcaps_position"})
"""Options that change which tables a document requests, so that it has to be read again."""


def register(app: Sphinx) -> None:
    """Register every option with Sphinx."""
    for name, default, types, _ in options():
        rebuild: Literal["env", ""] = "env" if name in READ_AGAIN else ""
        app.add_config_value(name, default, rebuild, types=frozenset(types))


def on_config_inited(app: Sphinx, config: SphinxConfig) -> None:
    """Replace every invalid value by the default, with one warning each.

    This runs before Sphinx checks the types, so that each value is checked once.
    """
    conf = Path(app.confdir) / "conf.py"
    _warn_unknown_options(config, conf)
    _use_project(config, Path(app.confdir))
    for name, default, _, _ in options():
        checked = check_option(name.removeprefix(PREFIX), getattr(config, name), default)
        if checked.problem:
            warn(checked.kind, f"{name}: {checked.problem}", conf)
        setattr(config, name, checked.value)


def _use_project(config: SphinxConfig, folder: Path) -> None:
    """Set the options that only ``pyproject.toml`` has."""
    project = read_options(folder)
    for problem in project.problems:
        warn("option", problem, project.path)
    given = {*names_in_conf_py(config), *names_on_command_line(config)}
    for name, value in project.values.items():
        if PREFIX + name not in given:
            setattr(config, PREFIX + name, value)


def appearance(app: Sphinx) -> Appearance:
    """Return how tables are shown in a build."""
    html = app.builder.format == "html" and app.builder.name != "epub"
    evidence = app.config.xpcaps_evidence or ""
    if isinstance(evidence, Mapping):
        evidence = evidence.get(app.builder.name, "")
    return Appearance(
        interactive=html,
        evidence=evidence or ("all" if html else "none"),
        columns=app.config.xpcaps_columns,
        collapse=app.config.xpcaps_collapse,
    )


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
            hint = did_you_mean(name, known) or known_names(known)
            warn("option", f"unknown option {name}; {hint}", conf)
