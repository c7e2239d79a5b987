"""To which array library a class belongs, found without importing any library."""

from __future__ import annotations

import sys

_CLASSES = {
    "numpy": ("numpy", ("ndarray", "generic")),
    "torch": ("torch", ("Tensor",)),
    "jax": ("jax", ("Array",)),
    "jaxlib": ("jax", ("Array",)),
    "dask": ("dask.array", ("Array",)),
}
"""Where a class comes from: the module, and its names for arrays."""

NAMES = {"jaxlib": "jax", "array_api_strict": "array-api-strict"}
"""What a library is called where its top-level module has another name."""

_known: dict[type, str] = {}
_LIMIT = 4096


def library_of(cls: type) -> str:
    """Return the name of the library whose arrays are of class `cls`; "" for anything else.

    Examples
    --------
    >>> import numpy as np
    >>> library_of(np.ndarray), library_of(list)
    ('numpy', '')
    """
    name = _known.get(cls)
    if name is None:
        name = _library_of(cls)
        if len(_known) >= _LIMIT:  # a program that makes classes without end
            _known.clear()
        _known[cls] = name
    return name


# `torch.compile` calls it while it reads a program, instead of reading it.
library_of._dynamo_marked_constant = True  # type: ignore[attr-defined]


def _library_of(cls: type) -> str:
    for base in cls.__mro__:
        root = base.__module__.partition(".")[0]
        if root in _CLASSES:
            module, names = _CLASSES[root]
            loaded = sys.modules.get(module)
            if any(issubclass(cls, getattr(loaded, name, ())) for name in names):
                return NAMES.get(root, root)
            if root == "jax" and base.__name__ == "Tracer":  # an Array by its instances alone
                return "jax"
    root = cls.__module__.partition(".")[0]
    if root == "cupy" or hasattr(cls, "__array_namespace__"):
        return NAMES.get(root, root)
    return ""
