"""Find the example code in a docstring: prompts, code blocks and literal blocks."""

from __future__ import annotations

import ast
import doctest
import re
import textwrap
from collections.abc import Iterator, Sequence

_PYTHON = r"(?:i?py(?:thon)?3?|pycon3?|ipythonconsole|default)"
_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,}|:{3,})[ \t]*"
    rf"(?:{_PYTHON}\b.*|\{{(?:code-block|code|sourcecode)\}}[ \t]*(?:{_PYTHON}\b.*)?"
    r"|\{(?:code-cell|testcode|jupyter-execute|plot|ipython)\}.*)$"
)
_DIRECTIVE = re.compile(
    rf"^(?P<indent>[ \t]*)\.\. (?:(?:code-block|code|sourcecode)::[ \t]*(?:{_PYTHON}\b.*)?"
    r"|(?:testcode|testsetup|jupyter-execute|plot|ipython3?)::.*)$"
)
_LITERAL = re.compile(r"^(?P<indent>[ \t]*)(?!\.\. )\S?.*::[ \t]*$")
_SKIPPED = re.compile(r"^(?P<indent>[ \t]*)\.\. doctest-skip(?P<all>-all)?(?:::.*)?$")
_OPTION = re.compile(r"^:[\w-]+:(?:\s|$)|^---$")
_PROMPT = re.compile(r"^[ \t]*>>>(?P<code>.*)$")
_CONTINUED = re.compile(r"^[ \t]*\.\.\.(?P<code>.*)$")
_INPUT = re.compile(r"^[ \t]*In \[\d*\]: ?(?P<code>.*)$")
_INPUT_CONTINUED = re.compile(r"^[ \t]*\.\.\.+: ?(?P<code>.*)$")


def prompts(text: str) -> list[str]:
    """Return the sources of the examples with prompts, without those that are marked as skipped."""
    text = _without_skipped(text)
    try:
        found = doctest.DocTestParser().get_examples(text)
    except ValueError:  # a badly written prompt or indentation
        return list(_lenient(text))
    skip = doctest.OPTIONFLAGS_BY_NAME["SKIP"]
    return [example.source for example in found if not example.options.get(skip)]


def statements(text: str, name: str) -> Iterator[str]:
    """Yield the statements of the blocks of Python code in a docstring.

    These are fenced blocks, directives that show or run code, literal blocks, and the input of
    IPython. Blocks that are not Python, and literal blocks with a formula, are left out.

    Parameters
    ----------
    text : str
        The docstring.
    name : str
        The name of the function, without its module.
    """
    lines = _without_skipped(text).splitlines()
    yield from _python("\n".join(_inputs(lines)))
    i = 0
    while i < len(lines):
        line = lines[i]
        i += 1
        if fence := _FENCE.match(line):
            end = next((n for n in range(i, len(lines)) if _closes(lines[n], fence)), len(lines))
            yield from _python(_without_options(lines[i:end]))
            i = end + 1
        elif block := _DIRECTIVE.match(line) or _LITERAL.match(line):
            end = _end_of_block(lines, i, len(block["indent"]))
            found = list(_python(_without_options(lines[i:end])))
            if _DIRECTIVE.match(line) or not _is_formula(found, name):
                yield from found
            i = end


def _closes(line: str, fence: re.Match[str]) -> bool:
    return line.strip().startswith(fence["fence"]) and not line.strip().strip(fence["fence"][0])


def _end_of_block(lines: Sequence[str], start: int, indent: int) -> int:
    """Return the index of the first line after `start` that is not indented more than `indent`."""
    for i in range(start, len(lines)):
        line = lines[i]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return i
    return len(lines)


def _without_options(lines: Sequence[str]) -> str:
    """Return the code of a block without the options of its directive."""
    body = textwrap.dedent("\n".join(lines)).splitlines()
    start = 0
    if body and body[0] == "---":
        start = next((n + 1 for n in range(1, len(body)) if body[n] == "---"), 0)
    while start < len(body) and _OPTION.match(body[start]):
        start += 1
    return textwrap.dedent("\n".join(body[start:]))


def _python(source: str) -> Iterator[str]:
    try:
        compile(source, "<example>", "exec")  # finds more errors, such as `return` in no function
        found = ast.parse(source).body
    except (SyntaxError, ValueError):
        return
    if len(found) == 1 and isinstance(found[0], ast.Expr) and _is_word(found[0].value):
        return  # a literal block of text
    yield from (ast.unparse(statement) for statement in found)


def _is_formula(sources: Sequence[str], name: str) -> bool:
    """Return whether statements only have expressions, in which the function does not occur."""
    trees = [ast.parse(source) for source in sources]
    if not all(isinstance(tree.body[0], ast.Expr) for tree in trees):
        return False
    used = {getattr(node, "id", getattr(node, "attr", "")) for t in trees for node in ast.walk(t)}
    return name not in used


def _is_word(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Constant)


def _inputs(lines: Sequence[str]) -> Iterator[str]:
    """Yield the input of an IPython session."""
    reading = False
    for line in lines:
        start = _INPUT.match(line)
        more = _INPUT_CONTINUED.match(line) if reading else None
        reading = start is not None or more is not None
        if start or more:
            yield (start or more)["code"]  # type: ignore[index]


def _without_skipped(text: str) -> str:
    lines = text.splitlines()
    kept: list[str] = []
    i = 0
    while i < len(lines):
        skipped = _SKIPPED.match(lines[i])
        if skipped is None:
            kept.append(lines[i])
            i += 1
        elif skipped["all"]:
            break
        else:
            i = _end_of_block(lines, i + 1, len(skipped["indent"]))
    return "\n".join(kept)


def _lenient(text: str) -> Iterator[str]:
    """Yield the examples of a text in which some prompts are not followed by a space."""
    source: list[str] = []
    for line in [*text.splitlines(), ""]:
        start, more = _PROMPT.match(line), _CONTINUED.match(line)
        if more and source:
            source.append(more["code"].removeprefix(" "))
            continue
        if source and "+SKIP" not in source[0]:
            yield "\n".join(source) + "\n"
        source = [start["code"].removeprefix(" ")] if start else []
