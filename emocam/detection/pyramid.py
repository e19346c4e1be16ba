"""The image pyramid: a picture at full size, half of it, a quarter, …"""

from __future__ import annotations

import cv2
import numpy as np

from emocam.types import ImageU8

_SMALLEST_SIDE = 48  # pixels: the side of the training faces


def image_pyramid(gray: ImageU8) -> list[ImageU8]:
    """The picture, then half its size, a quarter, … while the shorter side has 48 pixels."""
    levels = [gray]
    while min(levels[-1].shape) >= 2 * _SMALLEST_SIDE:
        levels.append(halved(levels[-1]))
    return levels


def made_gray(picture: ImageU8) -> ImageU8:
    """The picture in grey, shape (height, width); itself where it is grey already."""
    if picture.ndim == 2:
        return picture
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def halved(picture: ImageU8) -> ImageU8:
    """The picture, grey or not, at half its size; an odd last row or column is left out."""
    width, height = picture.shape[1] // 2, picture.shape[0] // 2
    even = picture[: 2 * height, : 2 * width]  # OpenCV averages by exactly two much faster
    half = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
    return half.astype(np.uint8, copy=False)


def resized_by(pyramid: list[ImageU8], scale: float) -> ImageU8:
    """The picture at a scale of at most 1, made from the smallest level that is large enough."""
    height, width = pyramid[0].shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    large = [level for level in pyramid if level.shape[0] >= size[1] and level.shape[1] >= size[0]]
    shrunk = cv2.resize(large[-1], size, interpolation=cv2.INTER_LINEAR)  # by less than two
    return shrunk.astype(np.uint8, copy=False)
