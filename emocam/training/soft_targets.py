"""Soft targets: shares of each label, from one label a face or from annotator votes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import column_or_1d

from emocam.types import FloatArray


def memberships(y: Any) -> tuple[np.ndarray, FloatArray]:
    """Labels, and the share of each in every face.

    Parameters
    ----------
    y
        Shape (n,): labels; or shape (n, labels): shares of the labels 0, 1, …, not negative.

    Returns
    -------
    The labels, shape (labels,), and shares, shape (n, labels), float32, rows summing to 1.

    Raises
    ------
    ValueError
        When shares are negative or not finite, or a face or a label has none.
    """
    y = np.asarray(y)
    if y.ndim != 2 or y.shape[1] == 1:
        labels, numbers = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        return labels, np.eye(len(labels), dtype=np.float32)[numbers]
    shares = y.astype(np.float64)
    if not np.isfinite(shares).all() or (shares < 0).any():
        raise ValueError("shares of labels should be 0 or more, and finite")
    sums = shares.sum(axis=1, keepdims=True)
    if not sums.all() or not shares.any(axis=0).all():
        raise ValueError("every face should have a share in some label, and every label some face")
    return np.arange(shares.shape[1]), np.asarray(shares / sums, dtype=np.float32)


def label_weights(shares: FloatArray, balance: float) -> FloatArray:
    """Weight of each label, shape (labels,): its mass to the power of -balance.

    They are scaled so that the weights of all faces have the mean 1. A balance of 0 takes labels
    as often as they come, 1 makes all count the same.

    Parameters
    ----------
    shares
        Shape (n, labels), from `memberships`.
    balance
        0 to 1.
    """
    mass = shares.sum(axis=0, dtype=np.float64)
    weights = mass**-balance
    return np.asarray(weights * (mass.sum() / (mass @ weights)), dtype=np.float32)


def balanced_weights(shares: FloatArray, balance: float) -> FloatArray:
    """Weight of each face, mean 1, shape (n,): that of its labels, by its shares in them."""
    return np.asarray(shares @ label_weights(shares, balance), dtype=np.float32)
