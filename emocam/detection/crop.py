"""The training format: a square grey picture, framed as the training faces are."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from emocam.detection.oriented_boxes import upright_crops
from emocam.detection.pyramid import image_pyramid, made_gray
from emocam.types import Box, Face, ImageU8

_LEANING_DEG = 12.0  # training faces lean by less
_CORNERS = 0.22  # of the side: so far a turned square's corners reach over it


def crop_faces(picture: ImageU8, faces: Sequence[Face], size: int) -> list[ImageU8]:
    """Cut faces out, set leaning ones upright, and bring them to the training format.

    Parameters
    ----------
    picture
        Shape (height, width, 3), uint8, blue first; or (height, width), grey.
    faces
        Their boxes may reach over the edge, where the border is repeated; one that the edge cuts
        short is taken for square.
    size
        Side of the results in pixels.

    Returns
    -------
    One a face, shape (size, size), uint8, grey.
    """
    return [_gray_crop(picture, face, size) for face in faces]


def cut_square(picture: ImageU8, left: int, top: int, side: int) -> ImageU8:
    """A square of a picture, grey or not; it may reach over the edge: the border is repeated."""
    height, width = picture.shape[:2]
    if 0 <= left <= width - side and 0 <= top <= height - side:
        return picture[top : top + side, left : left + side]
    rows = np.clip(np.arange(top, top + side), 0, height - 1)
    columns = np.clip(np.arange(left, left + side), 0, width - 1)
    return picture[np.ix_(rows, columns)]


def _gray_crop(picture: ImageU8, face: Face, size: int) -> ImageU8:
    # Made grey after it is cut out: that gives the same pixels, and costs less than the whole.
    left, top, side = _square(picture, face.xyxy)
    leans = face.roll is not None and abs(face.roll) >= _LEANING_DEG
    around = round(_CORNERS * side) if leans else 0
    part = cut_square(picture, left - around, top - around, side + 2 * around)
    gray = made_gray(part)
    if not leans:
        return resized(gray, size)
    middle = len(gray) / 2
    box = np.array([[middle, middle, side, -(face.roll or 0.0)]], np.float32)
    return upright_crops(image_pyramid(gray), box, pixels=size)[0]


def _square(picture: ImageU8, xyxy: Box) -> tuple[int, int, int]:
    """Left, top and side of the square that a face's box stands for."""
    x1, y1, x2, y2 = xyxy
    side = max(x2 - x1, y2 - y1)
    center_x = _center(x1, x2, side, picture.shape[1])
    center_y = _center(y1, y2, side, picture.shape[0])
    return round(center_x - side / 2), round(center_y - side / 2), side


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
