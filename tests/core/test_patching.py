"""Replacing attributes for a while: every kind of owner gets back exactly what it had."""

from __future__ import annotations

import types
from typing import Any

import pytest

from core._private.patching import patched


class Base:
    inherited = "of the base class"


class Example(Base):
    plain = "original"

    @staticmethod
    def static() -> str:
        return "original"

    @classmethod
    def of_class(cls) -> str:
        return cls.__name__


class Slotted:
    __slots__ = ("empty", "full")

    def __init__(self) -> None:
        self.full = "original"


def test_attributes_of_a_class_are_replaced_and_restored() -> None:
    before = dict(vars(Example))
    with patched(Example, plain="new", static=lambda: "new", of_class=lambda self: "method"):
        assert Example.plain == "new"
        assert Example.static() == "new"
        assert Example().of_class() == "method"
    assert dict(vars(Example)) == before
    assert Example.static() == "original"
    assert Example.of_class() == "Example"


def test_attributes_that_were_absent_or_inherited_are_removed_again() -> None:
    with patched(Example, inherited="new", absent="new"):
        assert Example.inherited == Example.absent == "new"  # type: ignore[attr-defined]
    assert "inherited" not in vars(Example)
    assert Example.inherited == "of the base class"
    assert not hasattr(Example, "absent")


@pytest.mark.parametrize("owner", [types.ModuleType("example"), Example(), lambda: None])
def test_modules_objects_and_functions_can_be_patched(owner: Any) -> None:
    owner.present = "original"
    with patched(owner, present="new", absent="new"):
        assert (owner.present, owner.absent) == ("new", "new")
    assert owner.present == "original"
    assert not hasattr(owner, "absent")


def test_slots_are_restored_even_if_they_were_empty() -> None:
    owner = Slotted()
    with patched(owner, full="new", empty="new"):
        assert (owner.full, owner.empty) == ("new", "new")
    assert owner.full == "original"
    assert not hasattr(owner, "empty")


def test_the_code_of_a_function_can_be_replaced() -> None:
    def original() -> str:
        return "original"

    with patched(original, __code__=(lambda: "new").__code__):
        assert original() == "new"
    assert original() == "original"


def test_contexts_can_be_nested() -> None:
    with patched(Example, plain="outer", absent="outer"):
        with patched(Example, plain="inner", absent="inner"):
            assert Example.plain == "inner"
        assert Example.plain == Example.absent == "outer"  # type: ignore[attr-defined]
    assert Example.plain == "original"
    assert not hasattr(Example, "absent")


def test_attributes_are_restored_after_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), patched(Example, plain="new"):
        raise ZeroDivisionError
    assert Example.plain == "original"


def test_nothing_stays_changed_if_one_attribute_cannot_be_set() -> None:
    owner = Slotted()
    with pytest.raises(AttributeError), patched(owner, full="new", unknown="new"):
        pytest.fail("the context was entered")
    assert owner.full == "original"


def test_a_context_can_be_entered_again_and_inside_itself() -> None:
    context = patched(Example, plain="new", absent="new")
    for _ in range(2):
        with context:
            with context:
                assert Example.plain == "new"
            assert Example.absent == "new"  # type: ignore[attr-defined]
        assert Example.plain == "original"
        assert not hasattr(Example, "absent")
