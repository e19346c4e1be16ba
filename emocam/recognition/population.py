"""Statistics of many persons' faces in the learnt space, the prior of a personal profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emocam.errors import ModelError
from emocam.recognition.model_file import ModelFile
from emocam.types import FloatArray


@dataclass(frozen=True, eq=False)
class Spread:
    """How far faces lie from the mean of their label."""

    total: float  # mean squared distance
    # Effective number of directions that it is spread over, the participation ratio of the
    # variances: (sum)² / sum of squares
    directions: float

    @classmethod
    def of(cls, residuals: FloatArray) -> Spread:
        """Of residuals, shape (n, dims)."""
        covariance = np.atleast_2d(np.cov(residuals.T.astype(np.float64)))
        variances = np.linalg.eigvalsh(covariance)
        total = float(variances.sum())
        return cls(total, total**2 / float(np.square(variances).sum()))


@dataclass(frozen=True, eq=False)
class Population:
    """Means of the labels over many persons, as points and as logits."""

    points: FloatArray  # shape (labels, dims), float32: mean point of each label's faces
    # Shape (labels, labels), float32: mean logits of each label's faces by a model that has not
    # seen them; rows have mean 0
    logits: FloatArray
    # Around those means
    point_spread: Spread
    logit_spread: Spread

    @classmethod
    def of(cls, points: FloatArray, logits: FloatArray, shares: FloatArray) -> Population:
        """Of training faces.

        Parameters
        ----------
        points
            Shape (n, dims).
        logits
            Shape (n, labels), out of fold.
        shares
            Shape (n, labels): share of each label in each face.
        """
        weights = shares / shares.sum(axis=0)
        logits = centered(logits)
        points_mean, logits_mean = weights.T @ points, weights.T @ logits
        label = shares.argmax(axis=1)
        return cls(
            points_mean,
            logits_mean,
            Spread.of(points - points_mean[label]),
            Spread.of(logits - logits_mean[label]),
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for the model file."""
        spreads = [[one.total, one.directions] for one in (self.point_spread, self.logit_spread)]
        return {
            "population.points": self.points,
            "population.logits": self.logits,
            "population.spreads": np.array(spreads, np.float32),
        }

    @classmethod
    def from_file(cls, file: ModelFile, dims: int) -> Population:
        """Check and take the arrays of a model file.

        Raises
        ------
        ModelError
            When an array is absent or does not fit.
        """
        labels = len(file.labels)
        spreads = file.array("population.spreads", (2, 2))
        if (spreads <= 0).any():
            raise ModelError("the model's spreads of the population should be above 0")
        return cls(
            file.array("population.points", (labels, dims)),
            file.array("population.logits", (labels, labels)),
            *(Spread(float(total), float(directions)) for total, directions in spreads),
        )


def centered(logits: FloatArray) -> FloatArray:
    """Logits, shape (n, labels), centred by row: softmax is invariant to a row's mean."""
    return np.asarray(logits - logits.mean(axis=1, keepdims=True), dtype=np.float32)
