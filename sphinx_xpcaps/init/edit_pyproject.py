"""Add the table ``[tool.xpcaps]`` to the source of ``pyproject.toml``."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from sphinx_xpcaps.init.edit_conf import EditError


def add_table(content: bytes, options: Mapping[str, Any]) -> bytes:
    """Return the content of ``pyproject.toml`` with a table ``[tool.xpcaps]`` at its end.

    Parameters
    ----------
    content : bytes
        The file.
    options : mapping of str to Any
        Keys and values: texts or lists of texts. Nothing changes if the file has the table.

    Raises
    ------
    EditError
        The file is invalid, or a table cannot be added.

    Examples
    --------
    >>> print(add_table(b"[project]\\n", {"inject": ["pkg.*"]}).decode(), end="")
    [project]
    <BLANKLINE>
    [tool.xpcaps]
    inject = ["pkg.*"]
    """
    before = _parsed(content)
    if "xpcaps" in before.get("tool", {}):
        return content
    newline = "\r\n" if b"\r\n" in content else "\n"
    # Texts and lists of texts are the same in JSON and TOML.
    lines = ["", "[tool.xpcaps]", *(f"{k} = {json.dumps(v)}" for k, v in options.items()), ""]
    end = newline if content and not content.endswith(b"\n") else ""
    edited = content + (end + newline.join(lines)).encode()
    expected = {**before, "tool": {**before.get("tool", {}), "xpcaps": dict(options)}}
    if _parsed(edited) != expected:
        raise EditError("[tool.xpcaps] cannot be added at its end")
    return edited


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EditError(f"it is not valid TOML: {error}") from error
