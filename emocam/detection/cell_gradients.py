"""Gradients of a picture, summed up in cells: the features of the template scan."""

from __future__ import annotations

import cv2
import numpy as np

from emocam.types import FloatArray, ImageU8

CHANNELS = 7
HALF = 2  # pixels: the gradients are summed up in twos first, then in cells of any size
_NOISE = 4.0  # grey levels: mean gradients well below this count as flat
_EPS = 1e-3
_STRIP = 24  # rows


def gradient_planes(gray: ImageU8) -> FloatArray:
    """Strength and direction of the gradients at half the picture's resolution.

    The directions are kept as the first, second and fourth harmonic of the orientation histogram
    (as in Liu et al., "Rotation-invariant HOG descriptors using Fourier analysis", IJCV 2014),
    which is cheaper than bins.

    Parameters
    ----------
    gray
        Shape (height, width), uint8.

    Returns
    -------
    Shape (7, height // 2, width // 2): strength, then cosine and sine of once, twice and four
    times the direction, weighted by strength.
    """
    height, width = gray.shape[0] // HALF, gray.shape[1] // HALF
    planes = np.empty((CHANNELS, height, width), np.float32)
    framed = cv2.copyMakeBorder(gray, 1, 1, 0, 0, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
    for top in range(0, height, _STRIP):  # what a strip needs stays in the processor's cache
        bottom = min(top + _STRIP, height)
        strip = framed[top * HALF : bottom * HALF + 2, : width * HALF]
        for plane, full in zip(planes[:, top:bottom], _harmonics(strip), strict=True):
            cv2.resize(full, (width, bottom - top), dst=plane, interpolation=cv2.INTER_AREA)
    return planes


def _harmonics(gray: ImageU8) -> list[FloatArray]:
    """The seven planes of the rows between the first and the last one."""
    edge = cv2.BORDER_REPLICATE
    x = np.asarray(cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=1, borderType=edge)[1:-1], np.float32)
    y = np.asarray(cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=1, borderType=edge)[1:-1], np.float32)
    strength = np.asarray(cv2.magnitude(x, y), np.float32)
    inverse = np.reciprocal(strength + np.float32(_EPS))
    cos, sin = x * inverse, y * inverse
    cos2, sin2 = x * cos - y * sin, 2 * x * sin
    cos4, sin4 = (cos2 * cos2 - sin2 * sin2) * inverse, 2 * cos2 * sin2 * inverse
    return [strength, x, y, cos2, sin2, cos4, sin4]


def gradient_cells(planes: FloatArray, cell: float) -> FloatArray:
    """The gradients in cells of this many pixels, contrast removed.

    Each cell is divided by the mean strength around it, as in Dalal and Triggs, CVPR 2005. Cells
    of several sizes from the same gradients stand for pictures of several scales, as in Dollár et
    al., "Fast feature pyramids for object detection", PAMI 2014.

    Parameters
    ----------
    planes
        Shape (7, height, width), see `gradient_planes`.
    cell
        Side of a cell in pixels of the picture, 4 or more.

    Returns
    -------
    Shape (rows, columns, 7).
    """
    span = cell / HALF
    rows, columns = int(planes.shape[1] / span + 1e-6), int(planes.shape[2] / span + 1e-6)
    part = planes[:, : round(rows * span), : round(columns * span)]
    cells = [cv2.resize(one, (columns, rows), interpolation=cv2.INTER_AREA) for one in part]
    around = cv2.blur(cells[0], (3, 3), borderType=cv2.BORDER_REPLICATE) + np.float32(_NOISE)
    inverse = np.reciprocal(around)
    return np.asarray(cv2.merge([one * inverse for one in cells]), dtype=np.float32)
