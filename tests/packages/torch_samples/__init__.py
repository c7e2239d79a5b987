"""Functions that need one library, PyTorch or JAX."""

import torch


def score(prediction, target):
    """Return the mean absolute error.

    Examples
    --------
    >>> score(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0]))
    """
    return torch.mean(torch.abs(prediction - target))


def shifted(x: torch.Tensor) -> torch.Tensor:
    """Add the sum."""
    return torch.relu(x) + x.sum()


def tensors(x):
    """Return tensors for arrays of all libraries.

    Examples
    --------
    >>> tensors(np.array([1.0, 2.0]))
    """
    return torch.asarray(x) * 2
