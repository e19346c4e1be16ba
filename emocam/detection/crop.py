"""The training format: a square grey picture, framed as the training faces are."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from emocam.types import Box, Face, ImageU8


def crop_faces(frame_bgr: ImageU8, faces: Sequence[Face], size: int) -> list[ImageU8]:
    """Cut faces out of a frame; see `crop_face`.

    Parameters
    ----------
    frame_bgr
        Shape (height, width, 3), uint8, blue first.
    faces
        Where they are; the detector's boxes are framed as the training faces are.
    size
        Side of the results in pixels.
    """
    if not faces:
        return []
    gray = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    return [crop_face(gray, face.xyxy, size) for face in faces]


def crop_face(gray: ImageU8, xyxy: Box, size: int) -> ImageU8:
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

    Returns
    -------
    Shape (size, size), uint8.
    """
    x1, y1, x2, y2 = xyxy
    side = max(x2 - x1, y2 - y1)
    center_x, center_y = _center(x1, x2, side, gray.shape[1]), _center(y1, y2, side, gray.shape[0])
    left, top = round(center_x - side / 2), round(center_y - side / 2)
    return resized(cut_square(gray, left, top, side), size)


def cut_square(picture: ImageU8, left: int, top: int, side: int) -> ImageU8:
    """A square of a picture, grey or not; it may reach over the edge: the border is repeated."""
    rows = np.clip(np.arange(top, top + side), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, picture.shape[1] - 1)
    return picture[np.ix_(rows, columns)]


def resized(picture: ImageU8, size: int) -> ImageU8:
    """A picture, grey or not, as a square of this side: averaged when it shrinks."""
    interpolation = cv2.INTER_AREA if len(picture) > size else cv2.INTER_LINEAR
    square = cv2.resize(picture, (size, size), interpolation=interpolation)
    return square.astype(np.uint8, copy=False)


def _center(start: int, stop: int, full: int, picture: int) -> float:
    """Middle of the face along one axis, also where the picture's edge cuts its box short."""
    if stop - start < full and start <= 0:
        return stop - full / 2
    if stop - start < full and stop >= picture:
        return start + full / 2
    return (start + stop) / 2
