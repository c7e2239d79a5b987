"""Losses for PyTorch: a package that takes tensors only."""

from __future__ import annotations

import torch


def charbonnier(prediction: torch.Tensor, target: torch.Tensor, eps: float = 1e-3) -> torch.Tensor:
    """Return the mean Charbonnier loss, a smooth variant of the absolute error.

    Parameters
    ----------
    prediction : torch.Tensor
        Predicted values.
    target : torch.Tensor
        True values, of the same shape.
    eps : float, optional
        Where the loss turns from quadratic to linear.

    Examples
    --------
    >>> charbonnier(torch.tensor([0.5, 2.0]), torch.tensor([1.0, 2.0]))
    tensor(0.2505)
    """
    return torch.mean(torch.sqrt((prediction - target).square() + eps**2))


def dice(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return one minus the Dice coefficient of two masks.

    Parameters
    ----------
    prediction : torch.Tensor
        Probabilities.
    target : torch.Tensor
        The mask.

    Examples
    --------
    >>> dice(torch.tensor([0.9, 0.2, 0.8]), torch.tensor([1.0, 0.0, 1.0]))
    tensor(0.1282)
    """
    overlap = torch.sum(prediction * target)
    return 1 - 2 * overlap / (torch.sum(prediction) + torch.sum(target))


def total_variation(image: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute difference of neighbouring pixels.

    Parameters
    ----------
    image : torch.Tensor
        Tensor with shape ``(n, m)``.
    """
    return torch.diff(image, dim=-1).abs().mean() + torch.diff(image, dim=-2).abs().mean()


def converted(values: torch.Tensor) -> torch.Tensor:
    """Return the values in units of their standard deviation.

    This function accepts every kind of array, and always returns a tensor.

    Parameters
    ----------
    values : torch.Tensor
        Values of any shape.

    Examples
    --------
    >>> converted(np.asarray([1.0, 2.0, 3.0]))
    tensor([1., 2., 3.], dtype=torch.float64)
    """
    tensor = torch.asarray(values)
    return tensor / torch.std(tensor)
