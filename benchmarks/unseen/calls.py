"""Calls of functions of ten libraries, written by hand from their documentation.

Each entry of `CALLS` names a function and lists calls. A call receives ``f``, the function,
and ``a``, which makes an array of the tested library, with the dtype of the values: float64 for
floats, int64 for integers, bool for bools. Methods receive the class as ``f``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Library:
    """A library, how it is installed, and the calls of its functions."""

    install: tuple[str, ...]
    calls: Mapping[str, tuple[Callable[[Any, Any], Any], ...]]
    reference: str = "numpy"
    """The backend that the library needs."""
    setup: str = ""
    modules: tuple[str, ...] = ()
    """Modules whose functions that take arrays should all be measured."""


M = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
S = [[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]]
V = [0.5, 1.5, 2.5, 4.0]
W = [1.0, 1.0, 3.0, 3.5]
Q = [[1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.5, 0.5]]
P = [[0.5, -0.5, 0.5, 0.5], [math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5)]]
R = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
I3 = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
IMAGE = [[((3 * i + 5 * j) % 11) / 10 for j in range(8)] for i in range(8)]
LABELS = [[(i // 4) * 2 + j // 4 for j in range(8)] for i in range(8)]
PROBS = [0.1, 0.6, 0.2, 0.8]
RGB = [[IMAGE, [row[::-1] for row in IMAGE], IMAGE[::-1]]]

LIBRARIES: Mapping[str, Library] = {
    # Its own dispatch on the type of tensors; no standard namespace.
    "einops": Library(
        ("einops==0.8.2",),
        {
            "einops.rearrange": (
                lambda f, a: f(a(M), "h w -> w h"),
                lambda f, a: f(a(M), "h (a w) -> a h w", a=3),
            ),
            "einops.reduce": (
                lambda f, a: f(a(M), "h w -> h", "sum"),
                lambda f, a: f(a(M), "h w -> 1 w", "max"),
            ),
            "einops.repeat": (lambda f, a: f(a(M), "h w -> h w c", c=2),),
            "einops.einsum": (lambda f, a: f(a(M), a(S), "i j, j k -> i k"),),
            "einops.pack": (lambda f, a: f([a(M), a(S)], "* c"),),
            "einops.unpack": (lambda f, a: f(a(M), [[1], []], "* c"),),
            "einops.asnumpy": (lambda f, a: f(a(M)),),
        },
        modules=("einops",),
    ),
    # PyTorch only, Google docstrings with examples in PyTorch.
    "torchmetrics": Library(
        ("torchmetrics==1.9.0", "lightning-utilities==0.15.3"),
        {
            "torchmetrics.functional.regression.mean_squared_error": (
                lambda f, a: f(a(V), a(W)),
                lambda f, a: f(a(V), a(W), squared=False),
            ),
            "torchmetrics.functional.regression.r2_score": (lambda f, a: f(a(V), a(W)),),
            "torchmetrics.functional.regression.explained_variance": (lambda f, a: f(a(V), a(W)),),
            "torchmetrics.functional.regression.pearson_corrcoef": (lambda f, a: f(a(V), a(W)),),
            "torchmetrics.functional.regression.log_cosh_error": (lambda f, a: f(a(V), a(W)),),
            "torchmetrics.functional.regression.minkowski_distance": (
                lambda f, a: f(a(V), a(W), p=3),
            ),
            "torchmetrics.functional.pairwise.pairwise_cosine_similarity": (
                lambda f, a: f(a(M), a(S)),
                lambda f, a: f(a(M)),
            ),
            "torchmetrics.functional.pairwise.pairwise_manhattan_distance": (
                lambda f, a: f(a(M), a(S)),
            ),
        },
        "torch",
        modules=(
            "torchmetrics.functional.regression",
            "torchmetrics.functional.pairwise",
        ),
    ),
    # PyTorch only, shapes in Google docstrings, no examples.
    "roma": Library(
        ("roma==1.8.0",),
        {
            "roma.quat_product": (lambda f, a: f(a(Q), a(P)),),
            "roma.quat_action": (lambda f, a: f(a(Q), a([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])),),
            "roma.quat_conjugation": (lambda f, a: f(a(Q)),),
            "roma.rotvec_to_rotmat": (lambda f, a: f(a([[0.1, 0.2, 0.3]])),),
            "roma.rotmat_to_unitquat": (lambda f, a: f(a([R, I3])),),
            "roma.rotmat_geodesic_distance": (lambda f, a: f(a([R]), a([I3])),),
            "roma.special_gramschmidt": (lambda f, a: f(a([S])),),
            "roma.rigid_points_registration": (lambda f, a: f(a(S), a(R)),),
        },
        "torch",
        modules=("roma.mappings", "roma.utils"),
    ),
    # PyTorch only, type annotations, few examples.
    "kornia": Library(
        ("kornia==0.9.0", "kornia_rs==0.2.0"),
        {
            "kornia.color.rgb_to_grayscale": (lambda f, a: f(a(RGB)),),
            "kornia.color.rgb_to_hsv": (lambda f, a: f(a(RGB)),),
            "kornia.enhance.adjust_gamma": (lambda f, a: f(a(RGB), 0.5),),
            "kornia.enhance.adjust_brightness": (lambda f, a: f(a(RGB), 0.3),),
            "kornia.filters.gaussian_blur2d": (lambda f, a: f(a(RGB), (3, 3), (1.5, 1.5)),),
            "kornia.filters.sobel": (lambda f, a: f(a(RGB)),),
            "kornia.geometry.transform.hflip": (lambda f, a: f(a(RGB)),),
        },
        "torch",
        modules=("kornia.color.gray", "kornia.color.hsv", "kornia.enhance.adjust"),
    ),
    # JAX only; annotations with unions, some examples.
    "optax": Library(
        ("optax==0.2.8", "chex==0.1.92", "absl-py==2.5.1"),
        {
            "optax.losses.squared_error": (
                lambda f, a: f(a(V), a(W)),
                lambda f, a: f(a(V)),
            ),
            "optax.losses.huber_loss": (lambda f, a: f(a(V), a(W), delta=0.5),),
            "optax.losses.log_cosh": (lambda f, a: f(a(V), a(W)),),
            "optax.losses.cosine_similarity": (lambda f, a: f(a(M), a(M)),),
            "optax.losses.softmax_cross_entropy": (
                lambda f, a: f(a([[0.1, 0.2, 0.7]]), a([[0.0, 0.0, 1.0]])),
            ),
            "optax.losses.smooth_labels": (
                lambda f, a: f(a([[0.0, 1.0]]), 0.1),
                lambda f, a: f(a([[0.0, 1.0]]), 0.1, where=a([[True, True]])),
            ),
            "optax.projections.projection_simplex": (lambda f, a: f(a(V)),),
            "optax.projections.projection_l2_ball": (lambda f, a: f(a(V), 2.0),),
        },
        "jax",
        modules=("optax.losses", "optax.projections"),
    ),
    # JAX only, compiled; numpydoc with examples that pass lists.
    "orthax": Library(
        (
            "orthax==0.2.11",
            "equinox==0.13.8",
            "jaxtyping==0.3.11",
            "wadler_lindig==0.1.8",
        ),
        {
            "orthax.polynomial.polyadd": (lambda f, a: f(a(V), a(W)),),
            "orthax.polynomial.polymul": (lambda f, a: f(a(V), a([1.0, 2.0])),),
            "orthax.polynomial.polyval": (lambda f, a: f(a(V), a([1.0, 2.0, 3.0])),),
            "orthax.polynomial.polyder": (lambda f, a: f(a(V)), lambda f, a: f(a(V), 2)),
            "orthax.polynomial.polyvander": (lambda f, a: f(a(V), 3),),
            "orthax.polynomial.polyroots": (lambda f, a: f(a([-1.0, 0.0, 1.0])),),
            "orthax.chebyshev.chebval": (lambda f, a: f(a(V), a([1.0, 2.0, 3.0])),),
            "orthax.chebyshev.chebmulx": (lambda f, a: f(a(V)),),
        },
        "jax",
        modules=("orthax.polynomial",),
    ),
    # Dask only, wrappers of SciPy's functions.
    "dask_image": Library(
        ("dask-image==2026.5.0",),
        {
            "dask_image.ndfilters.gaussian_filter": (lambda f, a: f(a(IMAGE), 1.0),),
            "dask_image.ndfilters.sobel": (lambda f, a: f(a(IMAGE)),),
            "dask_image.ndfilters.uniform_filter": (lambda f, a: f(a(IMAGE), 3),),
            "dask_image.ndfilters.convolve": (
                lambda f, a: f(a(IMAGE), a([[0.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 0.0]])),
            ),
            "dask_image.ndmeasure.mean": (lambda f, a: f(a(IMAGE)),),
            "dask_image.ndmeasure.sum_labels": (lambda f, a: f(a(IMAGE), a(LABELS), a([0, 1])),),
            "dask_image.ndmorph.binary_erosion": (
                lambda f, a: f(a([[x > 0.2 for x in row] for row in IMAGE])),
            ),
            "dask_image.ndfourier.fourier_gaussian": (lambda f, a: f(a(IMAGE), 1.0),),
        },
        "dask",
        modules=("dask_image.ndfilters", "dask_image.ndmeasure", "dask_image.ndmorph"),
    ),
    # Cython; converts to NumPy.
    "pywt": Library(
        ("pywavelets==1.9.0",),
        {
            "pywt.dwt": (lambda f, a: f(a(V), "db1"),),
            "pywt.idwt": (lambda f, a: f(a(V), a(W), "db1"),),
            "pywt.wavedec": (lambda f, a: f(a([*V, *W]), "db1", level=2),),
            "pywt.threshold": (
                lambda f, a: f(a(V), 2, "soft"),
                lambda f, a: f(a(V), 2, "hard"),
            ),
            "pywt.dwt2": (lambda f, a: f(a(IMAGE), "haar"),),
            "pywt.pad": (lambda f, a: f(a(V), 2, "symmetric"),),
            "pywt.coeffs_to_array": (lambda f, a: f([a(V), a(W)]),),
            "pywt.cwt": (lambda f, a: f(a([*V, *W]), [1, 2], "gaus1"),),
        },
        modules=("pywt",),
    ),
    # NumPy only; Google docstrings whose examples are in literal blocks without imports.
    "rowan": Library(
        ("rowan==1.3.2",),
        {
            "rowan.multiply": (lambda f, a: f(a(Q), a(P)),),
            "rowan.conjugate": (lambda f, a: f(a(Q)),),
            "rowan.rotate": (lambda f, a: f(a(Q), a([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])),),
            "rowan.norm": (lambda f, a: f(a(Q)),),
            "rowan.from_axis_angle": (
                lambda f, a: f(a(I3), 0.5),
                lambda f, a: f(a(I3), a([0.5, 0.25, 1.0])),
            ),
            "rowan.to_matrix": (lambda f, a: f(a(Q)),),
            "rowan.exp": (lambda f, a: f(a(Q)),),
            "rowan.isfinite": (lambda f, a: f(a(Q)),),
        },
        modules=("rowan",),
    ),
    # array_api_compat with branches for libraries; Google docstrings without examples.
    "array_api_signal": Library(
        ("array-api-signal==0.2.0",),
        {
            "array_api_signal.trapezoid": (
                lambda f, a: f(a(V)),
                lambda f, a: f(a(V), a([0.0, 1.0, 2.0, 4.0])),
            ),
            "array_api_signal.simpson": (lambda f, a: f(a(V)), lambda f, a: f(a([*V, 5.0]))),
            "array_api_signal.gaussian_filter1d": (lambda f, a: f(a([*V, *W]), 0.5),),
            "array_api_signal.convolve": (
                lambda f, a: f(a(V), a([1.0, 2.0, 1.0]), mode="constant"),
            ),
            "array_api_signal.i0e": (lambda f, a: f(a(V)),),
            "array_api_signal.ndtr": (lambda f, a: f(a(V)),),
            "array_api_signal.logsumexp": (
                lambda f, a: f(a(M)),
                lambda f, a: f(a(M), axis=1),
            ),
            "array_api_signal.interp": (
                lambda f, a: f(a([0.6, 1.7]), a(V), a(W)),
                lambda f, a: f(a(M), a(V), a(W)),
            ),
        },
        modules=(
            "array_api_signal.integral",
            "array_api_signal.signal",
            "array_api_signal.special",
        ),
    ),
    # A global switch of the backend.
    "pyhf": Library(
        ("pyhf==0.7.6", "jsonpatch==1.48", "jsonpointer==3.12", "tqdm==4.67.1"),
        {
            "pyhf.probability.Poisson.expected_data": (
                lambda f, a: f(a([5.0, 8.0])).expected_data(),
            ),
            "pyhf.probability.Poisson.log_prob": (
                lambda f, a: f(a([5.0, 8.0])).log_prob(a([4.0, 9.0])),
            ),
            "pyhf.probability.Normal.expected_data": (
                lambda f, a: f(a([5.0, 8.0]), a([1.0, 0.5])).expected_data(),
            ),
            "pyhf.probability.Normal.log_prob": (
                lambda f, a: f(a([5.0, 8.0]), a([1.0, 0.5])).log_prob(a([4.0, 9.0])),
            ),
        },
        setup=(
            "import pyhf; pyhf.set_backend("
            "dict(torch='pytorch', jax='jax').get('{backend}', 'numpy'))"
        ),
        modules=("pyhf.probability",),
    ),
    # Arrays wrapped in objects with labels.
    "xarray": Library(
        ("xarray==2026.9.0", "pandas==3.1.1"),
        {
            "xarray.DataArray.mean": (
                lambda f, a: f(a(M), dims=("x", "y")).mean("x"),
                lambda f, a: f(a(M), dims=("x", "y")).mean(),
            ),
            "xarray.DataArray.transpose": (
                lambda f, a: f(a(M), dims=("x", "y")).transpose("y", "x"),
            ),
            "xarray.DataArray.clip": (lambda f, a: f(a(M), dims=("x", "y")).clip(2.0, 5.0),),
            "xarray.DataArray.cumsum": (lambda f, a: f(a(M), dims=("x", "y")).cumsum("x"),),
        },
        modules=(),
    ),
}
