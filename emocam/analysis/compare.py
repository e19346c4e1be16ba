"""Comparison of methods on the same faces, with bootstrap intervals."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emocam.analysis.compared_methods import Method, NearestNeighbors
from emocam.errors import EmocamError
from emocam.training.faces import Faces
from emocam.types import FloatArray, IntArray

MEASURES = ("accuracy", "balanced_accuracy", "macro_f1")
AS_TRAINED = (
    "The model 'as trained' is not fitted anew: on pictures that it was trained on its figures are "
    "too good"
)
_RESAMPLES = 2000
_CONFIDENCE = 95.0


@dataclass(frozen=True)
class Measure:
    """A figure from 0 to 1 with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class MethodResult:
    """Result of one method."""

    name: str  # the method's name
    # Shape (labels, labels), int64: rows true, columns predicted. None when the method could not be
    # fitted.
    confusion: IntArray | None
    # Of `MEASURES`, by name; empty when the method could not be fitted
    measures: dict[str, Measure]
    # Wall-clock time; predicting includes describing the face
    fit_seconds: float
    predict_seconds_per_face: float
    tied: dict[int, int]  # k-NN only: number of labels that share the most votes, to how many faces
    failure: str = ""  # why the method could not be fitted; empty when it could

    def ties_sentence(self) -> str:
        """How often two or more labels were equally likely."""
        total = sum(self.tied.values())
        parts = [
            f"{number} labels for {100 * faces / total:.0f} %"
            for number, faces in self.tied.items()
            if number > 1
        ]
        if not parts:
            return f"{self.name}: of none of the {total} faces were two labels equally likely"
        return f"{self.name}: equally likely were {', '.join(parts)} of the {total} faces"

    def figures(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return {
            "name": self.name,
            **{
                name: {"value": m.value, "low": m.low, "high": m.high}
                for name, m in self.measures.items()
            },
            "fit_seconds": self.fit_seconds,
            "predict_seconds_per_face": self.predict_seconds_per_face,
            "confusion": None if self.confusion is None else self.confusion.tolist(),
            **({"tied": self.tied} if self.tied else {}),
            **({"failure": self.failure} if self.failure else {}),
        }


def run_method(method: Method, rounds: Sequence[tuple[Faces, Faces]]) -> MethodResult:
    """Fit and test a method on one or more pairs of training and test faces.

    Parameters
    ----------
    method
        It is fitted anew for each pair; one that can't be fitted says so in the result.
    rounds
        Training and test faces, with the same labels.
    """
    labels = len(rounds[0][0].labels)
    confusion = np.zeros((labels, labels), dtype=np.int64)
    tied: dict[int, int] = {}
    fit_seconds = predict_seconds = 0.0
    for training, test in rounds:
        start = time.perf_counter()
        try:
            method.fit(training)
        except EmocamError as error:
            return MethodResult(method.name, None, {}, 0.0, 0.0, {}, failure=str(error))
        fit_seconds += time.perf_counter() - start
        start = time.perf_counter()
        predicted = method.predict(test.images)
        predict_seconds += time.perf_counter() - start
        np.add.at(confusion, (test.targets, predicted), 1)
        if isinstance(method, NearestNeighbors):
            for number in method.ties(test.images).tolist():
                tied[number] = tied.get(number, 0) + 1
    return MethodResult(
        name=method.name,
        confusion=confusion,
        measures=measures_of(confusion),
        fit_seconds=fit_seconds / len(rounds),
        predict_seconds_per_face=predict_seconds / int(confusion.sum()),
        tied=dict(sorted(tied.items())),
    )


def comparison_table(results: Sequence[MethodResult]) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the results as text."""
    head = ["method", *(measure_name(name) + " (%)" for name in MEASURES), "fit (s)", "a face (ms)"]
    rows = []
    for result in results:
        if not result.measures:
            rows.append([result.name, "not fitted", "", "", "", ""])
            continue
        cells = [
            f"{100 * m.value:.1f} ({100 * m.low:.1f} to {100 * m.high:.1f})"
            for m in (result.measures[name] for name in MEASURES)
        ]
        times = [f"{result.fit_seconds:.1f}", f"{1000 * result.predict_seconds_per_face:.2f}"]
        rows.append([result.name, *cells, *times])
    return head, rows


def measure_name(measure: str) -> str:
    """A measure as tables and figures write it."""
    return measure.replace("_", " ").replace("f1", "F1")


def measures_of(confusion: IntArray) -> dict[str, Measure]:
    """The measures of a confusion matrix, with percentile bootstrap intervals.

    Drawing the n tested faces anew with replacement (Efron, "Bootstrap methods", 1979) is drawing
    the matrix's n counts from a multinomial with the observed shares, which is what is done here.

    Parameters
    ----------
    confusion
        Shape (labels, labels), rows true, columns predicted. The same one has the same intervals.
    """
    total = int(confusion.sum())
    random = np.random.default_rng(0)
    drawn = random.multinomial(total, confusion.ravel() / total, size=_RESAMPLES)
    resampled = _measure(drawn.reshape(-1, *confusion.shape))
    tail = (100 - _CONFIDENCE) / 2
    measures = {}
    for name, value in _measure(confusion[None]).items():
        low, high = np.percentile(resampled[name], (tail, 100 - tail))
        measures[name] = Measure(float(value[0]), float(low), float(high))
    return measures


def _measure(confusions: IntArray) -> dict[str, FloatArray]:
    """Each measure of n matrices, shape (n, ); labels that a matrix lacks don't count in it."""
    right = np.diagonal(confusions, axis1=1, axis2=2).astype(np.float64)
    true, predicted = confusions.sum(axis=2), confusions.sum(axis=1)
    present = true > 0
    known = present | (predicted > 0)
    recall = np.divide(right, true, out=np.zeros_like(right), where=present)
    f1 = np.divide(2 * right, true + predicted, out=np.zeros_like(right), where=known)
    return {
        "accuracy": (right.sum(axis=1) / confusions.sum(axis=(1, 2))).astype(np.float32),
        "balanced_accuracy": (recall.sum(axis=1) / present.sum(axis=1)).astype(np.float32),
        "macro_f1": (f1.sum(axis=1) / known.sum(axis=1)).astype(np.float32),
    }
