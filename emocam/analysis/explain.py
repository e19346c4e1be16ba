"""Explanations: occlusion maps, words and cluster distances of a reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from emocam.analysis.cluster_measures import Clustered
from emocam.analysis.word_evidence import WordEvidence, strongest_words
from emocam.errors import ModelError
from emocam.recognition.personal import PersonalModel
from emocam.recognition.prediction import FaceModel
from emocam.recognition.words_model import WordsModel
from emocam.types import FloatArray, ImageU8

CELLS = 8
"""Cells of the heat map each way."""

_NOTHING = 1e-3  # less evidence is rounding: such a face resembles no training face
_PATCH = 1.6  # side of the covered patch in cells: neighbours overlap, so the map is smooth
_MOST_NAMES = 3
_BLUR = 0.12  # of the face's side: blurs what an expression is made of, keeps the light


@dataclass(frozen=True)
class ExampleEvidence:
    """An example of a profile, as one face sees it."""

    name: str
    label: str
    distance: float  # in units of how far faces in general lie from the mean of their label
    weight: float  # 0 to 1: less for one that the other examples take for something else


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a face was read as it was."""

    face_gray: ImageU8  # shape (size, size), uint8: the face as the model saw it
    labels: tuple[str, ...]  # the labels, in the order of `probabilities`
    probabilities: FloatArray  # shape (labels,), float32
    # Numbers of the label and of the second choice
    label: int
    second: int
    cluster: int  # number of the emotion cluster
    cluster_names: tuple[str, ...]  # the label of each cluster
    # Shape (clusters,), float32: to each cluster's centre, in units of the cluster space
    distances: FloatArray
    # Shape (`CELLS`, `CELLS`), float32: by how much the lead of the label over the second choice
    # shrinks when this part of the face is blurred. Above 0 it spoke for the label, below 0 for the
    # second choice.
    heat: FloatArray
    # The visual words that spoke most for and against it; none for other recipes
    words: tuple[WordEvidence, ...] = ()
    # Of a face that was read with a profile: its examples, nearest first, and what the face is
    # read as without. The clusters are then the person's own.
    examples: tuple[ExampleEvidence, ...] = ()
    without: str = ""
    face: int = 0  # its number in the photo, from 0 on the left
    is_unsure: bool = False  # whether `label` and its like say `unsure` of it

    @property
    def is_personal(self) -> bool:
        """Whether the face was read with a profile."""
        return bool(self.examples)

    def sentences(self) -> list[str]:
        """The explanation in words."""
        label, second = self.labels[self.label], self.labels[self.second]
        nearest = int(self.distances.argmin())
        others = [n for n, name in enumerate(self.cluster_names) if name == second]
        other = min(others, key=lambda number: self.distances[number], default=None)
        lines = [
            f"{'unsure: ' if self.is_unsure else ''}{label} "
            f"({100 * self.probabilities[self.label]:.0f} %), second choice {second} "
            f"({100 * self.probabilities[self.second]:.0f} %)",
            f"nearest {'own centre' if self.is_personal else 'cluster'}: {nearest} = "
            f"{self.cluster_names[nearest]}, "
            f"distance {self.distances[nearest]:.2f}"
            + (
                f"; the nearest of {second}: {other}, {self.distances[other]:.2f}"
                if other is not None
                else f"; no {'own centre' if self.is_personal else 'cluster'} is named {second}"
            ),
        ]
        for sign, name, other_name in ((1, label, second), (-1, second, label)):
            places = self.strongest(sign)
            if places:
                lines.append(f"for {name} rather than {other_name} spoke: {', '.join(places)}")
        if self.is_personal:
            lines.append(f"read with the profile; without it: {self.without}")
            nearest_examples = [
                f"{one.name} ({one.label}, {one.distance:.2f})"
                for one in self.examples[:_MOST_NAMES]
            ]
            lines.append(f"nearest examples: {', '.join(nearest_examples)}")
        return lines

    def strongest(self, sign: int) -> list[str]:
        """Names of the parts of the face that spoke most for the label (1) or against (-1)."""
        heat = sign * self.heat
        if heat.max() < _NOTHING:
            return []
        names: list[str] = []
        for cell in np.argsort(-heat, axis=None):
            row, column = divmod(int(cell), CELLS)
            if heat[row, column] < heat.max() / 3 or len(names) == _MOST_NAMES:
                break
            name = region(row, column)
            if name not in names:
                names.append(name)
        return names

    def figures(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return {
            "face": self.face,
            "emotion": self.labels[self.label],
            "unsure": self.is_unsure,
            "second": self.labels[self.second],
            "probabilities": dict(zip(self.labels, self.probabilities.tolist(), strict=True)),
            "cluster": self.cluster,
            "clusters": [
                {"label": name, "distance": float(distance)}
                for name, distance in zip(self.cluster_names, self.distances, strict=True)
            ],
            "heat": self.heat.tolist(),
            "words": [
                {"scale": word.scale, "word": word.word, "weight": word.weight}
                for word in self.words
            ],
            "examples": [vars(one) for one in self.examples],
            "without_profile": self.without or None,
            "why": self.sentences(),
        }


def region(row: int, column: int) -> str:
    """Name of a part of an upright, frontal face, seen by the viewer."""
    height = ("forehead", "brows", "eyes", "nose", "mouth", "chin")[
        int(np.searchsorted((1, 2, 4, 5, 7), row, side="right"))
    ]
    side = ("left", "left", "left", "middle", "middle", "right", "right", "right")[column]
    return f"{height} ({side})"


def explain_face(
    model: FaceModel, face_gray: ImageU8, personal: PersonalModel | None = None
) -> Explanation:
    """Explain the reading of one face by blurring its parts one after the other.

    Occlusion as in Zeiler and Fergus, "Visualizing and understanding convolutional networks"
    (ECCV 2014), with blur in place of a grey square, which would bring edges of its own.

    Parameters
    ----------
    model
        A fitted recipe.
    face_gray
        Shape (size, size), uint8, in the model's training format.
    personal
        How the face is read, if it is that of a profile's owner.

    Raises
    ------
    ModelError
        When the recipe doesn't tell where its clusters are.
    """
    if not isinstance(model, Clustered):
        raise ModelError(f"the recipe '{model.recipe}' doesn't show its clusters")
    if personal is not None:
        return _explain_owner(personal, face_gray)
    prediction = model.predict(face_gray[None])
    probabilities = prediction.probabilities[0]
    evidence = model.evidence(np.concatenate([face_gray[None], _blurred_parts(face_gray)]))
    label, second = _first_two(probabilities)
    lead = evidence[:, label] - evidence[:, second]
    space = model.cluster_space(face_gray[None])[0]
    return Explanation(
        face_gray=face_gray,
        labels=model.labels,
        probabilities=probabilities,
        label=label,
        second=second,
        cluster=int(prediction.clusters[0]),
        cluster_names=tuple(model.labels[index] for index in model.cluster_names),
        distances=np.linalg.norm(model.centers - space, axis=1).astype(np.float32),
        words=tuple(_words(model, face_gray, label, second)),
        heat=(lead[0] - lead[1:]).reshape(CELLS, CELLS).astype(np.float32),
    )


def _explain_owner(personal: PersonalModel, face_gray: ImageU8) -> Explanation:
    """The same of the face of a profile's owner: own centres in place of the clusters."""
    prediction = personal.predict(np.concatenate([face_gray[None], _blurred_parts(face_gray)]))
    assert prediction.personal is not None
    assert prediction.points is not None
    rows, point = prediction.personal.probabilities, prediction.points[0]
    label, second = _first_two(rows[0])
    evidence = np.log(rows + _NOTHING)
    lead = evidence[:, label] - evidence[:, second]
    model = personal.generic.model
    known = max(label, second) < len(model.labels)
    return Explanation(
        face_gray=face_gray,
        labels=personal.labels,
        probabilities=rows[0],
        label=label,
        second=second,
        cluster=int(prediction.personal.clusters[0]),
        cluster_names=tuple(personal.labels[number] for number in personal.taught),
        distances=personal.distances(point[None])[0],
        words=tuple(_words(model, face_gray, label, second)) if known else (),
        heat=(lead[0] - lead[1:]).reshape(CELLS, CELLS).astype(np.float32),
        examples=_example_evidence(personal, point),
        without=personal.labels[int(prediction.probabilities[0].argmax())],
    )


def _example_evidence(personal: PersonalModel, point: FloatArray) -> tuple[ExampleEvidence, ...]:
    distances = personal.example_distances(point)
    examples = personal.profile.examples
    return tuple(
        ExampleEvidence(
            examples[row].name,
            examples[row].label,
            float(distances[row]),
            float(personal.weights[row]),
        )
        for row in np.argsort(distances)
    )


def _first_two(probabilities: FloatArray) -> tuple[int, int]:
    """Numbers of the likeliest label and of the second choice."""
    first = int(probabilities.argmax())
    others = np.where(np.arange(len(probabilities)) == first, -1, probabilities)
    return first, int(others.argmax())


def _words(model: FaceModel, face_gray: ImageU8, label: int, second: int) -> list[WordEvidence]:
    if not isinstance(model, WordsModel):
        return []
    return strongest_words(model, face_gray, label, second)


def _blurred_parts(face_gray: ImageU8) -> ImageU8:
    """The face once for each cell of the heat map, with that cell blurred softly."""
    size = len(face_gray)
    blurred = cv2.GaussianBlur(face_gray, (0, 0), _BLUR * size).astype(np.float32)
    places = (np.arange(CELLS) + 0.5) * size / CELLS - 0.5
    reach = _PATCH * size / CELLS / 2
    # 1 inside of the patch, falling to 0 over as much again.
    share = np.clip(2 - np.abs(np.arange(size) - places[:, None]) / reach, 0, 1)
    masks = np.einsum("iy,jx->ijyx", share, share).reshape(-1, size, size)
    covered = face_gray + masks * (blurred - face_gray)
    return np.asarray(np.rint(covered).clip(0, 255), dtype=np.uint8)
