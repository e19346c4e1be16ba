"""Recipe `words`: codebooks, projection, kernel ridge, emotion clusters. NumPy and OpenCV only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, TypeVar

import numpy as np

from emocam.errors import ModelError
from emocam.recognition.clusters import Clusters
from emocam.recognition.codebook import Scale, encode_faces
from emocam.recognition.kernel_ridge import KernelRidge
from emocam.recognition.model_file import ModelFile
from emocam.recognition.population import Population
from emocam.recognition.prediction import Prediction
from emocam.recognition.projection import Projection
from emocam.runtime import one_blas_thread
from emocam.types import FloatArray, ImageU8, IntArray

_BATCH = 64
_Rows = TypeVar("_Rows", FloatArray, ImageU8)


@dataclass(frozen=True, eq=False)
class WordsModel:
    """The fitted recipe, as arrays."""

    recipe: ClassVar[str] = "words"
    labels: tuple[str, ...]  # in the order of all columns
    size: int  # side of the training format in pixels
    scales: tuple[Scale, ...]  # descriptors and their visual words
    projection: Projection  # features to points
    kernel_ridge: KernelRidge  # points to scores
    clusters: Clusters  # scores to emotion clusters
    population: Population  # where faces in general lie

    def predict(self, faces_gray: ImageU8) -> Prediction:
        """Emotion cluster and probabilities of each face.

        Parameters
        ----------
        faces_gray
            Shape (n, size, size), uint8.
        """
        # One thread: these products are small, and the detector uses the other cores.
        with one_blas_thread():
            points = self.batched_points(faces_gray)
            scores = [self.kernel_ridge.scores(part) for part in in_batches(points)]
            answers = self.clusters.predict(np.concatenate(scores))
        return replace(answers, points=points)

    def batched_points(self, faces_gray: ImageU8) -> FloatArray:
        """The same as `points`, in no more memory for many faces than for some."""
        return np.concatenate([self.points(part) for part in in_batches(faces_gray)])

    @cached_property
    def space(self) -> str:
        """Digest of the learnt space, as hexadecimal digits: what lies in it can name it."""
        digest = hashlib.sha256()
        for array in (self.population.points, self.population.logits):
            digest.update(np.ascontiguousarray(array, "<f4").tobytes())
        return digest.hexdigest()

    def points(self, faces_gray: ImageU8) -> FloatArray:
        """Faces in the learnt space (their embeddings), shape (n, dims), float32."""
        return self.projection.points(self.describe(faces_gray))

    def describe(self, faces_gray: ImageU8) -> FloatArray:
        """Word statistics of faces and their mirror images, shape (n, features), float32."""
        return encode_faces(self.scales, faces_gray)

    def scores(self, features: FloatArray) -> FloatArray:
        """Score of each label, shape (n, labels), for features of shape (n, features)."""
        return self.kernel_ridge.scores(self.projection.points(features))

    @property
    def centers(self) -> FloatArray:
        """Shape (clusters, labels), float32: centres of the emotion clusters."""
        return self.clusters.centers

    @property
    def cluster_names(self) -> IntArray:
        """Shape (clusters,), int64: number of the label that each cluster is named after."""
        return self.clusters.names

    def cluster_space(self, faces_gray: ImageU8) -> FloatArray:
        """Faces in the space of the cluster centres, shape (n, labels), float32."""
        return self.clusters.space(
            self.clusters.probabilities(self.scores(self.describe(faces_gray)))
        )

    def evidence(self, faces_gray: ImageU8) -> FloatArray:
        """Log-probabilities up to a constant of each face, shape (n, labels)."""
        return self.clusters.logits(self.scores(self.describe(faces_gray)))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for the model file; the large ones quantised to int8."""
        arrays: dict[str, np.ndarray] = {}
        for number, scale in enumerate(self.scales):
            arrays |= scale.to_arrays(f"codebook{number}.")
        for part in (self.projection, self.kernel_ridge, self.clusters, self.population):
            arrays |= part.to_arrays()
        return arrays

    @classmethod
    def from_file(cls, file: ModelFile) -> WordsModel:
        """Check and take the arrays of a model file.

        Raises
        ------
        ModelError
            When an array is absent or does not fit the card.
        """
        scales = _scales(file)
        projection = Projection.from_file(file, scales)
        dims = len(projection.matrix.scale)
        return cls(
            labels=file.labels,
            size=int(file.card["size"]),
            scales=scales,
            projection=projection,
            kernel_ridge=KernelRidge.from_file(file, dims),
            clusters=Clusters.from_file(file),
            population=Population.from_file(file, dims),
        )


def _scales(file: ModelFile) -> tuple[Scale, ...]:
    count = sum(name.startswith("codebook") and name.endswith(".centers") for name in file.arrays)
    if not count:
        raise ModelError("the model lacks its visual words: train it anew")
    return tuple(Scale.from_file(file, f"codebook{number}.") for number in range(count))


def in_batches(rows: _Rows) -> list[_Rows]:
    """Rows of an array in parts of 64; one empty part of none."""
    return [rows[first : first + _BATCH] for first in range(0, len(rows), _BATCH)] or [rows]
