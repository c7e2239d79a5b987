"""Test the messages between the parent and workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sphinx_xpcaps.measure.workers.messages import decode_value, encode_value


@pytest.mark.parametrize(
    ("value", "received"),
    [
        ("a\udcff", r"a\udcff"),
        (("a", ("b\udcff",)), ["a", [r"b\udcff"]]),
        ([{"k\udcff": {"v\ud800"}}], [{r"k\udcff": [r"v\ud800"]}]),
        ({"path": Path("folder\udcff")}, {"path": r"folder\udcff"}),
    ],
)
def test_text_that_cannot_be_encoded_is_escaped_in_all_containers(
    value: Any, received: Any
) -> None:
    assert decode_value(encode_value(value), Any) == received
