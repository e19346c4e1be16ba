"""Oriented boxes: squares around tilted faces, moved by pose offsets and cut out upright."""

from __future__ import annotations

import math

import cv2
import numpy as np

from emocam.types import FloatArray, ImageU8

FACE_PIXELS = 48
TILT_UNIT_DEG = 30.0
_MAX_SHIFT = 0.25
_MAX_LOG_GROWTH = 0.35


def apply_pose_offsets(boxes: FloatArray, offsets: FloatArray) -> FloatArray:
    """Oriented boxes moved, grown and turned.

    Parameters
    ----------
    boxes
        Shape (n, 4): centre x, centre y, side, tilt in degrees anticlockwise.
    offsets
        Shape (n, 4): shift right and down, along the box's own axes and in shares of its side (at
        most 0.25), logarithm of the growth (at most 0.35), turn in units of 30 degrees
        anticlockwise.
    """
    x, y, side, tilt = boxes.T
    right, down = (np.clip(offsets[:, :2], -_MAX_SHIFT, _MAX_SHIFT) * side[:, None]).T
    turn = np.deg2rad(tilt)
    cos, sin = np.cos(turn), np.sin(turn)
    growth = np.exp(np.clip(offsets[:, 2], -_MAX_LOG_GROWTH, _MAX_LOG_GROWTH))
    moved = [
        x + cos * right + sin * down,
        y - sin * right + cos * down,
        side * growth,
        tilt + offsets[:, 3] * TILT_UNIT_DEG,
    ]
    return np.stack(moved, axis=1).astype(np.float32)


def upright_crop(
    pyramid: list[ImageU8], box: FloatArray, share: float = 1.0, pixels: int = FACE_PIXELS
) -> ImageU8:
    """The content of an oriented box, turned upright, as a square picture.

    Parameters
    ----------
    pyramid
        The grey picture's image pyramid.
    box
        Centre x, centre y, side, tilt in degrees anticlockwise; the first pixel goes from 0 to 1.
        It may reach over the edge, where the border is repeated.
    share
        Side of the crop as a share of the box's side, about its centre.
    pixels
        Side of the result.
    """
    x, y, side, tilt = (float(value) for value in box[:4])
    level = min(max(0, round(math.log2(side * share / pixels))), len(pyramid) - 1)
    scale = 0.5**level
    step = side * share * scale / pixels
    cos, sin = step * math.cos(math.radians(tilt)), step * math.sin(math.radians(tilt))
    middle = (pixels - 1) / 2
    center_x, center_y = x * scale - 0.5, y * scale - 0.5
    to_picture = np.array(
        [
            [cos, sin, center_x - middle * (cos + sin)],
            [-sin, cos, center_y - middle * (cos - sin)],
        ],
        np.float32,
    )
    crop = cv2.warpAffine(
        pyramid[level],
        to_picture,
        (pixels, pixels),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return crop.astype(np.uint8, copy=False)
