"""The public function, with the short paths for the most common calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from core.lazy_apply.call import Call, Shape, add_name_note, check_outputs, count_shapes
from core.lazy_apply.dispatch import EAGER, apply
from core.lazy_apply.implementation import PASS
from core.lazy_apply.numpy import as_array
from core.lazy_apply.outputs import check_shapes
from core.lazy_apply.signature import parse
from core.lazy_apply.trees import describes_results
from core.typing import DType

_ndarray = np.ndarray


def lazy_apply(
    func: Callable[..., Any],
    *args: Any,
    shape: Shape | Sequence[Shape] | Callable[..., Any] | None = None,
    dtype: DType = None,
    as_numpy: bool = False,
    xp: ModuleType | None = None,
    signature: str | None = None,
    vectorize: bool = False,
    vmap_method: str | None = None,
    jvp: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    sharding: Any = None,
    **kwargs: Any,
) -> Any:
    """Apply an eager function to arrays of any library, also inside a lazy graph.

    On an eager library the function is called at once. On Dask, inside ``jax.jit`` and inside
    ``torch.compile`` the call becomes part of the graph, and the function gets concrete arrays when
    the graph runs. The compilers do not trace the function.

    Parameters
    ----------
    func : callable
        Takes arrays by position and returns an array, an array-like, or a sequence of them. It
        must be pure: depending on the library it is called once, several times or not at all.
    *args : array, int, float, complex, bool, None, or a container of them
        At least one array, unless `xp` is given. Scalars and None are passed on unchanged; if JAX
        traces the call and `as_numpy` is not set, scalars become JAX arrays. Containers are dicts,
        lists, tuples and named tuples, also nested.
    shape : tuple, sequence of tuples, callable, or objects with shape and dtype, optional
        Shape of the result; a sequence of shapes for several results; or a function that takes
        the shape of each array and returns one of these. A length may be None if it is not
        known before `func` runs. Instead of shapes, objects with attributes ``shape`` and
        ``dtype``, such as arrays or ``jax.ShapeDtypeStruct``, alone or in containers: `func` then
        returns results in the same containers. Default: one result with the broadcast shape of the
        arrays.
    dtype : dtype or sequence of dtypes, optional
        Dtype of each result. Default: the arrays' dtypes promoted, for every result.
    as_numpy : bool, optional
        Pass NumPy arrays to `func` and convert its results to the caller's library.
    xp : module, optional
        The arrays' namespace. Default: inferred from the arrays. Arrays of other libraries are
        converted to it if at least one array belongs to it. Without arrays, the results are
        arrays of this namespace.
    signature : str, optional
        The core dimensions of `func` in NumPy's notation, such as ``"(n),(n)->()"``, with fixed
        lengths (``3``) and dimensions that arrays may lack (``n?``). The other axes are loop
        dimensions, which `func` must support itself, as :func:`numpy.vecdot` does.
        Dask then works block by block along them, ``jax.vmap`` adds one, and the shape of the
        result follows from the signature.
    vectorize : bool, optional
        With `signature`: `func` supports the core dimensions only, so call it once per element
        of the loop dimensions.
    vmap_method : str, optional
        Under ``jax.vmap`` and ``torch.func.vmap``, the methods of ``jax.pure_callback``:
        ``"sequential"`` or ``"sequential_unrolled"`` call `func` once per element of the batch.
        This is the default and always right. The others call it once with the batch as the first
        axis. Arrays and numbers that are not batched get an axis of length 1
        (``"expand_dims"``), of full length (``"broadcast_all"``), or none
        (``"legacy_vectorized"``). If neither `shape` nor `signature` is given, elements of
        different rank also get axes of length 1 after that of the batch, so that they broadcast.
        With `signature`, the default is one call with the batch as a loop dimension.
    jvp : callable, optional
        Forward-mode derivative: ``jvp(primals, tangents)`` returns the tangent of each result.
        Both arguments are tuples with one item for each array, or for each container with arrays;
        the tangent of an integer array is None. If it consists of operations of the arrays' own
        library, it serves for reverse mode too. JAX and PyTorch only.
    vjp : callable, optional
        Reverse-mode derivative: ``vjp(primals, cotangents)`` returns the cotangent of each array,
        or None for an array without one. `cotangents` is one array, or a tuple for several
        results. JAX and PyTorch only.
    sharding : jax.sharding.SingleDeviceSharding, optional
        The device from which JAX calls `func` inside ``jax.jit``. Other libraries ignore it.
    **kwargs
        Passed on to `func`.

    Returns
    -------
    array or tuple of arrays
        In the namespace and on the device of the arguments. A tuple if `shape` is a sequence
        of shapes or `signature` has several outputs; containers if `shape` consists of such.

    Raises
    ------
    ValueError
        There is no array among the arguments; `shape` and `dtype` contradict each other; the
        arrays' shapes cannot be broadcast and no shape was given; arrays or results do not fit the
        signature; `func` returned other containers than declared; or, inside ``jax.jit``, a shape
        is not fully known, or a dtype of 64 bits is declared while JAX is limited to 32.
    TypeError
        An argument is neither an array nor a scalar; the arrays belong to several libraries and
        `xp` was not given; or `func` returned, in a graph, values of a kind that the declared
        dtype cannot hold.
    NotImplementedError
        JAX needs a derivative, neither `jvp` nor `vjp` was given, and JAX cannot trace `func`;
        PyTorch needs one in the direction that was not given; or ``torch.jit.trace`` records the
        call with ``as_numpy=True``.
    RuntimeError
        With ``as_numpy=True``, a PyTorch tensor requires a gradient and no `vjp` was given, or
        the library refuses the implicit conversion, as `sparse` does unless automatic
        densification is enabled; or `func` failed inside ``jax.jit``.

    Notes
    -----
    Exceptions of `func` reach the caller with a note that names `func`. Inside ``jax.jit`` JAX
    raises its own error instead, whose message has the name of `func`, the type and the message.

    Inside ``jax.jit`` on a CPU, `func` is a callback of the running computation. A JAX operation in
    it could wait for that computation to finish, which is a deadlock. Its arrays and operations
    are therefore on a separate CPU device whose operations run in the calling thread. Pass arrays
    that JAX has committed to a device as arguments: those that `func` refers to as globals or in a
    closure are on another device. If the installed version of JAX cannot create such a device,
    there is a RuntimeWarning, unless ``as_numpy=True``.

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
    count = 0
    simple = (
        args
        and signature is None
        and jvp is None
        and vjp is None
        and vmap_method is None
        and not vectorize
        and sharding is None
        and dtype is None
    )
    if shape is not None or dtype is not None:
        if describes_results(shape) or callable(shape):
            simple = False
        else:
            count = count_shapes(shape)
            if signature is None or shape is not None:
                check_outputs(shape, dtype)
    if simple:
        if shape is None and len(args) > 1:
            check_shapes(args)
        cls = type(args[0])
        try:
            if cls is _ndarray and not count:
                for x in args:
                    if type(x) is not _ndarray or (as_numpy and x.dtype.hasobject):
                        break
                else:
                    result = func(*args, **kwargs) if kwargs else func(*args)
                    return result if type(result) is _ndarray else as_array(result)
            eager = EAGER.get(cls.__module__)
            if eager is not None:
                result = eager(func, args, kwargs, as_numpy, count)
                if result is not PASS:
                    return result
        except Exception as error:
            add_name_note(error, func)
            raise
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
            sharding=sharding,
        )
    )
