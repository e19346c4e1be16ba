"""Dense gradient-orientation descriptors of faces: a few matrix products, NumPy and OpenCV only.

The layout is SIFT's (Lowe, "Distinctive image features from scale-invariant keypoints", IJCV
2004): 4×4 cells of 8 orientations around each point of a grid, clipped unit length, then the
square root (Arandjelović, Zisserman, "Three things everyone should know to improve object
retrieval", CVPR 2012). Grid and layout are symmetric, so the mirrored face has the same
descriptors at mirrored places with their numbers permuted (`MIRRORED`).
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from emocam.types import FloatArray, ImageU8, IntArray

ORIENTATIONS = 8
CELLS = 4
LENGTH = CELLS * CELLS * ORIENTATIONS
_CLIP = 0.2  # Lowe's: one strong edge should not decide a descriptor
_FLAT = 8.0  # grey levels; keeps noise in flat regions from becoming a pattern

MIRRORED: IntArray = (
    np.arange(LENGTH)
    .reshape(CELLS, CELLS, ORIENTATIONS)[:, ::-1][
        :, :, (ORIENTATIONS // 2 - np.arange(ORIENTATIONS)) % ORIENTATIONS
    ]
    .ravel()
)
"""`descriptor[MIRRORED]` is the descriptor of the mirrored patch."""


def orientation_maps(faces_gray: ImageU8) -> FloatArray:
    """Gradient strength of each pixel, shared between its two nearest orientations.

    Parameters
    ----------
    faces_gray
        Shape (n, size, size), uint8.

    Returns
    -------
    Shape (n, 8, size, size), float32, in grey levels over two pixels; orientation k points
    k × 45° from right to down.
    """
    count, size, _ = faces_gray.shape
    padded = np.pad(faces_gray, ((0, 0), (1, 1), (1, 1)), mode="edge").astype(np.float32)
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    strength, angle = cv2.cartToPolar(across.reshape(-1, size), down.reshape(-1, size))
    angle *= np.float32(ORIENTATIONS / (2 * np.pi))
    strength = strength.reshape(count, 1, size, size)
    orientations = np.arange(ORIENTATIONS, dtype=np.float32)[:, None, None]
    # The triangle of width 1 around each orientation, on a circle of 8.
    maps = np.abs(angle.reshape(count, 1, size, size) - orientations)
    maps -= ORIENTATIONS / 2
    np.abs(maps, out=maps)
    maps -= ORIENTATIONS / 2 - 1
    np.maximum(maps, 0, out=maps)
    maps *= strength
    return np.asarray(maps, dtype=np.float32)


def grid_points(size: int, step: int) -> FloatArray:
    """Coordinates of the descriptors' centres along one axis, symmetric about the middle."""
    count = size // step
    first = (size - 1 - (count - 1) * step) / 2
    return (first + step * np.arange(count)).astype(np.float32)


def describe(maps: FloatArray, cell: float, step: int) -> FloatArray:
    """Descriptors on a grid.

    Parameters
    ----------
    maps
        Shape (n, 8, size, size), float32, from `orientation_maps`.
    cell
        Side of a cell in pixels; a descriptor spans 4×4 cells. Larger cells cover more of the
        face in less detail.
    step
        Pixels from one descriptor to the next.

    Returns
    -------
    Shape (n, points², 128), float32; they use no pixel outside of the crop.
    """
    count, size = len(maps), maps.shape[-1]
    weights, index = _cell_weights(size, cell, step)
    cells = weights @ maps @ weights.T
    found = np.take(cells.reshape(count, -1), index, axis=1)
    norm = np.sqrt(np.einsum("npd,npd->np", found, found))[:, :, None]
    found /= norm + np.float32(_FLAT)
    np.minimum(found, _CLIP, out=found)
    norm = np.sqrt(np.einsum("npd,npd->np", found, found))[:, :, None]
    found /= norm + np.float32(1e-3)
    np.sqrt(found, out=found)
    return np.asarray(found, dtype=np.float32)


@lru_cache(maxsize=32)
def _cell_weights(size: int, cell: float, step: int) -> tuple[FloatArray, IntArray]:
    """Triangular pixel weights of every cell position along one axis, shape (positions, size),
    and where in the flat (8, positions, positions) map each descriptor finds its numbers."""
    offsets = (np.arange(CELLS) - (CELLS - 1) / 2) * cell
    wanted = grid_points(size, step)[:, None] + offsets
    positions, where = np.unique(np.round(wanted, 3), return_inverse=True)
    where = where.reshape(wanted.shape)
    triangle = np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(size)) / cell) / cell
    weights = triangle.astype(np.float32)
    points, span = len(where), len(positions)
    orientation = np.arange(ORIENTATIONS) * span * span
    index = (
        where[:, None, :, None, None] * span
        + where[None, :, None, :, None]
        + orientation[None, None, None, None, :]
    )
    return weights, index.reshape(points * points, LENGTH)
