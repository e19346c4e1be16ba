"""From scores to emotion clusters: calibration, and the second K-Means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emocam.errors import ModelError
from emocam.recognition.model_file import ModelFile
from emocam.recognition.prediction import Prediction
from emocam.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Clusters:
    """Calibration of the scores, and the second K-Means on the probabilities."""

    # Shape (labels, labels) and (labels,), float32: the calibrated probabilities are softmax(scores
    # @ matrix + bias), mixed with the uniform distribution
    matrix: FloatArray
    bias: FloatArray
    # Share of the uniform distribution, 0 to below 1: how many faces bear a label that says nothing
    # of them, so that no answer is ever quite certain
    uniform_share: float
    sharpening: float  # power that the probabilities are raised to before the clusters see them
    # Shape (labels,), float32: what `StandardScaler` learnt on the sharpened probabilities
    mean: FloatArray
    scale: FloatArray
    centers: FloatArray  # shape (clusters, labels), float32: what `KMeans` learnt on them, scaled
    names: IntArray  # shape (clusters,), int64: the label of each cluster

    def probabilities(self, scores: FloatArray) -> FloatArray:
        """Calibrated probabilities, shape (n, labels), of scores of the same shape."""
        return mixed_with_uniform(softmax(self.logits(scores)), self.uniform_share)

    def logits(self, scores: FloatArray) -> FloatArray:
        """What softmax makes the probabilities of, before the mixture, of the same shape."""
        return np.asarray(scores @ self.matrix + self.bias, dtype=np.float32)

    def space(self, probabilities: FloatArray) -> FloatArray:
        """Probabilities in the space of the cluster centres, of the same shape."""
        return (sharpened(probabilities, self.sharpening) - self.mean) / self.scale

    def nearest(self, probabilities: FloatArray) -> IntArray:
        """Cluster of each row, shape (n,)."""
        scaled = self.space(probabilities)
        distance = np.square(self.centers).sum(axis=1) - 2 * (scaled @ self.centers.T)
        return np.asarray(distance.argmin(axis=1), dtype=np.int64)

    def predict(self, scores: FloatArray) -> Prediction:
        """The cluster decides the emotion.

        Where the most probable label is not the cluster's, the two probabilities are swapped, so
        that the label has the largest.
        """
        probabilities = self.probabilities(scores)
        clusters = self.nearest(probabilities)
        rows = np.arange(len(probabilities))
        label, likeliest = self.names[clusters], probabilities.argmax(axis=1)
        highest = probabilities[rows, likeliest]
        probabilities[rows, likeliest] = probabilities[rows, label]
        probabilities[rows, label] = highest
        return Prediction(probabilities, clusters)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for the model file."""
        return {
            "clusters.uniform_share": np.array([self.uniform_share], np.float32),
            "clusters.sharpening": np.array([self.sharpening], np.float32),
            "clusters.matrix": self.matrix,
            "clusters.bias": self.bias,
            "clusters.mean": self.mean,
            "clusters.scale": self.scale,
            "clusters.centers": self.centers,
            "clusters.names": self.names,
        }

    @classmethod
    def from_file(cls, file: ModelFile) -> Clusters:
        """Check and take the arrays of a model file.

        Raises
        ------
        ModelError
            When an array is absent or does not fit.
        """
        labels = len(file.labels)
        uniform_share = float(file.array("clusters.uniform_share", (1,))[0])
        if not 0 <= uniform_share < 1:
            raise ModelError("the model's share of the uniform distribution should be 0 to below 1")
        centers = file.array("clusters.centers", (None, labels))
        names = file.array("clusters.names", (len(centers),)).astype(np.int64)
        if len(names) and not 0 <= names.min() <= names.max() < labels:
            raise ModelError(
                f"the model's clusters should be named by the labels 0 to {labels - 1}"
            )
        return cls(
            matrix=file.array("clusters.matrix", (labels, labels)),
            bias=file.array("clusters.bias", (labels,)),
            uniform_share=uniform_share,
            sharpening=float(file.array("clusters.sharpening", (1,))[0]),
            mean=file.array("clusters.mean", (labels,)),
            scale=file.array("clusters.scale", (labels,)),
            centers=centers,
            names=names,
        )


def softmax(logits: FloatArray) -> FloatArray:
    """Rows that sum to 1, of the same shape."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def mixed_with_uniform(probabilities: FloatArray, share: float) -> FloatArray:
    """Rows with that share of the uniform distribution, of the same shape."""
    mixed = (1 - share) * probabilities + share / probabilities.shape[1]
    return np.asarray(mixed, dtype=np.float32)


def sharpened(probabilities: FloatArray, power: float) -> FloatArray:
    """Powers of probabilities, rows summing to 1 again."""
    powers = np.power(np.maximum(probabilities, 1e-9), power)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
