"""Oriented boxes: squares around tilted faces, moved by pose offsets and cut out upright."""

from __future__ import annotations

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


def upright_crops(
    pyramid: list[ImageU8], boxes: FloatArray, share: float = 1.0, pixels: int = FACE_PIXELS
) -> list[ImageU8]:
    """The content of oriented boxes, turned upright, as square pictures.

    Parameters
    ----------
    pyramid
        The grey picture's image pyramid.
    boxes
        Shape (n, 4 or more): centre x, centre y, side, tilt in degrees anticlockwise; the first
        pixel goes from 0 to 1. A box may reach over the edge, where the border is repeated.
    share
        Side of the crop as a share of the box's side, about its centre.
    pixels
        Side of the results.
    """
    x, y, side, tilt = boxes[:, :4].T.astype(np.float64)
    levels = np.rint(np.log2(side * share / pixels)).clip(0, len(pyramid) - 1).astype(int)
    scale = 0.5**levels
    step, turn = side * share * scale / pixels, np.radians(tilt)
    cos, sin = step * np.cos(turn), step * np.sin(turn)
    middle = (pixels - 1) / 2
    left = x * scale - 0.5 - middle * (cos + sin)
    top = y * scale - 0.5 - middle * (cos - sin)
    to_picture = np.stack([cos, sin, left, -sin, cos, top], axis=1).astype(np.float32)
    return [
        cv2.warpAffine(
            pyramid[level],
            matrix,
            (pixels, pixels),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(np.uint8, copy=False)
        for level, matrix in zip(levels, to_picture.reshape(-1, 2, 3), strict=True)
    ]
