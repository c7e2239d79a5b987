"""Tagged functions in tests whose fixture ``xp`` is not that of the plugin."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from core.backends import get_backend
from core.testing.assertions import library_of_namespace
from core.testing.lazy_functions import lazy_functions_transformed
from core.typing import Namespace

if TYPE_CHECKING:
    import pytest


def patch_lazy_xp_functions(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch | None = None,
    *,
    xp: Namespace,
) -> AbstractContextManager[None]:
    """Return a context in which functions with the tag of `lazy_xp_function` are lazy.

    Use it in a fixture of your project. The fixture ``xp`` of the plugin contains it already.

    Parameters
    ----------
    request : pytest.FixtureRequest
        The request of the fixture or the test.
    monkeypatch : pytest.MonkeyPatch, optional
        Deprecated: if given, the functions are lazy at once, until `monkeypatch` is undone.
    xp : namespace
        The namespace that the test runs on, also one of array-api-compat.

    Returns
    -------
    context manager
        On JAX, the functions are compiled in it; on Dask, they must not compute graphs.

    See Also
    --------
    lazy_xp_function : Tag a function, so that tests on lazy libraries call it as their users do.

    Notes
    -----
    It has the signature of the function in ``array_api_extra.testing``. A list ``lazy_xp_modules``
    in the test's module is not needed: functions are lazy through all references to them. If there
    is one, functions are not lazy as attributes of other modules.

    Examples
    --------
    >>> import pytest
    >>> from core.testing import patch_lazy_xp_functions
    >>> @pytest.fixture(params=["numpy", "jax.numpy"])
    ... def xp(request):
    ...     namespace = pytest.importorskip(request.param)
    ...     with patch_lazy_xp_functions(request, xp=namespace):
    ...         yield namespace
    """
    context = _lazy(request, xp)
    if monkeypatch is None:
        return context
    warnings.warn(
        "the `monkeypatch` parameter of patch_lazy_xp_functions is deprecated: use the function as "
        "a context manager",
        DeprecationWarning,
        stacklevel=2,
    )
    stack = ExitStack()
    stack.enter_context(context)
    monkeypatch.setitem(_ClosedWhenUndone(stack), "is_open", True)
    return nullcontext()


class _ClosedWhenUndone(dict[str, bool]):
    """Closes a context when a `pytest.MonkeyPatch` removes an item that it added."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self.stack = stack

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.stack.close()


@contextmanager
def _lazy(request: pytest.FixtureRequest, xp: Namespace) -> Iterator[None]:
    try:
        backend = get_backend(library_of_namespace(xp))
    except ValueError:  # a library without an adapter is eager
        yield
        return
    params: dict[str, Any] = getattr(getattr(request.node, "callspec", None), "params", {})
    with (
        backend.computes_counted(),
        lazy_functions_transformed(backend, request.module, params),
    ):
        yield
