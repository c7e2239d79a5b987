"""Edit the source of ``conf.py``: add an extension and options, and keep everything else.

Positions are those of `ast`. What is not understood is not edited.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NAME = "extensions"


class EditError(Exception):
    """The file cannot be edited safely; the message says what to do."""


@dataclass(frozen=True, slots=True)
class _Insertion:
    """Text to insert at an index of the source."""

    index: int
    text: str


def add_extension(content: bytes, extension: str) -> bytes:
    """Return the content of ``conf.py`` with an extension added to its list.

    Parameters
    ----------
    content : bytes
        The file. Encoding, line ends, comments and layout are kept.
    extension : str
        The name of the extension. Nothing changes if the file has it as text already.

    Raises
    ------
    EditError
        The file is invalid, or where it sets the extensions is not known.

    Examples
    --------
    >>> add_extension(b"extensions = ['a', 'b']\\n", "new")
    b"extensions = ['a', 'b', 'new']\\n"
    """
    source = _Source(content)
    if source.has_text(extension):
        return content
    insertion = _extension_insertion(source, extension)
    edited = source.with_insertion(insertion)
    _check(source.tree, edited, extension)
    return edited


def add_options(content: bytes, options: Mapping[str, Any]) -> bytes:
    """Return the content of ``conf.py`` with options added at its end.

    Options that the file sets already are left out.
    """
    source = _Source(content)
    set_already = {
        node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name) and _is_set(node)
    }
    lines = [f"{name} = {value!r}" for name, value in options.items() if name not in set_already]
    lines = [line.replace("'", '"') for line in lines]
    if not lines:
        return content
    end = "" if source.text.endswith("\n") or not source.text else "\n"
    return source.with_insertion(_Insertion(len(source.text), end + "\n" + "\n".join(lines) + "\n"))


def _is_set(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


class _Source:
    def __init__(self, content: bytes) -> None:
        try:
            self.encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
            decoded = content.decode(self.encoding)
            self.newline = "\r\n" if "\r\n" in decoded else "\n"
            self.text = decoded.replace("\r\n", "\n")
            self.tree = ast.parse(self.text)
        except (SyntaxError, UnicodeDecodeError, LookupError, ValueError) as error:
            raise EditError(f"it is not valid Python: {error}") from error
        if decoded.replace("\r\n", "\n").replace("\n", self.newline) != decoded:
            raise EditError("its lines end in different ways")
        self._starts = [0]
        for line in self.text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def has_text(self, text: str) -> bool:
        return any(
            isinstance(node, ast.Constant) and node.value == text for node in ast.walk(self.tree)
        )

    def index(self, line: int, offset: int) -> int:
        """Return the index of a position of `ast`, whose columns are bytes of UTF-8."""
        start, end = self._starts[line - 1], self._starts[line]
        return start + len(self.text[start:end].encode()[:offset].decode())

    def start_of(self, node: ast.expr) -> int:
        return self.index(node.lineno, node.col_offset)

    def end_of(self, node: ast.expr | ast.stmt) -> int:
        return self.index(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def end_of_line(self, index: int) -> int:
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found

    def with_insertion(self, insertion: _Insertion) -> bytes:
        text = self.text[: insertion.index] + insertion.text + self.text[insertion.index :]
        return text.replace("\n", self.newline).encode(self.encoding)


def _extension_insertion(source: _Source, extension: str) -> _Insertion:
    statements = [node for node in source.tree.body if _sets_extensions(node)]
    lists = [found for node in statements if (found := _list_of(node)) is not None]
    if lists:
        return _into_list(source, lists[-1], extension)
    if statements:
        index = source.end_of_line(source.end_of(statements[-1]))
        return _Insertion(index, f'\n{_NAME} = [*{_NAME}, "{extension}"]')
    if any(_imports_all(node) for node in ast.walk(source.tree)) or _uses_extensions(source.tree):
        raise EditError(
            f"where it sets {_NAME!r} is not known; add {extension!r} to the list, and run this "
            "command again"
        )
    end = "" if source.text.endswith("\n") or not source.text else "\n"
    return _Insertion(len(source.text), f'{end}\n{_NAME} = ["{extension}"]\n')


def _sets_extensions(node: ast.stmt) -> bool:
    """Return whether a statement of the module sets or changes the list of extensions."""
    match node:
        case ast.Assign(targets=targets):
            return any(_is_name(target) for target in targets)
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            return _is_name(target)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=value))):
            return _is_name(value)
        case ast.ImportFrom(names=names):
            return any((alias.asname or alias.name) == _NAME for alias in names)
    return any(_sets_extensions(inner) for inner in _inner_statements(node))


def _inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
        inner = (each for each in ast.walk(node) if each is not node)
        yield from (each for each in inner if isinstance(each, ast.stmt))


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == _NAME


def _imports_all(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)


def _uses_extensions(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Name) and node.id == _NAME for node in ast.walk(tree))


def _list_of(node: ast.stmt) -> ast.List | ast.Tuple | None:
    """Return the list of extensions that a statement of the module writes out, or None."""
    value: ast.expr | None = None
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        value = node.value
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function = node.value.func
        is_extend = isinstance(function, ast.Attribute) and function.attr == "extend"
        value = node.value.args[0] if is_extend and node.value.args else None
    while isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        value = value.right if isinstance(value.right, ast.List) else value.left
    return value if isinstance(value, ast.List | ast.Tuple) else None


def _into_list(source: _Source, node: ast.List | ast.Tuple, extension: str) -> _Insertion:
    quote = _quote(source, node)
    item = f"{quote}{extension}{quote}"
    if not node.elts:
        opening = source.start_of(node) + 1
        return _Insertion(opening, item + ("," if isinstance(node, ast.Tuple) else ""))
    last = node.elts[-1]
    comma = _comma_after(source, source.end_of(last), source.end_of(node))
    at = source.end_of(last) if comma is None else comma + 1
    separator = "," if comma is None else ""
    line_start = source.text.rfind("\n", 0, source.start_of(last)) + 1
    indent = source.text[line_start : source.start_of(last)]
    if indent.strip() or node.lineno == last.lineno:  # several items on a line
        after = "," if isinstance(node, ast.Tuple) and len(node.elts) < 2 and comma else ""
        return _Insertion(at, f"{separator} {item}{after}")
    has_comma = comma is not None
    if has_comma:  # a comment may follow on the line
        line_end = source.end_of_line(at)
        if source.end_of(node) > line_end:
            return _Insertion(line_end, f"\n{indent}{item},")
    return _Insertion(at, f"{separator}\n{indent}{item}{',' if has_comma else ''}")


def _comma_after(source: _Source, start: int, end: int) -> int | None:
    """Return the index of a comma after the last item; None if there is none."""
    index = start
    while index < end:
        character = source.text[index]
        if character == ",":
            return index
        if character == "#":
            index = source.end_of_line(index)
        index += 1
    return None


def _quote(source: _Source, node: ast.List | ast.Tuple) -> str:
    for each in reversed(node.elts):
        text = source.text[source.start_of(each) :]
        if isinstance(each, ast.Constant) and text[:1] in "'\"":
            return text[0]
    return '"'


def _check(before: ast.Module, edited: bytes, extension: str) -> None:
    """Raise if the edited source differs in anything but the extension."""
    try:
        with_statement, with_item = ast.parse(edited), ast.parse(edited)
    except SyntaxError as error:
        raise EditError("its list of extensions has an unusual form") from error
    with_statement.body = [each for each in with_statement.body if not _names(each, extension)]
    _WithoutItem(extension).visit(with_item)
    if ast.dump(before) not in (ast.dump(with_statement), ast.dump(with_item)):
        raise EditError("its list of extensions has an unusual form")


def _names(node: ast.AST, extension: str) -> bool:
    constants = (each for each in ast.walk(node) if isinstance(each, ast.Constant))
    return any(each.value == extension for each in constants)


class _WithoutItem(ast.NodeTransformer):
    """Removes an extension from the list or tuple that has it."""

    def __init__(self, extension: str) -> None:
        self._extension = extension

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Visit all nodes."""
        if isinstance(node, ast.List | ast.Tuple):
            node.elts = [
                each
                for each in node.elts
                if not (isinstance(each, ast.Constant) and each.value == self._extension)
            ]
        return super().generic_visit(node)
