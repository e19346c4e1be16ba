"""Pictures of another size in a film, or a clip, of one size."""

from __future__ import annotations

import cv2
import numpy as np

from emocam.types import ImageU8


def letterbox(image_bgr: ImageU8, size_wh: tuple[int, int]) -> ImageU8:
    """Scale a picture to this size, with black margins; it is the same where it has it.

    Parameters
    ----------
    image_bgr
        Shape (height, width, 3), uint8.
    size_wh
        Width and height of the result in pixels.
    """
    height, width = image_bgr.shape[:2]
    if (width, height) == size_wh:
        return image_bgr
    scale = min(size_wh[0] / width, size_wh[1] / height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    framed = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    left, top = (size_wh[0] - inner[0]) // 2, (size_wh[1] - inner[1]) // 2
    framed[top : top + inner[1], left : left + inner[0]] = cv2.resize(image_bgr, inner)
    return framed
