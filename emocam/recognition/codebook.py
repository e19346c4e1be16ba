"""From descriptors to residuals of visual words: soft assignment, pooled over a grid.

Bags of visual words: Csurka and others, "Visual categorization with bags of keypoints" (2004);
soft assignment: van Gemert and others, "Visual word ambiguity" (PAMI 2010); residuals to the
words, first-order statistics: Jégou and others, "Aggregating local descriptors into a compact
image representation" (VLAD, CVPR 2010); K-Means words for expressions: Ionescu, Popescu, Grozea,
"Local learning to improve bag of visual words model for facial expression recognition" (ICML 2013
workshop).

The vocabulary is closed under mirroring: a word is kept with the sign that each of its
coordinates takes in the mirror. A face and its mirror image then have the same statistics at
mirrored places, odd coordinates with the other sign, and both are averaged without encoding the
mirror image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from emocam.errors import ModelError
from emocam.recognition.descriptors import LENGTH, describe, orientation_maps
from emocam.recognition.model_file import ModelFile
from emocam.types import FloatArray, ImageU8

BATCH = 2  # faces at a time, whose arrays fit the processor's cache


@dataclass(frozen=True, eq=False)
class Codebook:
    """Codebook: whitening and visual words of descriptors of one kind."""

    mean: FloatArray  # shape (128,), float32: mean descriptor
    # Shape (128, dims), float32: principal axes over the square root of their variance
    whitening: FloatArray
    # Shape (dims,), float32: what mirroring does to each whitened coordinate, 1 (even) first, then
    # -1 (odd)
    parity: FloatArray
    # Shape (words, dims), float32, unit length: K-Means centres. Their mirror images are words as
    # well.
    centers: FloatArray
    # Softmax factor of the cosine. Larger gives each descriptor to fewer words.
    inverse_temperature: float
    cells: int  # pooling cells each way

    @property
    def cell_length(self) -> int:
        """Number of features of a pooling cell."""
        return len(self.centers) * (len(self.parity) + 1)

    @property
    def length(self) -> int:
        """Number of features of a face."""
        return self.cells * self.cells * self.cell_length

    @cached_property
    def _even_odd(self) -> tuple[FloatArray, FloatArray]:
        """Words along the even and along the odd axes, times the inverse temperature."""
        scaled = self.centers.T * np.float32(self.inverse_temperature)
        even = int((self.parity > 0).sum())
        return np.ascontiguousarray(scaled[:even]), np.ascontiguousarray(scaled[even:])

    @cached_property
    def _shift(self) -> FloatArray:
        return self.mean @ self.whitening

    def whiten(self, descriptors: FloatArray) -> FloatArray:
        """Descriptors, shape (n, 128), as whitened unit vectors, shape (n, dims)."""
        whitened = descriptors @ self.whitening
        whitened -= self._shift
        norm = np.sqrt(np.einsum("nd,nd->n", whitened, whitened))
        whitened /= np.maximum(norm, 1e-6)[:, None]
        return np.asarray(whitened, dtype=np.float32)

    def encode(self, descriptors: FloatArray) -> FloatArray:
        """Features of faces and their mirror images together.

        Parameters
        ----------
        descriptors
            Shape (n, points², 128), float32, from `describe`.

        Returns
        -------
        Shape (n, `length`), float32, cell by cell and word by word: the mean residual of the
        cell's descriptors to the word, weighted by their shares in it, then the mean share
        itself. Of each the square root is taken, the sign kept, and averaged with that of the
        mirror image.
        """
        count, points, _ = descriptors.shape
        words, dims = self.centers.shape
        whitened = self.whiten(descriptors.reshape(-1, LENGTH))
        shares = self._shares(whitened).reshape(count, points, 2 * words)
        pooling = pooling_weights(math.isqrt(points), self.cells)
        pooled = pooling[:, None] * np.ascontiguousarray(shares.swapaxes(1, 2))[:, None]
        mass = pooled.sum(axis=-1)
        residuals = pooled.reshape(count, -1, points) @ whitened.reshape(count, points, dims)
        residuals = residuals.reshape(count, -1, 2 * words, dims)
        residuals -= mass[..., None] * self._closed
        roots = np.sqrt(np.abs(residuals))
        np.copysign(roots, residuals, out=residuals)
        np.sqrt(mass, out=mass)
        # The mirror image has the mirrored word's statistics at the mirrored place.
        shape = (count, self.cells, self.cells, 2 * words)
        residuals, mass = residuals.reshape(*shape, dims), mass.reshape(shape)
        features = np.empty((*shape[:3], words, dims + 1), np.float32)
        mirrored = residuals[:, :, ::-1, words:] * self.parity
        np.add(residuals[:, :, :, :words], mirrored, out=features[..., :-1])
        np.add(mass[..., :words], mass[:, :, ::-1, words:], out=features[..., -1])
        features *= np.float32(0.5)
        return features.reshape(count, -1)

    def _shares(self, whitened: FloatArray) -> FloatArray:
        """Share of each descriptor in each word, then in each mirrored word, rows sum to 1."""
        even, odd = self._even_odd
        # A word and its mirror image differ in the sign of the odd part alone.
        straight = whitened[:, : len(even)] @ even
        turn = whitened[:, len(even) :] @ odd
        shares = np.concatenate([straight + turn, straight - turn], axis=1)
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=1, keepdims=True)
        return shares

    @cached_property
    def _closed(self) -> FloatArray:
        """Words and their mirror images, shape (2 × words, dims)."""
        return np.concatenate([self.centers, self.centers * self.parity])


@dataclass(frozen=True, eq=False)
class Scale:
    """Descriptors of one size, and their words."""

    # Of the descriptors, in pixels; see `describe`
    cell: float
    step: int
    codebook: Codebook  # learnt from such descriptors

    def describe(self, maps: FloatArray) -> FloatArray:
        """Descriptors, shape (n, points², 128), of maps of `orientation_maps`."""
        return describe(maps, self.cell, self.step)

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Named arrays for the model file."""
        codebook = self.codebook
        layout = [self.cell, self.step, codebook.cells, codebook.inverse_temperature]
        return {
            f"{prefix}layout": np.array(layout, np.float32),
            f"{prefix}mean": codebook.mean,
            f"{prefix}whitening": codebook.whitening,
            f"{prefix}parity": codebook.parity,
            f"{prefix}centers": codebook.centers.astype(np.float16),
        }

    @classmethod
    def from_file(cls, file: ModelFile, prefix: str) -> Scale:
        """Check and take the arrays of a model file.

        Raises
        ------
        ModelError
            When an array is absent or does not fit.
        """
        cell, step, cells, inverse_t = file.array(f"{prefix}layout", (4,)).tolist()
        if not (0 < cell <= 64 and 1 <= step <= 64 and 1 <= cells <= 16 and 0 < inverse_t < 80):
            raise ModelError(f"the model's layout of '{prefix[:-1]}' is out of range")
        parity = file.array(f"{prefix}parity", (None,))
        codebook = Codebook(
            mean=file.array(f"{prefix}mean", (LENGTH,)),
            whitening=file.array(f"{prefix}whitening", (LENGTH, len(parity))),
            parity=parity,
            centers=file.array(f"{prefix}centers", (None, len(parity))).astype(np.float32),
            inverse_temperature=inverse_t,
            cells=int(cells),
        )
        return cls(cell, int(step), codebook)


