"""Recipe `pixels`: scaled grey values, assigned to the nearest K-Means centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emocam.recognition.model_file import ModelFile
from emocam.recognition.prediction import Prediction
from emocam.types import FloatArray, ImageU8, IntArray


@dataclass(frozen=True, eq=False)
class PixelsModel:
    """Scaler and K-Means on raw pixels, as arrays."""

    recipe: ClassVar[str] = "pixels"
    labels: tuple[str, ...]  # in the order of the columns of `cluster_probabilities`
    size: int  # side of the training format in pixels
    # Shape (size², ), float32: what `StandardScaler` learnt
    mean: FloatArray
    scale: FloatArray
    centers: FloatArray  # shape (clusters, size²), float32: what `KMeans` learnt
    # Shape (clusters, labels), float32: share of each label in each cluster; the largest of a
    # row names the cluster
    cluster_probabilities: FloatArray

    def predict(self, faces_gray: ImageU8) -> Prediction:
        """Nearest centre of each face.

        Parameters
        ----------
        faces_gray
            Shape (n, size, size), uint8.
        """
        scaled = self.cluster_space(faces_gray)
        # |x - c|² without |x|², which is the same for every centre.
        distance = np.square(self.centers).sum(axis=1) - 2.0 * (scaled @ self.centers.T)
        clusters = distance.argmin(axis=1)
        return Prediction(self.cluster_probabilities[clusters], clusters.astype(np.int64))

    def cluster_space(self, faces_gray: ImageU8) -> FloatArray:
        """Faces in the space of the cluster centres: scaled pixels, shape (n, size²)."""
        flat = faces_gray.reshape(len(faces_gray), -1).astype(np.float32)
        return (flat - self.mean) / self.scale

    @property
    def cluster_names(self) -> IntArray:
        """Shape (clusters,), int64: number of the label that each cluster is named after."""
        return np.asarray(self.cluster_probabilities.argmax(axis=1), dtype=np.int64)

    def evidence(self, faces_gray: ImageU8) -> FloatArray:
        """Nearness to the nearest cluster of each label, minus its distance, shape (n, labels)."""
        space, names = self.cluster_space(faces_gray), self.cluster_names
        distances = np.linalg.norm(space[:, None] - self.centers[None], axis=2)
        nearness = np.full((len(space), len(self.labels)), -np.inf, np.float32)
        np.maximum.at(nearness.T, names, -distances.T)
        return nearness

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for the model file."""
        return {
            "mean": self.mean,
            "scale": self.scale,
            "centers": self.centers,
            "cluster_probabilities": self.cluster_probabilities,
        }

    @classmethod
    def from_file(cls, file: ModelFile) -> PixelsModel:
        """Check and take the arrays of a model file.

        Raises
        ------
        ModelError
            When an array is absent or does not fit the card.
        """
        size = int(file.card["size"])
        pixels, labels = size * size, len(file.labels)
        centers = file.array("centers", (None, pixels))
        return cls(
            labels=file.labels,
            size=size,
            mean=file.array("mean", (pixels,)),
            scale=file.array("scale", (pixels,)),
            centers=centers,
            cluster_probabilities=file.array("cluster_probabilities", (len(centers), labels)),
        )
