"""Gradients of a picture, summed up in cells: the features of the template scan."""

from __future__ import annotations

import cv2
import numpy as np

from emocam.detection.scratch import Scratch
from emocam.types import FloatArray, ImageU8

CHANNELS = 7
HALF = 2  # pixels: the gradients are summed up in twos first, then in cells of any size
_NOISE = 4.0  # grey levels: mean gradients well below this count as flat
_EPS = 1e-3
_STRIP = 96  # rows


def gradient_planes(gray: ImageU8, scratch: Scratch | None = None) -> FloatArray:
    """Strength and direction of the gradients at half the picture's resolution.

    The directions are kept as the first, second and fourth harmonic of the orientation histogram
    (as in Liu et al., "Rotation-invariant HOG descriptors using Fourier analysis", IJCV 2014),
    which is cheaper than bins.

    Parameters
    ----------
    gray
        Shape (height, width), uint8.
    scratch
        Memory for the result, which the next call with the same overwrites; new by default.

    Returns
    -------
    Shape (7, height // 2, width // 2): strength, then cosine and sine of once, twice and four
    times the direction, weighted by strength.
    """
    scratch = scratch or Scratch()
    height, width = gray.shape[0] // HALF, gray.shape[1] // HALF
    planes = scratch.array("planes", CHANNELS, height, width)
    framed = cv2.copyMakeBorder(gray, 1, 1, 0, 0, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
    for top in range(0, height, _STRIP):  # what a strip needs stays in the processor's cache
        bottom = min(top + _STRIP, height)
        strip = framed[top * HALF : bottom * HALF + 2, : width * HALF]
        for plane, full in zip(planes[:, top:bottom], _harmonics(strip, scratch), strict=True):
            cv2.resize(full, (width, bottom - top), dst=plane, interpolation=cv2.INTER_AREA)
    return planes


def _harmonics(gray: ImageU8, scratch: Scratch) -> list[FloatArray]:
    """The seven planes of the rows between the first and the last one, shape (rows, width) each."""
    height, width = gray.shape
    framed = scratch.array("gradients", 2, height, width)
    edge = cv2.BORDER_REPLICATE
    cv2.Sobel(gray, cv2.CV_32F, 1, 0, dst=framed[0], ksize=1, borderType=edge)
    cv2.Sobel(gray, cv2.CV_32F, 0, 1, dst=framed[1], ksize=1, borderType=edge)
    x, y = framed[:, 1:-1]
    strength, inverse, cos2, sin2, cos4, sin4, part = scratch.array(
        "harmonics", 7, height - 2, width
    )
    cv2.magnitude(x, y, magnitude=strength)
    np.reciprocal(np.add(strength, _EPS, out=inverse), out=inverse)
    np.multiply(y, inverse, out=sin4)
    np.multiply(x, np.multiply(x, inverse, out=cos2), out=cos2)
    np.subtract(cos2, np.multiply(y, sin4, out=part), out=cos2)
    np.multiply(np.multiply(x, 2.0, out=sin2), sin4, out=sin2)
    np.subtract(np.multiply(cos2, cos2, out=cos4), np.multiply(sin2, sin2, out=part), out=cos4)
    np.multiply(cos4, inverse, out=cos4)
    np.multiply(np.multiply(cos2, 2.0, out=sin4), sin2, out=sin4)
    np.multiply(sin4, inverse, out=sin4)
    return [strength, x, y, cos2, sin2, cos4, sin4]


def gradient_cells(planes: FloatArray, cell: float, out: FloatArray | None = None) -> FloatArray:
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
    out
        Where the result goes, of its shape; new by default.

    Returns
    -------
    Shape (rows, columns, 7), see `cell_grid`.
    """
    rows, columns = cell_grid(planes, cell)
    span = cell / HALF
    part = planes[:, : round(rows * span), : round(columns * span)]
    cells = [cv2.resize(one, (columns, rows), interpolation=cv2.INTER_AREA) for one in part]
    around = cv2.blur(cells[0], (3, 3), borderType=cv2.BORDER_REPLICATE) + np.float32(_NOISE)
    inverse = np.reciprocal(around)
    even = [cv2.multiply(one, inverse, dst=one) for one in cells]
    return np.asarray(cv2.merge(even, dst=out), dtype=np.float32)


def cell_grid(planes: FloatArray, cell: float) -> tuple[int, int]:
    """Rows and columns of the cells of this many pixels."""
    span = cell / HALF
    return int(planes.shape[1] / span + 1e-6), int(planes.shape[2] / span + 1e-6)
