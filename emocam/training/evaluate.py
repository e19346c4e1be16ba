"""Evaluation: accuracy, confusion matrix, calibration."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from emocam.recognition.prediction import FaceModel
from emocam.training.faces import Faces
from emocam.types import FloatArray, IntArray

_BATCH = 64
_ECE_BINS = 15


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Answers of a model on n labelled faces."""

    labels: tuple[str, ...]  # those that the data set has
    # Shape (n,), int64: numbers in `labels`
    targets: IntArray
    predicted: IntArray
    probabilities: FloatArray  # shape (n, labels), float32
    clusters: IntArray  # shape (n,), int64
    seconds_per_face: float  # time of describing and predicting, without decoding

    def figures(self) -> dict[str, Any]:
        """The figures of `emocam evaluate --json`, by name."""
        figures: dict[str, Any] = {
            "n": len(self.targets),
            "accuracy": float(accuracy_score(self.targets, self.predicted)),
            "balanced_accuracy": balanced_accuracy(self.confusion()),
        }
        for average in ("macro", "weighted"):
            precision, recall, f1, _ = precision_recall_fscore_support(
                self.targets,
                self.predicted,
                labels=range(len(self.labels)),
                average=average,
                zero_division=0,
            )
            figures[f"{average}_precision"] = float(precision)
            figures[f"{average}_recall"] = float(recall)
            figures[f"{average}_f1"] = float(f1)
        figures["ece"] = expected_calibration_error(
            self.probabilities.max(axis=1), self.predicted == self.targets
        )
        figures["labels"] = list(self.labels)
        figures["confusion"] = self.confusion().tolist()
        figures["seconds_per_face"] = self.seconds_per_face
        return figures

    def confusion(self) -> IntArray:
        """Shape (labels, labels), int64: rows true, columns predicted."""
        size = len(self.labels)
        pairs = np.bincount(size * self.targets + self.predicted, minlength=size * size)
        return pairs.reshape(size, size)


def evaluate(model: FaceModel, faces: Faces) -> Evaluation:
    """Evaluate a model on labelled faces.

    A set that lacks some of the model's labels is evaluated on those it has: the answer is then
    the likeliest of these.

    Parameters
    ----------
    model
        The fitted recipe.
    faces
        In the model's training format, with the model's labels.
    """
    present = np.unique(faces.targets)
    start = time.perf_counter()
    batches = [
        model.predict(faces.images[first : first + _BATCH])
        for first in range(0, len(faces.images), _BATCH)
    ]
    seconds = (time.perf_counter() - start) / len(faces.images)
    probabilities = np.concatenate([batch.probabilities for batch in batches])[:, present]
    # A model may give all its probability to labels that the set lacks.
    probabilities = probabilities + np.finfo(np.float32).tiny
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    return Evaluation(
        labels=tuple(faces.labels[index] for index in present),
        targets=np.searchsorted(present, faces.targets).astype(np.int64),
        predicted=probabilities.argmax(axis=1).astype(np.int64),
        probabilities=probabilities,
        clusters=np.concatenate([batch.clusters for batch in batches]),
        seconds_per_face=seconds,
    )


def known_faces(card: Mapping[str, Any], faces: Faces) -> str:
    """What is to be said of a model that was trained on these very faces; else empty.

    Parameters
    ----------
    card
        The model's card.
    faces
        What it is measured on.
    """
    if card.get("training", {}).get("sha256") != faces.digest():
        return ""
    return "the model was trained on these very faces, so it does better on them than on others"


def balanced_accuracy(confusion: IntArray) -> float:
    """Mean share of right answers over the labels that there are faces of, 0 to 1.

    Parameters
    ----------
    confusion
        Shape (labels, labels): rows true, columns predicted.
    """
    faces = confusion.sum(axis=1)
    return float((np.diag(confusion)[faces > 0] / faces[faces > 0]).mean())


def expected_calibration_error(certainty: FloatArray, right: np.ndarray) -> float:
    """Mean distance between certainty and share of right answers over 15 equal bins.

    Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning"
    (AAAI 2015).

    Parameters
    ----------
    certainty
        Shape (n,), 0 to 1.
    right
        Shape (n,): whether each answer is right, or how right it is, from 0 to 1.
    """
    bins = np.minimum((certainty * _ECE_BINS).astype(int), _ECE_BINS - 1)
    weight = np.bincount(bins, minlength=_ECE_BINS)
    confidence = np.bincount(bins, certainty, minlength=_ECE_BINS)
    accuracy = np.bincount(bins, right, minlength=_ECE_BINS)
    return float(np.abs(confidence - accuracy).sum() / weight.sum())
