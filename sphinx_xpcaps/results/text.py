"""Clean text from measured functions and from records before it is stored or shown."""

from __future__ import annotations

import re

LONGEST_TEXT = 2000
"""Number of characters of a text in a record."""

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional formatting
    "\u2028\u2029\ufeff\ufff9-\ufffb"  # line separators, byte order mark, annotations
    "\ud800-\udfff]"  # lone surrogates, which cannot be encoded
)
_UNSAFE_JSON = re.compile(
    rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]"
    rb"|\xe2\x81[\xa6-\xa9]|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]"
)
_ESCAPED = re.compile(rb"\\[ubfr]")
_SAFE = bytes([*b"\t\n", *range(0x20, 0x7F)])


def clean(text: str, limit: int = LONGEST_TEXT) -> str:
    r"""Return `text` that is safe to encode, store and print.

    Control characters, bidirectional formatting characters and lone surrogates are replaced by
    escapes such as ``\x1b``, and text longer than `limit` is cut.

    Examples
    --------
    >>> clean("plain text")
    'plain text'
    >>> print(clean("\x1b[31mred\x1b[0m"))
    \x1b[31mred\x1b[0m
    >>> clean("abcdef", limit=4)
    'abc…'
    """
    text = escape(text[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def escape(text: str) -> str:
    """Return `text` with unsafe characters replaced by escapes; see `clean`."""
    return _UNSAFE.sub(_code, text)


def may_be_unsafe(content: bytes) -> bool:
    """Return whether JSON may have text that `clean` changes, apart from its length."""
    # Records are large and nearly all ASCII, so a search in the whole content would take long.
    rare = content.translate(None, _SAFE)
    if _UNSAFE_JSON.search(rare) and _UNSAFE_JSON.search(content):
        return True
    if not _ESCAPED.search(content):
        return False
    without_backslashes = content.replace(rb"\\", b"")
    return _ESCAPED.search(without_backslashes) is not None


def _code(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
