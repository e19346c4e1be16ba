"""Training of the codebook (the first K-Means), as a scikit-learn estimator."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.utils.validation import check_is_fitted

from emocam.recognition.codebook import BATCH, Codebook
from emocam.recognition.descriptors import LENGTH, MIRRORED
from emocam.types import FloatArray

_SAMPLED_FACES = 4000


class VisualVocabulary(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Descriptors of faces to statistics of visual words.

    Descriptors are PCA-whitened (Jégou, Chum, "Negative evidences and
    co-occurences in image retrieval: the benefit of PCA and whitening", ECCV 2012), brought to
    unit length and grouped by K-Means. Each descriptor is turned so that its strongest
    left-right-asymmetric coordinate is positive first; the centres and their mirror images are
    the words, so half of them are learnt and the other half is free.

    Parameters
    ----------
    words
        Even number of words. More discriminate better, take more time and need more faces.
    dims
        Whitened dimensions, 2 to 128.
    cells
        Pooling cells each way.
    inverse_temperature
        Softmax factor of the cosine between a descriptor and a word.
    samples
        Descriptors to learn from.
    seed
        The same seed learns the same words.

    Attributes
    ----------
    codebook_
        What was learnt, as arrays (`Codebook`).
    n_features_out_
        Length of a face's features.
    """

    def __init__(
        self,
        words: int = 32,
        dims: int = 32,
        cells: int = 4,
        inverse_temperature: float = 12.0,
        samples: int = 120_000,
        seed: int = 0,
    ) -> None:
        self.words = words
        self.dims = dims
        self.cells = cells
        self.inverse_temperature = inverse_temperature
        self.samples = samples
        self.seed = seed

    def fit(self, X: FloatArray, y: object = None) -> VisualVocabulary:  # noqa: ARG002
        """Learn whitening and words.

        Parameters
        ----------
        X
            Descriptors, shape (n, points², 128), from `DenseDescriptors`; `samples` of them, of
            at most 4,000 faces, are learnt from.
        y
            Not used.

        Raises
        ------
        ValueError
            When `words` is odd or larger than the number of sampled descriptors.
        """
        X = _checked_descriptors(X)
        if self.words < 2 or self.words % 2:
            raise ValueError(f"words should be an even number from 2, got {self.words}")
        descriptors = self._sample(X)
        if len(descriptors) < self.words // 2:
            raise ValueError(
                f"{self.words} words need at least {self.words // 2} descriptors, "
                f"{len(X)} faces gave {len(descriptors)}: use fewer words or more faces"
            )
        mean, whitening, parity = whiten_both_ways(descriptors, self.dims)
        learnt = Codebook(
            mean=mean,
            whitening=whitening,
            parity=parity,
            centers=np.empty((0, self.dims), np.float32),
            inverse_temperature=float(self.inverse_temperature),
            cells=int(self.cells),
        )
        turned = _turned(learnt.whiten(descriptors), parity)
        kmeans = KMeans(self.words // 2, init="random", n_init=1, max_iter=25, tol=0.0,
                        random_state=self.seed, copy_x=False)  # fmt: skip
        centers = kmeans.fit(turned).cluster_centers_
        centers /= np.linalg.norm(centers, axis=1, keepdims=True)
        self.codebook_ = replace(learnt, centers=centers.astype(np.float32))
        self.n_features_out_ = self.codebook_.length
        return self

    def transform(self, X: FloatArray) -> FloatArray:
        """Features, shape (n, n_features_out_), of descriptors, shape (n, points², 128)."""
        check_is_fitted(self, "codebook_")
        X = _checked_descriptors(X)
        batches = [X[first : first + BATCH] for first in range(0, len(X), BATCH)]
        return np.concatenate([self.codebook_.encode(batch) for batch in batches])

    def _sample(self, descriptors: FloatArray) -> FloatArray:
        """The same number of descriptors of each of some faces, shape (n, 128)."""
        random = np.random.default_rng(self.seed)
        chosen = np.sort(random.permutation(len(descriptors))[:_SAMPLED_FACES])
        points = descriptors.shape[1]
        each = min(-(-self.samples // len(chosen)), points)
        take = random.integers(0, points, (len(chosen), each))
        return descriptors[chosen[:, None], take].reshape(-1, LENGTH)


def whiten_both_ways(
    descriptors: FloatArray, dims: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """PCA whitening of descriptors and their mirror images, each axis even or odd in the mirror.

    Parameters
    ----------
    descriptors
        Shape (n, 128).
    dims
        Axes to keep, those of largest variance.

    Returns
    -------
    Mean (128,), whitening (128, dims) and parity (dims,) of 1 and -1, as in `Codebook`.
    """
    mean = descriptors.mean(axis=0, dtype=np.float64)
    mean = (mean + mean[MIRRORED]) / 2
    centered = descriptors - mean.astype(np.float32)
    covariance = (centered.T @ centered).astype(np.float64) / len(centered)
    covariance = (covariance + covariance[MIRRORED][:, MIRRORED]) / 2
    mirror = np.eye(LENGTH)[MIRRORED]
    variances, axes, parities = [], [], []
    for parity in (1, -1):
        kept, basis = np.linalg.eigh((np.eye(LENGTH) + parity * mirror) / 2)
        basis = basis[:, kept > 0.5]
        variance, vectors = np.linalg.eigh(basis.T @ covariance @ basis)
        variances.append(variance)
        axes.append(basis @ vectors)
        parities.append(np.full(len(variance), parity))
    variance = np.concatenate(variances)
    sign = np.concatenate(parities)
    order = np.argsort(-variance)[:dims]
    order = np.concatenate([order[sign[order] > 0], order[sign[order] < 0]])
    scale = 1 / np.sqrt(np.maximum(variance[order], 0) + 1e-4)
    whitening = np.concatenate(axes, axis=1)[:, order] * scale
    return (
        mean.astype(np.float32),
        whitening.astype(np.float32),
        sign[order].astype(np.float32),
    )


def _turned(whitened: FloatArray, parity: FloatArray) -> FloatArray:
    """Of each vector and its mirror image, the one whose first odd coordinate is positive."""
    odd = np.flatnonzero(parity < 0)
    if not len(odd):
        return whitened
    turn = whitened[:, odd[0]] < 0
    return np.where(turn[:, None], whitened * parity, whitened)


def _checked_descriptors(descriptors: FloatArray) -> FloatArray:
    descriptors = np.asarray(descriptors, dtype=np.float32)
    square = descriptors.ndim == 3 and math.isqrt(descriptors.shape[1]) ** 2 == descriptors.shape[1]
    if not square or descriptors.shape[2] != LENGTH:
        raise ValueError(
            f"descriptors are of shape (n, points², {LENGTH}), got shape {descriptors.shape}"
        )
    return descriptors
