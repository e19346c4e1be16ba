"""The training format: a square grey picture, framed as the training faces are."""

from __future__ import annotations

import cv2
import numpy as np

from emocam.types import Box, ImageU8

_MARGIN = 0.0  # the detector's boxes are framed as the training faces are


def crop_face(gray: ImageU8, xyxy: Box, size: int, margin: float = _MARGIN) -> ImageU8:
    """Cut a face out and bring it to the training format.

    Parameters
    ----------
    gray
        Shape (height, width), uint8.
    xyxy
        The face's box; it may reach over the edge, where the border is repeated. One that the
        edge cuts short is taken for square.
    size
        Side of the result in pixels.
    margin
        Added on each side, as a share of the box's width. More shows more of the hair and chin.

    Returns
    -------
    Shape (size, size), uint8.
    """
    x1, y1, x2, y2 = xyxy
    full = max(x2 - x1, y2 - y1)
    side = full * (1 + 2 * margin)
    center = _center(x1, x2, full, gray.shape[1]), _center(y1, y2, full, gray.shape[0])
    left, top = round(center[0] - side / 2), round(center[1] - side / 2)
    span = max(1, round(side))
    cut = _cut_with_border(gray, left, top, span)
    shrinks = span > size
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    face = cv2.resize(cut, (size, size), interpolation=interpolation)
    return face.astype(np.uint8, copy=False)


def _center(start: int, stop: int, full: int, picture: int) -> float:
    """Middle of the face along one axis, also where the picture's edge cuts its box short."""
    if stop - start < full and start <= 0:
        return stop - full / 2
    if stop - start < full and stop >= picture:
        return start + full / 2
    return (start + stop) / 2


def _cut_with_border(gray: ImageU8, left: int, top: int, span: int) -> ImageU8:
    height, width = gray.shape
    rows = np.clip(np.arange(top, top + span), 0, height - 1)
    columns = np.clip(np.arange(left, left + span), 0, width - 1)
    return gray[rows[:, None], columns[None, :]]
