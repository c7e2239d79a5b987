"""Names for types that array libraries do not share, so that signatures say what they mean.

Array libraries have no common base classes. To a type checker each alias is ``Any``; to a reader
it is the term of the array API standard.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Array: TypeAlias = Any
"""An array of any library, concrete or traced."""

DType: TypeAlias = Any
"""A dtype object of any library; a NumPy dtype is ``np.dtype[Any]`` where it must be one."""

Device: TypeAlias = Any
"""A device as a library itself represents it, such as ``torch.device`` or ``"cpu"``."""

Namespace: TypeAlias = Any
"""An array API namespace: a module, or an object with the functions of the standard."""

__all__ = ["Array", "DType", "Device", "Namespace"]
