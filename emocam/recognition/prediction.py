"""What every recipe predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from emocam.recognition.model_file import ModelFile
from emocam.types import FloatArray, ImageU8, IntArray


@dataclass(frozen=True, eq=False)
class Prediction:
    """Answers for a batch of n faces.

    Attributes
    ----------
    probabilities
        Shape (n, labels), float32, calibrated, rows summing to 1. The largest of a row is the
        label.
    clusters
        Shape (n,), int64: number of the emotion cluster.
    """

    probabilities: FloatArray
    clusters: IntArray

    def __post_init__(self) -> None:
        if self.probabilities.ndim != 2 or self.clusters.shape != self.probabilities.shape[:1]:
            raise ValueError(
                "a row of probabilities and a cluster a face: "
                f"{self.probabilities.shape} and {self.clusters.shape}"
            )


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
