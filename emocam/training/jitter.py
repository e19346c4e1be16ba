"""Data augmentation: jittered copies of training faces, as a camera and a detector vary them."""

from __future__ import annotations

import cv2
import numpy as np

from emocam.types import ImageU8

_TURN_DEGREES = 12.0
_ZOOM = 0.13  # natural logarithm of the factor
_STRETCH = 0.04
_SHIFT = 3.5 / 48  # of the side


def jittered(faces_gray: ImageU8, seed: int) -> ImageU8:
    """A copy of each face: turned, zoomed and shifted, some blurred, noisy or of other contrast.

    Parameters
    ----------
    faces_gray
        Shape (n, size, size), uint8.
    seed
        The same seed gives the same copies.
    """
    random = np.random.default_rng(seed)
    changed = np.empty_like(faces_gray)
    for number, face in enumerate(faces_gray):
        changed[number] = _shaded(_moved(face, random), random)
    return changed


def _moved(face: ImageU8, random: np.random.Generator) -> ImageU8:
    size = len(face)
    turn = np.deg2rad(random.uniform(-_TURN_DEGREES, _TURN_DEGREES))
    zoom = np.exp(random.uniform(-_ZOOM, _ZOOM))
    stretch = np.exp(random.uniform(-_STRETCH, _STRETCH))
    shift = random.uniform(-_SHIFT, _SHIFT, 2) * size
    cosine, sine = zoom * np.cos(turn), zoom * np.sin(turn)
    matrix = np.array(
        [[cosine * stretch, -sine * stretch, 0], [sine / stretch, cosine / stretch, 0]]
    )
    middle = np.full(2, (size - 1) / 2)
    matrix[:, 2] = middle + shift - matrix[:, :2] @ middle
    way = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA
    moved = cv2.warpAffine(face, matrix, (size, size), flags=way, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.uint8)


def _shaded(face: ImageU8, random: np.random.Generator) -> ImageU8:
    shaded: np.ndarray = face.astype(np.float32)
    kind = random.random()
    if kind < 0.2:
        shaded = cv2.GaussianBlur(shaded, (0, 0), random.uniform(0.3, 1.0))
    elif kind < 0.3:
        shaded = _small_and_back(shaded, random.uniform(0.5, 0.9))
    elif kind < 0.35:
        shaded += random.normal(0, random.uniform(1, 6), shaded.shape)
    if random.random() < 0.5:
        shaded = 255 * (np.clip(shaded, 0, 255) / 255) ** np.exp(random.uniform(-0.4, 0.4))
        contrast = np.exp(random.uniform(-0.5, 0.2))
        shaded = (shaded - shaded.mean()) * contrast + shaded.mean() + random.uniform(-20, 20)
    return np.asarray(np.clip(np.rint(shaded), 0, 255), dtype=np.uint8)


def _small_and_back(face: np.ndarray, share: float) -> np.ndarray:
    """Reduce and enlarge a face, as one far from the camera."""
    size = len(face)
    small = cv2.resize(face, (round(size * share),) * 2, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC))
