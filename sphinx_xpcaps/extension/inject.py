"""Tables that nobody asked for one by one: every description whose name matches a pattern."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from sphinx_xpcaps.extension.domain import TableRequest, placeholder

CALLABLE = frozenset({"function", "method", "classmethod", "staticmethod", "class", "decorator"})
OF_THE_CLASS = frozenset({"__init__", "__new__"})
"""Methods whose table would be that of their class."""
PERHAPS_CALLABLE = frozenset({"data", "attribute"})
"""Kinds of descriptions whose object may turn out to be a ufunc or another callable."""


def on_object_description(
    app: Sphinx, domain: str, objtype: str, content: addnodes.desc_content
) -> None:
    """Add a placeholder to the description of a Python object whose name matches."""
    if domain != "py" or objtype not in CALLABLE | PERHAPS_CALLABLE:
        return
    description = content.parent
    if not isinstance(description, addnodes.desc) or description.get("no-typesetting"):
        return
    signature = description.next_node(addnodes.desc_signature)
    target = _full_name(signature) if signature is not None else ""
    if target.rpartition(".")[2] in OF_THE_CLASS:
        return
    if not any(fnmatchcase(target, pattern) for pattern in app.config.xpcaps_inject):
        return
    if any(node["wish"].target == target for node in _tables(content)):
        return
    assert signature is not None
    docname = app.env.docname
    wish = TableRequest(target=target, docname=docname, line=_line(app, signature), objtype=objtype)
    content.insert(_end_of_own_content(content), placeholder(wish=wish, classes=[]))


def _full_name(signature: addnodes.desc_signature) -> str:
    module, name = signature.get("module"), signature.get("fullname") or ""
    if not module or name.startswith(f"{module}."):  # written out in full
        return name
    return f"{module}.{name}"


def _tables(content: nodes.Element) -> list[placeholder]:
    return [node for node in content.findall(placeholder) if isinstance(node["wish"], TableRequest)]


def _line(app: Sphinx, signature: nodes.Element) -> int | None:
    """Return the line if the description was written in the document itself, not by autodoc."""
    document = app.env.doc2path(app.env.docname)
    source = signature.source
    return signature.line if source and Path(source) == Path(document) else None


def _end_of_own_content(content: nodes.Element) -> int:
    """Return the index where descriptions of members begin."""
    for index, node in enumerate(content.children):
        if isinstance(node, addnodes.desc):
            before = content.children[index - 1] if index else None
            return index - 1 if isinstance(before, addnodes.index) else index
    return len(content.children)
