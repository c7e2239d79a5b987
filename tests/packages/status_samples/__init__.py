"""Functions that work with all libraries, and whose measurement is difficult.

There is no ``__all__``: what the private module defines is public here.
"""

# ruff: noqa: F401
from status_samples._functions import (
    Bundle,
    Hidden,
    Labelled,
    Marked,
    Stack,
    bundle,
    counted,
    diagonal,
    ellipse,
    grid,
    hidden,
    indexed,
    invert,
    limited,
    options,
    orthonormal,
    product,
    ratio,
    reordered,
    rescaled,
    returned,
    scaled,
    seeded,
    undescribed,
    window,
)