@lru_cache(maxsize=32)
def pooling_weights(points: int, cells: int) -> FloatArray:
    """Bilinear share of each grid point in each cell, shape (cells², points²), rows sum to 1.

    Parameters
    ----------
    points, cells
        Number along each axis.
    """
    width = points / cells
    centers = (np.arange(cells) + 0.5) * width - 0.5
    inside = np.clip(np.arange(points), centers[0], centers[-1])
    share = np.maximum(0, 1 - np.abs(inside[:, None] - centers) / width)
    both = np.einsum("yi,xj->ijyx", share, share).reshape(cells * cells, -1)
    return np.asarray(both / both.sum(axis=1, keepdims=True), dtype=np.float32)


def encode_faces(scales: Sequence[Scale], faces_gray: ImageU8) -> FloatArray:
    """Features of all scales side by side, shape (n, features), of faces (n, size, size)."""
    lengths = [scale.codebook.length for scale in scales]
    features = np.empty((len(faces_gray), sum(lengths)), np.float32)
    for first in range(0, len(faces_gray), BATCH):
        maps = orientation_maps(faces_gray[first : first + BATCH])
        encoded = [scale.codebook.encode(scale.describe(maps)) for scale in scales]
        np.concatenate(encoded, axis=1, out=features[first : first + BATCH])
    return features
