"""Frames around faces: how they are mended, and the upright picture within one."""

from __future__ import annotations

import math

import cv2
import numpy as np

from emocam.types import FloatArray, ImageU8

FACE_PIXELS = 48
TILT_UNIT_DEG = 30.0
_MAX_SHIFT = 0.25
_MAX_GROWTH = 0.35


def halvings(gray: ImageU8) -> list[ImageU8]:
    """The picture, then half its size, a quarter, … down to about the training format."""
    halves = [gray]
    while min(halves[-1].shape) >= 2 * FACE_PIXELS:
        halves.append(halved(halves[-1]))
    return halves


def halved(picture: ImageU8) -> ImageU8:
    """The picture, grey or not, at half its size; an odd last row or column is left out."""
    width, height = picture.shape[1] // 2, picture.shape[0] // 2
    even = picture[: 2 * height, : 2 * width]  # much faster than an uneven step
    half = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
    return half.astype(np.uint8, copy=False)


def mended(frames: FloatArray, pose: FloatArray) -> FloatArray:
    """Frames moved, grown and turned.

    Parameters
    ----------
    frames
        Shape (n, 4): centre x, centre y, side, tilt in degrees anticlockwise.
    pose
        Shape (n, 4): how far to go right and down, in the upright frame and shares of its side, how
        much to grow (logarithm) and to turn (units of 30 degrees anticlockwise).
    """
    x, y, side, tilt = frames.T
    right, down = (np.clip(pose[:, :2], -_MAX_SHIFT, _MAX_SHIFT) * side[:, None]).T
    turn = np.deg2rad(tilt)
    cos, sin = np.cos(turn), np.sin(turn)
    growth = np.exp(np.clip(pose[:, 2], -_MAX_GROWTH, _MAX_GROWTH))
    moved = [
        x + cos * right + sin * down,
        y - sin * right + cos * down,
        side * growth,
        tilt + pose[:, 3] * TILT_UNIT_DEG,
    ]
    return np.stack(moved, axis=1).astype(np.float32)


def upright(
    halves: list[ImageU8], frame: FloatArray, share: float = 1.0, pixels: int = FACE_PIXELS
) -> ImageU8:
    """The frame's content, turned upright, as a square picture.

    Parameters
    ----------
    halves
        The grey picture and its halvings.
    frame
        Centre x, centre y, side, tilt in degrees anticlockwise; the first pixel goes from 0 to 1.
        It may reach over the edge, where the border is repeated.
    share
        How much of the frame's side is shown, from its centre.
    pixels
        Side of the result.
    """
    x, y, side, tilt = (float(value) for value in frame[:4])
    level = min(max(0, round(math.log2(side * share / pixels))), len(halves) - 1)
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
        halves[level],
        to_picture,
        (pixels, pixels),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return crop.astype(np.uint8, copy=False)
