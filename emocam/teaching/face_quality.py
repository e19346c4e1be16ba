"""Whether a face can be learnt from: clear, looking at the camera, not too small."""

from __future__ import annotations

import cv2
import numpy as np

from emocam.types import Face, ImageU8

_SMALLEST = 36  # pixels: smaller faces are enlarged to the training format, which blurs them
# Of FER2013's test faces 0.4 % are less sharp; blurred by one pixel, half of them are.
_SHARPEST_BLUR = 0.35
# Of a webcam's frames those with a turned head lie below, those with a straight one above 0.4.
_LEAST_SYMMETRY = 0.15


def complaint(face: Face, crop_gray: ImageU8) -> str:
    """What is wrong with a face as an example; empty for nothing.

    Parameters
    ----------
    face
        Where it was found.
    crop_gray
        The face in the training format, shape (size, size), uint8.
    """
    if face.size_wh[0] < _SMALLEST:
        return "too small: come nearer"
    if _sharpness(crop_gray) < _SHARPEST_BLUR:
        return "blurred: hold still, or clean the lens"
    if _symmetry(crop_gray) < _LEAST_SYMMETRY:
        return "turned away: look at the camera"
    return ""


def _sharpness(crop_gray: ImageU8) -> float:
    """Strength of the edges in relation to the contrast."""
    crop = crop_gray.astype(np.float32)
    edges = cv2.Laplacian(crop, cv2.CV_32F)[2:-2, 2:-2]
    return float(edges.std() / max(float(crop.std()), 1.0))


def _symmetry(crop_gray: ImageU8) -> float:
    """Correlation of the face with its mirror image, without hair, light and fine lines."""
    size = len(crop_gray)
    crop = cv2.GaussianBlur(crop_gray.astype(np.float32), (0, 0), size / 24)
    edge = size // 12
    middle = crop[edge + edge // 2 : -edge, edge:-edge]
    middle = middle - cv2.GaussianBlur(middle, (0, 0), size / 6)
    mirrored = middle[:, ::-1]
    both = ((middle - middle.mean()) * (mirrored - mirrored.mean())).mean()
    return float(both / max(float(middle.var()), 1e-6))
