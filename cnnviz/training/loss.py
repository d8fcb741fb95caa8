"""Softmax cross-entropy on logits: each example's loss, and the gradient of their mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import InputError, SpecError
from cnnviz.ops.checks import Array, floats, number, real_array


def cross_entropy(
    logits: ArrayLike, labels: ArrayLike, *, label_smoothing: float = 0.0
) -> tuple[Array, Array]:
    """Return each example's loss and the gradient of their mean with respect to the logits.

    With the target `t = (1 - s) onehot(label) + s / K` of `K` classes and smoothing `s`, the loss
    is `-Σ t log softmax(z)`, and the gradient of the mean over `N` examples is
    `(softmax(z) - t) / N`. The largest logit is subtracted first, so that no exponential overflows.

    Parameters
    ----------
    logits : array_like, (N, K)
        The network's output without a softmax. NaN and infinity give NaN losses.
    labels : array_like of int, (N,)
        The right class of each, 0 to K - 1.
    label_smoothing : float
        The share of each target that all classes get alike, at least 0 and below 1.

    Returns
    -------
    losses : ndarray, (N,)
        In nats; float64 if the logits are, otherwise float32.
    gradient : ndarray, (N, K)
        Of the same type.

    Raises
    ------
    SpecError
        If shapes do not fit each other or the smoothing is out of range.
    InputError
        If a label is no class.

    Notes
    -----
    Bridle, "Probabilistic interpretation of feedforward classification network outputs" (1990);
    smoothing from Szegedy et al., "Rethinking the Inception Architecture" (2016), section 7.

    Examples
    --------
    >>> losses, gradient = cross_entropy(np.zeros((1, 4)), [2])
    >>> losses.round(4).tolist(), gradient.tolist()
    ([1.3863], [[0.25, 0.25, -0.75, 0.25]])
    """
    z = floats(logits)
    if z.ndim != 2 or z.size == 0:
        raise SpecError(f"the logits are {z.shape}, not (N, classes)")
    count, classes = z.shape
    right, smoothing = _labels(labels, count, classes), number(label_smoothing, "label_smoothing")
    if not 0 <= smoothing < 1:
        raise SpecError(f"label_smoothing {smoothing:g} is not at least 0 and below 1")
    rows = np.arange(count)
    with np.errstate(all="ignore"):  # of logits that are not finite
        shifted = z - z.max(axis=1, keepdims=True)
        gradient = np.exp(shifted)
        sums = gradient.sum(axis=1, keepdims=True)
        losses: Array = np.log(sums[:, 0]) - (1 - smoothing) * shifted[rows, right]
        gradient /= sums
        if smoothing:
            losses -= smoothing * shifted.mean(axis=1)
            gradient -= smoothing / classes
        gradient[rows, right] -= 1 - smoothing
        gradient /= count
    return losses, gradient


def _labels(labels: ArrayLike, count: int, classes: int) -> Array:
    right = real_array(labels, "the labels")
    if right.dtype.kind not in "iu" or right.shape != (count,):
        what = f"{right.dtype} {right.shape}"
        raise SpecError(f"the labels are {what}, not one whole number for each of {count}")
    if right.min() < 0 or right.max() >= classes:
        wrong = int(right[(right < 0) | (right >= classes)][0])
        hint = f"labels of {classes} outputs are 0 to {classes - 1}"
        raise InputError(f"label {wrong} is not one of the model's classes", hint=hint)
    return right
