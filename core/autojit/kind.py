"""A kind: how objects of one class are written down as tokens, and read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from core.autojit.tokens import SAME

if TYPE_CHECKING:
    from core.autojit.codec import Codec

Leaves = list[Any]
Tokens = list[Any]
Memo = dict[int, Any]
Write = Callable[["Codec", Any, Leaves, Tokens, Memo], None]
Read = Callable[["Codec", Iterator[Any], Iterator[Any], list[Any]], Any]


class Kind:
    """How to write a class of objects down and to read them back; itself their first token."""

    __slots__ = ("name", "read", "write")

    def __init__(self, name: str) -> None:
        self.name = name
        self.write: Write
        self.read: Read

    def __repr__(self) -> str:
        return self.name


def seen(x: Any, tokens: Tokens, memo: Memo) -> bool:
    """Say whether `x` came before, and if so write its number; else remember it."""
    key = id(x)
    if key in memo:
        tokens.append(SAME)
        tokens.append(list(memo).index(key))
        return True
    memo[key] = x  # keeps it alive, so that no other object gets the same id
    return False
