"""Non-maximum suppression: of candidates that show one face, the best stays."""

from __future__ import annotations

import numpy as np

from emocam.types import BoolArray, FloatArray

_MAX_DISTANCE = 0.25  # of the smaller side: closer candidates of similar size are one face
_MAX_SIZE_RATIO = 1.35  # sizes up to this ratio are similar
_MAX_CONTAINMENT = 0.5  # share of the smaller box: a face does not lie within another


def suppress_by_distance(scored: FloatArray) -> FloatArray:
    """The best candidates, of which no two have about the same place and size.

    Parameters
    ----------
    scored
        Shape (candidates, 5): centre x, centre y, side, tilt, score.

    Returns
    -------
    The kept rows, best first.
    """
    ordered = _best_first(scored)
    x, y, side = ordered[:, :3].T
    smaller = np.minimum(side[:, None], side)
    distance_squared = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    near = distance_squared <= (_MAX_DISTANCE * smaller) ** 2
    duplicate = near & (np.maximum(side[:, None], side) <= _MAX_SIZE_RATIO * smaller)
    remaining = np.ones(len(ordered), bool)
    kept = []
    for index in range(len(ordered)):
        if remaining[index]:
            kept.append(index)
            remaining &= ~duplicate[index]
    return np.asarray(ordered[kept], np.float32)


def suppress_by_containment(scored: FloatArray) -> FloatArray:
    """The best candidates, of which none lies half within a better one.

    Parameters
    ----------
    scored
        Shape (candidates, 5 or more): centre x, centre y, side, tilt, score.

    Returns
    -------
    The kept rows, best first.
    """
    ordered = _best_first(scored)
    shared = _containment(ordered, ordered)
    kept: list[int] = []
    for index in range(len(ordered)):
        if shared[index, kept].max(initial=0.0) < _MAX_CONTAINMENT:
            kept.append(index)
    return np.asarray(ordered[kept], np.float32)


def contained(boxes: FloatArray, others: FloatArray) -> BoolArray:
    """Which boxes share half of the smaller box with one of the others, shape (boxes,)."""
    return np.asarray((_containment(boxes, others) >= _MAX_CONTAINMENT).any(axis=1), np.bool_)


def _containment(boxes: FloatArray, others: FloatArray) -> FloatArray:
    """Shared part of two squares, as a share of the smaller one, shape (boxes, others)."""
    side, other = boxes[:, None, 2], others[:, 2]
    apart = np.abs(boxes[:, None, :2] - others[:, :2])
    nested = np.abs(side - other)[..., None] / 2
    shared = np.maximum(0.0, (side + other)[..., None] / 2 - np.maximum(apart, nested))
    return np.asarray(shared.prod(axis=2) / np.minimum(side, other) ** 2, np.float32)


def _best_first(scored: FloatArray) -> FloatArray:
    return scored[np.argsort(-scored[:, 4], kind="stable")]
