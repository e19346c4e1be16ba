"""What a profile brings, with simulated persons, and what it costs a face.

    python benchmarks/profiles.py fer2013.zip [--persons 40]

People in FER2013 can't be told apart, so persons are made in the learnt space out of what the
test faces lack in common with the mean of their label: one such residual is the person (what makes
all of his or her faces alike), one more for each label is how this person shows it, and one more
for each picture is what changes between two pictures of it. How large each part is, how many
directions the last one has, how strongly expressions are shown and how often they are feigned
weakly is drawn for each group of persons. The shares are chosen such that the generic reading is
right for some 40 % and the nearest own centre for some 80 % with one example and some 88 % with
two, as measured on real persons elsewhere; so the first two columns prove nothing, only how the
others lie beside them does. Simulated persons differ along the directions in which FER2013's faces
do: they say nothing of cameras, glasses or beards.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measuring import print_table, timed_ms

from emocam import EmotionRecognizer
from emocam.recognition.labels import NEUTRAL
from emocam.recognition.personal import PersonalModel
from emocam.recognition.profile import Example, Profile
from emocam.recognition.words_model import WordsModel
from emocam.runtime import one_blas_thread
from emocam.training.dataset import open_dataset
from emocam.training.evaluate import expected_calibration_error
from emocam.training.faces import load_faces
from emocam.types import FloatArray, IntArray

_PICTURES, _TAUGHT = 5, 3  # of each label, and how many of them may be taught
_SOME = ("happy", "surprise")
_TURNS = 60
_STRENGTH = (0.85, 0.35)  # mean and spread of how fully a label is shown, 1 for as it is in general


@dataclass(frozen=True)
class Group:
    """Persons of one kind: shares of the spread of all faces."""

    person: float
    manner: float  # how this person shows a label
    moment: float  # between two pictures of it
    steep: float  # more than 1: moments differ along few directions


GROUPS = (
    Group(0.5, 0.2, 0.27, 1.0),
    Group(0.5, 0.2, 0.20, 1.6),
    Group(0.5, 0.35, 0.36, 1.6),
    Group(0.5, 0.2, 0.14, 2.2),
    Group(0.5, 0.35, 0.26, 2.2),
    Group(0.5, 0.35, 0.5, 1.0),
)


class Population:
    """Residuals of faces, to make persons of."""

    def __init__(self, model: WordsModel, points: FloatArray, numbers: IntArray) -> None:
        self.means = model.population.points
        self.neutral = model.labels.index(NEUTRAL)
        self.residuals = points - self.means[numbers]
        self.residuals -= self.residuals.mean(axis=0)
        _, values, self.axes = np.linalg.svd(self.residuals, full_matrices=False)
        self.deviations = values / np.sqrt(len(points))

    def steeper(self, power: float) -> FloatArray:
        """The residuals with another spectrum of the same sum."""
        wanted = self.deviations**power
        wanted *= np.sqrt(np.square(self.deviations).sum() / np.square(wanted).sum())
        return np.asarray(
            self.residuals @ self.axes.T * (wanted / self.deviations) @ self.axes, np.float32
        )

    def persons(self, group: Group, count: int, seed: int) -> FloatArray:
        """Shape (persons, labels, pictures, dims)."""
        draw = np.random.default_rng(seed)
        moments = self.steeper(group.steep)
        return np.stack([self._person(group, moments, draw) for _ in range(count)])

    def _person(self, group: Group, moments: FloatArray, draw: np.random.Generator) -> FloatArray:
        labels, faces = len(self.means), len(self.residuals)
        own = np.sqrt(group.person) * self.residuals[draw.integers(faces)]
        manner = np.sqrt(group.manner) * self.residuals[draw.integers(faces, size=labels)]
        centers = self.means + own + manner
        rest = centers[self.neutral]
        strength = np.clip(draw.normal(*_STRENGTH, size=labels), 0.1, 1.3)
        shown = np.clip(draw.normal(1, 0.15, (labels, _PICTURES)), 0.4, 1.4) * strength[:, None]
        scale = np.sqrt(group.moment * np.exp(draw.normal(0, 0.3)))
        scatter = scale * moments[draw.integers(faces, size=(labels, _PICTURES))]
        return np.asarray(rest + shown[..., None] * (centers - rest)[:, None] + scatter, np.float32)


def taught(
    model: WordsModel, person: FloatArray, labels: Sequence[int], count: int
) -> PersonalModel:
    """The profile of one person from the first examples of some labels."""
    examples = [
        Example(model.labels[label], person[label, n]) for label in labels for n in range(count)
    ]
    return PersonalModel.fit(model, Profile(tuple(examples), model.labels, model.space))


def read(personal: PersonalModel, points: FloatArray) -> FloatArray:
    """Probabilities of points, shape (n, labels)."""
    labels = len(personal.generic.model.labels)
    scores = personal.generic.kernel_ridge.scores(points)
    return personal.read(points, scores[:, labels:], personal.distances(points))


class Answers:
    """Answers for many persons, to be counted."""

    def __init__(self) -> None:
        self.rows: list[FloatArray] = []
        self.true: list[IntArray] = []

    def add(self, rows: FloatArray, true: IntArray) -> None:
        self.rows.append(rows)
        self.true.append(true)

    @property
    def accuracy(self) -> float:
        return float((np.concatenate(self.rows).argmax(axis=1) == np.concatenate(self.true)).mean())

    @property
    def ece(self) -> float:
        rows = np.concatenate(self.rows)
        right = rows.argmax(axis=1) == np.concatenate(self.true)
        return expected_calibration_error(rows.max(axis=1), right)


def group_answers(model: WordsModel, persons: FloatArray) -> dict[str, Answers]:
    """Answers for the pictures that are not taught, by how the profile was made."""
    answers: dict[str, Answers] = {}
    labels, neutral = len(model.labels), model.labels.index(NEUTRAL)
    everything = range(labels)
    some = sorted({neutral, *(n for n, label in enumerate(model.labels) if label in _SOME)})
    for number, person in enumerate(persons):
        tested = person[:, _TAUGHT:].reshape(-1, person.shape[-1])
        true = np.repeat(np.arange(labels), _PICTURES - _TAUGHT)

        def add(name: str, rows: FloatArray) -> None:
            answers.setdefault(name, Answers()).add(rows, true)  # noqa: B023

        scores = model.kernel_ridge.scores(tested)
        add("generic", model.clusters.predict(scores).probabilities)
        for count in (1, 2):
            centers = person[:, :count].mean(axis=1)
            distances = np.square(tested[:, None] - centers).sum(axis=2)
            add(f"nearest own centre, {count} each", np.exp(-distances / distances.mean()))
        add("neutral alone", read(taught(model, person, [neutral], 1), tested))
        add(f"{len(some)} of {labels} labels", read(taught(model, person, some, 1), tested))
        for count in (1, 2, 3):
            add(f"{count} each", read(taught(model, person, everything, count), tested))
        wrong = np.array(person)  # one example of one label shows another one
        other = (number + 1 + number // labels) % labels
        wrong[number % labels, 0] = person[other, _TAUGHT - 1]
        for count in (1, 2, 3):
            add(f"{count} each, one wrong", read(taught(model, wrong, everything, count), tested))
    return answers


def print_figures(model: WordsModel, dataset: Path, persons: int) -> None:
    """Accuracy and calibration over all groups, with the range over groups."""
    found = open_dataset(dataset)
    faces = load_faces(found, found.part("test"), model.size, model.labels)
    population = Population(model, model.batched_points(faces.images), faces.targets)
    groups = [
        group_answers(model, population.persons(group, persons, seed))
        for seed, group in enumerate(GROUPS)
    ]
    rows = []
    for name in groups[0]:
        accuracies = [100 * group[name].accuracy for group in groups]
        together = Answers()
        for group in groups:
            together.rows += group[name].rows
            together.true += group[name].true
        ece = "" if name.startswith("nearest") else f"{together.ece:.3f}"
        spread = f"{min(accuracies):.0f}–{max(accuracies):.0f}"
        rows.append([name, f"{np.mean(accuracies):.1f}", spread, ece])
    print_table(["taught", "right, %", "by group", "calibration error"], rows)


def print_cost(model: WordsModel) -> None:
    """What a profile of seven labels, three examples each, costs a face."""
    random = np.random.default_rng(0)
    examples = tuple(
        Example(label, np.asarray(center + random.normal(0, 1, len(center)), np.float32))
        for label, center in zip(model.labels, model.population.points, strict=True)
        for _ in range(3)
    )
    personal = PersonalModel.fit(model, Profile(examples, model.labels, model.space))
    face = random.integers(0, 256, (1, model.size, model.size)).astype(np.uint8)
    ratios = []
    for _ in range(_TURNS):
        without, _ = timed_ms(lambda: model.predict(face), 5)
        with_profile, _ = timed_ms(lambda: personal.predict(face), 5)
        ratios.append(with_profile / without - 1)
    print(
        f"\na profile costs {100 * np.median(ratios):.1f} % of a face (processor time, median of "
        f"{_TURNS} turns; quartiles {100 * np.quantile(ratios, 0.25):.1f} to "
        f"{100 * np.quantile(ratios, 0.75):.1f} %)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--persons", type=int, default=14, help="of each of the six kinds")
    parser.add_argument("--cost", action="store_true", help="only what it costs")
    options = parser.parse_args()
    model = EmotionRecognizer.load().model
    assert isinstance(model, WordsModel)
    if not options.cost:
        print_figures(model, options.dataset, options.persons)
    print_cost(model)


if __name__ == "__main__":
    with one_blas_thread():
        main()
