"""Protocols of a fitted recipe and of a personal profile, and what a recipe predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import numpy as np

from emocam.recognition.model_file import ModelFile
from emocam.types import FloatArray, ImageU8, IntArray


@dataclass(frozen=True, eq=False)
class PersonalAnswers:
    """What n faces would show, were they those of a profile's owner."""

    probabilities: FloatArray  # as in `Prediction`
    clusters: IntArray
    distances: FloatArray  # shape (n,), float32: how far each is from the nearest face taught
    within: float  # distance within which a face may be the owner's

    @classmethod
    def joined(cls, parts: Sequence[PersonalAnswers]) -> PersonalAnswers:
        """Several of one profile, one after the other."""
        return cls(
            np.concatenate([one.probabilities for one in parts]),
            np.concatenate([one.clusters for one in parts]),
            np.concatenate([one.distances for one in parts]),
            parts[0].within,
        )


@dataclass(frozen=True, eq=False)
class Prediction:
    """Answers for a batch of n faces."""

    # Shape (n, labels), float32, calibrated, rows summing to 1. The largest of a row is the label.
    probabilities: FloatArray
    clusters: IntArray  # shape (n,), int64: number of the emotion cluster
    # Shape (n, dims), float32: the faces in the learnt space, for personal profiles; None where the
    # recipe has no such space
    points: FloatArray | None = None
    # The answers for one person, where a profile is used; `of_frame` says for which face
    personal: PersonalAnswers | None = None

    def __post_init__(self) -> None:
        if self.probabilities.ndim != 2 or self.clusters.shape != self.probabilities.shape[:1]:
            raise ValueError(
                "a row of probabilities and a cluster a face: "
                f"{self.probabilities.shape} and {self.clusters.shape}"
            )
        if self.points is not None and self.points.shape[:1] != self.clusters.shape:
            raise ValueError(f"a point a face: {self.points.shape}, {self.clusters.shape}")

    @classmethod
    def joined(cls, parts: Sequence[Prediction]) -> Prediction:
        """One or more of the same reader, one after the other."""
        points = [one.points for one in parts if one.points is not None]
        personal = [one.personal for one in parts if one.personal is not None]
        return cls(
            np.concatenate([one.probabilities for one in parts]),
            np.concatenate([one.clusters for one in parts]),
            np.concatenate(points) if points else None,
            PersonalAnswers.joined(personal) if personal else None,
        )

    @property
    def owner(self) -> int | None:
        """Which of the faces of one frame is the profile's owner: the nearest, if near enough.

        It tells whose face a profile is used for, and nothing of who anybody is.
        """
        if self.personal is None or not len(self.clusters):
            return None
        nearest = int(self.personal.distances.argmin())
        return nearest if self.personal.distances[nearest] <= self.personal.within else None

    def of_frame(self) -> Prediction:
        """The same, its faces being those of one frame, with the owner's read personally."""
        owner = self.owner
        if owner is None or self.personal is None:
            return self
        probabilities, clusters = np.array(self.probabilities), np.array(self.clusters)
        probabilities[owner] = self.personal.probabilities[owner]
        clusters[owner] = self.personal.clusters[owner]
        return replace(self, probabilities=probabilities, clusters=clusters)

    def part(self, first: int, last: int) -> Prediction:
        """Some of the faces, as those of one frame among several."""
        return self.take(slice(first, last))

    def take(self, rows: slice | IntArray) -> Prediction:
        """Faces by their numbers, any of them as often as it is named."""
        personal = self.personal
        if personal is not None:
            personal = PersonalAnswers(
                personal.probabilities[rows],
                personal.clusters[rows],
                personal.distances[rows],
                personal.within,
            )
        points = None if self.points is None else self.points[rows]
        return Prediction(self.probabilities[rows], self.clusters[rows], points, personal)


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
