"""Non-maximum suppression: of candidates that show one face, the best stays."""

from __future__ import annotations

import numpy as np

from emocam.types import FloatArray

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
    kept: list[FloatArray] = []
    for row in _best_first(scored):
        shared = [
            _overlap_along(row, better, 0)
            * _overlap_along(row, better, 1)
            / min(row[2], better[2]) ** 2
            for better in kept
        ]
        if max(shared, default=0.0) < _MAX_CONTAINMENT:
            kept.append(row)
    return np.array(kept, np.float32).reshape(-1, scored.shape[1])


def _best_first(scored: FloatArray) -> FloatArray:
    return scored[np.argsort(-scored[:, 4], kind="stable")]


def _overlap_along(one: FloatArray, other: FloatArray, axis: int) -> float:
    """Length that two squares share along an axis, in pixels."""
    distance = max(abs(one[axis] - other[axis]), abs(one[2] - other[2]) / 2)
    return max(0.0, float((one[2] + other[2]) / 2 - distance))
