"""Protocols of a fitted recipe and of a personal profile, and what a recipe predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from emocam.recognition.model_file import ModelFile
from emocam.types import FloatArray, ImageU8, IntArray


@dataclass(frozen=True, eq=False)
class Prediction:
    """Answers for a batch of n faces."""

    # Shape (n, labels), float32, calibrated, rows summing to 1. The largest of a row is the label.
    probabilities: FloatArray
    clusters: IntArray  # shape (n,), int64: number of the emotion cluster
    # Shape (n, dims), float32: the faces in the learnt space, for personal profiles; None where the
    # recipe has no such space
    points: FloatArray | None = None

    def __post_init__(self) -> None:
        if self.probabilities.ndim != 2 or self.clusters.shape != self.probabilities.shape[:1]:
            raise ValueError(
                "a row of probabilities and a cluster a face: "
                f"{self.probabilities.shape} and {self.clusters.shape}"
            )
        if self.points is not None and self.points.shape[:1] != self.clusters.shape:
            raise ValueError(f"a point a face: {self.points.shape}, {self.clusters.shape}")


class FaceModel(Protocol):
    """A fitted recipe that needs only NumPy and OpenCV."""

    recipe: ClassVar[str]

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def size(self) -> int: ...

    def predict(self, faces_gray: ImageU8) -> Prediction:
        """Read a batch of faces, shape (n, size, size), uint8."""
        ...

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for the model file."""
        ...

    @classmethod
    def from_file(cls, file: ModelFile) -> FaceModel: ...


class FaceProfile(Protocol):
    """A personal profile."""

    def owner(self, points: FloatArray) -> int | None:
        """Which of the faces, shape (n, dims), is the person's; None when none is near enough."""
        ...

    def apply(self, points: FloatArray, probabilities: FloatArray) -> FloatArray:
        """The probabilities, shape (labels,), for this person; of one point, shape (dims,)."""
        ...
