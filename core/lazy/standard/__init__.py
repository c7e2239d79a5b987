"""The functions of the array API standard for traced arrays; importing them registers them."""

from core.lazy.standard import (
    creation,
    data_types,
    elementwise,
    extras,
    fft,
    linalg,
    manipulation,
    reduction,
    searching,
)

__all__ = [
    "creation",
    "data_types",
    "elementwise",
    "extras",
    "fft",
    "linalg",
    "manipulation",
    "reduction",
    "searching",
]
