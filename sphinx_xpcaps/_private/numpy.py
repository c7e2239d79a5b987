"""The source of entropy of NumPy's random generators, and the code of its functions."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from core._private.patching import patched


def seeded_entropy(seed: int) -> patched:
    """Return a context in which NumPy's generators without a seed get their entropy from `seed`.

    `numpy.random.SeedSequence` reads the entropy with the function ``randbits`` of its module, and
    has no public way to replace it. If NumPy read it in another way, examples with such generators
    would give other data in each run, so that the values of their results are not compared.

    Parameters
    ----------
    seed : int
        The seed of the entropy.
    """
    return patched(np.random.bit_generator, randbits=random.Random(seed).getrandbits)


_DISPATCHER: Any = type(np.sum)
"""The type of NumPy's functions that other libraries can override."""


def implementation(function: Any) -> Any:
    """Return the Python function that one of NumPy's functions calls; else `function`.

    If NumPy named it in another way, a change of its code would not be noticed.
    """
    if type(function) is _DISPATCHER:
        return getattr(function, "_implementation", function)
    return function
