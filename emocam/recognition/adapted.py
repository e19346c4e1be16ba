"""The model, adapted to one person: a face is read as if it were an average person's.

By how far the taught faces lie from where their labels lie in general, all faces of the person are
moved half-way back (wholly, the more labels were taught), and what the model still says too much of
is taken off the evidence. Moving all points by the same offset is done once, in the coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from emocam.recognition.kernel_ridge import KernelRidge
from emocam.recognition.population import centered
from emocam.recognition.words_model import WordsModel
from emocam.types import FloatArray, IntArray

_SHRUNK = 1.0  # as if one more label were taught that lies where it does in general


@dataclass(frozen=True, eq=False)
class AdaptedModel:
    """The model, adapted to one person.

    Attributes
    ----------
    offset
        Shape (dims,): taken off all points.
    bias
        Shape (labels,): taken off the logits of moved points.
    kernel_ridge
        Gives the scores of points as they are, then those of moved ones.
    """

    model: WordsModel
    offset: FloatArray
    bias: FloatArray
    kernel_ridge: KernelRidge

    @classmethod
    def fit(cls, model: WordsModel, centers: FloatArray, numbers: IntArray) -> AdaptedModel:
        """Of a person's centres, shape (n, dims), of the labels of these numbers."""
        population, labels = model.population, len(model.labels)
        known = numbers < labels
        centers, numbers = centers[known], numbers[known]
        share = np.float32(1 / (len(numbers) + _SHRUNK))
        offset = share * (centers - population.points[numbers]).sum(axis=0)
        ridge = model.kernel_ridge
        both = np.concatenate([ridge.dual_coef, ridge.moved_dual_coef(offset)], axis=1)
        adapted = cls(
            model,
            np.asarray(offset, np.float32),
            np.zeros(labels, np.float32),
            replace(ridge, dual_coef=both),
        )
        if not len(numbers):
            return adapted
        off = adapted.logits(centers, adapted.adapted_scores(centers))
        return replace(adapted, bias=share * (off - population.logits[numbers]).sum(axis=0))

    def adapted_scores(self, points: FloatArray) -> FloatArray:
        """What the moved kernel gives points, shape (n, labels)."""
        return self.kernel_ridge.scores(points)[:, len(self.model.labels) :]

    def logits(self, points: FloatArray, adapted_scores: FloatArray) -> FloatArray:
        """Evidence for each label, shape (n, labels), of points and what the kernel gave them."""
        gamma = np.float32(self.model.kernel_ridge.gamma)
        exponent = gamma * (2 * points @ self.offset - self.offset @ self.offset)
        scores = adapted_scores * np.exp(exponent)[:, None]
        return centered(self.model.clusters.logits(scores)) - self.bias
