"""The function itself: what it means, and which library's way is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from core.lazy_apply.call import Call, Shape, check_outputs, named, several
from core.lazy_apply.dispatch import EAGER, PASS, apply
from core.lazy_apply.outputs import check_shapes
from core.lazy_apply.signature import parse

_ndarray = np.ndarray
_asarray = np.asarray


def lazy_apply(
    func: Callable[..., Any],
    *args: Any,
    shape: Shape | Sequence[Shape] | Callable[..., Any] | None = None,
    dtype: Any = None,
    as_numpy: bool = False,
    xp: ModuleType | None = None,
    signature: str | None = None,
    vectorize: bool = False,
    vmap_method: str | None = None,
    jvp: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Apply an eager function, at once or when a lazy library comes to it.

    On an eager library the function is called now. On Dask and inside ``jax.jit`` the call becomes
    part of the graph, and the function sees concrete arrays when the graph runs. So it is inside
    ``torch.compile``, which does not read the function.

    Parameters
    ----------
    func : callable
        Takes arrays by position and returns an array, an array-like, or a sequence of them. It
        must be pure: depending on the library it is called once, several times or never.
    *args : array, int, float, complex, bool or None
        At least one array. Scalars and None are passed on as they are; where JAX traces and
        `as_numpy` is not set, scalars become JAX arrays.
    shape : tuple, sequence of tuples or callable, optional
        Shape of the result; a sequence of shapes where there are several results; or a function
        that is given the shape of each array and returns one of these. A length may be None
        where it is not known before `func` runs. Default: one result, and the shapes of the
        arrays broadcast together.
    dtype : dtype or sequence of dtypes, optional
        Dtype of each result. Default: the arrays' dtypes promoted, for every result.
    as_numpy : bool, optional
        Give `func` NumPy arrays and turn what it returns into the caller's library.
    xp : module, optional
        The arrays' namespace. Default: found from the arrays. Arrays of another library beside
        some of this one are turned into its own.
    signature : str, optional
        NumPy's notation for what `func` does along the last axes, such as ``"(n),(n)->()"``.
        The other axes are loop dimensions, which `func` must take itself, as
        :func:`numpy.vecdot` does. Dask then works block by block along them, ``jax.vmap`` adds one,
        and the shape of the result follows.
    vectorize : bool, optional
        With `signature`: `func` knows the core dimensions only, so call it once per element of
        the loop dimensions.
    vmap_method : {"sequential", "expand_dims", "broadcast_all"}, optional
        Under ``jax.vmap``: call `func` once per element of the batch (the default, always right),
        or once with the batch as the first axis, of length 1 or of full length where an input is
        not batched. With `signature`, the default is one call with the batch as a loop dimension.
    jvp : callable, optional
        Derivative, forwards: ``jvp(primals, tangents)`` returns the tangent of each result.
        Both arguments are tuples with one item for each array; the tangent of an array of
        integers is None. Works forwards and backwards where it is made of operations of the
        arrays' own library. JAX only.
    vjp : callable, optional
        Derivative, backwards: ``vjp(primals, cotangents)`` returns the cotangent of each array,
        or None for an array that has none. `cotangents` is one array, or a tuple where there are
        several results.
    **kwargs
        Passed on to `func`.

    Returns
    -------
    array or tuple of arrays
        In the namespace and on the device of the arguments. A tuple where `shape` is a sequence
        of shapes or `signature` has several outputs.

    Raises
    ------
    ValueError
        There is no array among the arguments; `shape` and `dtype` contradict each other; the
        arrays' shapes do not broadcast together and no shape was given; or a shape is not fully
        known inside ``jax.jit``.
    TypeError
        An argument is neither an array nor a scalar; the arrays belong to several libraries and
        no `xp` says which is meant; or `func` returned, in a graph, numbers of a kind that the
        dtype that was said cannot hold.
    NotImplementedError
        JAX asks for a derivative, neither `jvp` nor `vjp` was given, and it cannot see what `func`
        does; or PyTorch asks for one in the direction that was not given.
    RuntimeError
        With ``as_numpy=True``, a tensor of PyTorch requires a gradient and no `vjp` was given; or
        `func` failed inside ``jax.jit``.

    Notes
    -----
    What `func` raises reaches the caller with a note that names `func`. Inside ``jax.jit`` JAX
    wraps it in its own error, whose message has the name, the type and the message.

    Inside ``jax.jit`` on a CPU, `func` is called back from the computation, and would wait for ever
    for an operation of JAX that waits for the computation. So its arrays and operations are on a
    CPU of their own, whose operations start at once. Hand arrays that JAX has tied to a device to
    `func` as arguments: one that it merely refers to is on another device. Where this version
    of JAX gives no such CPU, a RuntimeWarning says so, unless ``as_numpy=True``.

    Examples
    --------
    >>> import numpy as np
    >>> from core import lazy_apply
    >>> lazy_apply(np.cumsum, np.asarray([1, 2, 3]))
    array([1, 3, 6])

    Several results, inside a Dask graph:

    >>> import dask.array as da
    >>> x = da.asarray([3.0, 4.0])
    >>> low, high = lazy_apply(lambda x: (x.min(), x.max()), x, shape=((), ()))
    >>> float(high.compute())
    4.0
    """
    simple = (
        signature is None and jvp is None and vjp is None and vmap_method is None and not vectorize
    )
    if callable(shape):
        simple, count = False, 0
    elif shape is None and dtype is None:
        count = 0
        for x in args:
            if type(x) is not _ndarray:
                break
        else:
            if args and simple:
                if len(args) > 1:
                    check_shapes(args)
                try:
                    result = func(*args, **kwargs)
                except Exception as error:
                    named(error, func)
                    raise
                return result if type(result) is _ndarray else _asarray(result)
    else:
        count = several(shape)
        if signature is None or shape is not None:
            check_outputs(shape, dtype)
    # By the class's module, a string, as `torch.compile` cannot look up a class in a dict.
    eager = EAGER.get(type(args[0]).__module__) if args else None
    if eager is not None and simple:
        if shape is None and len(args) > 1:
            check_shapes(args)
        try:
            result = eager(func, args, kwargs, as_numpy, count)
        except Exception as error:
            named(error, func)
            raise
        if result is not PASS:
            return result
    return apply(
        Call(
            func=func,
            args=args,
            kwargs=kwargs,
            shape=shape,
            dtype=dtype,
            as_numpy=as_numpy,
            xp=xp,
            vmap_method=vmap_method,
            jvp=jvp,
            vjp=vjp,
            signature=None if signature is None else parse(signature),
            vectorize=vectorize,
        )
    )
