"""Some moments of one expression as a few examples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emocam.recognition.profile import Example
from emocam.types import FloatArray

_UNLIKE = 2.0  # times the usual squared distance to the middle: a blink, a glance, a word
_PARTS = 3  # of a take, so that what is alike in all of it can be told from what is not
_PART_OF = 4  # moments at least


def alike(points: FloatArray) -> np.ndarray:
    """Which moments of a take, shape (n, dims), are like most of it; shape (n,), bool.

    A blink lasts a fifth of a second, and so does a glance aside: both lie far from the middle
    (the median in each direction) of three seconds.
    """
    if len(points) < _PART_OF:
        return np.ones(len(points), bool)
    squares = np.square(points - np.median(points, axis=0)).sum(axis=1)
    return np.asarray(squares <= _UNLIKE * np.median(squares) + 1e-6)


def examples_of_take(label: str, points: Sequence[FloatArray], name: str) -> list[Example]:
    """Examples from the moments of one take, in order.

    Moments that follow each other are nearly one picture, so they count as few: each example is
    the mean of a third of them.

    Parameters
    ----------
    label
        What all of them show.
    points
        Each of shape (dims,).
    name
        Where they are from.
    """
    if not len(points):
        return []
    taken = np.stack(points)
    taken = taken[alike(taken)]
    parts = np.array_split(taken, min(_PARTS, max(1, len(taken) // _PART_OF)))
    return [
        Example(label, np.asarray(part.mean(axis=0), np.float32), f"{name}, part {number}")
        for number, part in enumerate(parts, 1)
    ]
