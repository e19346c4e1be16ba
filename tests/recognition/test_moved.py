"""The generic reading moved to a made-up person, in the carried model's space."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.labels import EMOTIONS
from emocam.recognition.moved import MovedReading
from tests.person import Person, words


def numbers(*labels: str) -> np.ndarray:
    return np.array([EMOTIONS.index(label) for label in labels])


def test_moving_the_kernel_is_moving_the_points():
    person = Person(5)
    centers = np.stack([person.point("neutral"), person.point("sad")])
    moved = MovedReading.fit(words(), centers, numbers("neutral", "sad"))
    points = person.points("sad", 4)
    expected = words().clusters.logits(words().kernel_ridge.scores(points - moved.offset))
    expected -= expected.mean(axis=1, keepdims=True) + moved.bias
    found = moved.logits(points, moved.moved_scores(points))
    assert found == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("labels", "share"), [(("sad",), 1 / 2), (EMOTIONS, 7 / 8)])
def test_it_is_moved_half_way_and_farther_the_more_labels_are_taught(labels, share: float):
    person = Person(6)
    centers = np.stack([person.point(label) for label in labels])
    moved = MovedReading.fit(words(), centers, numbers(*labels))
    apart = centers - words().population.points[numbers(*labels)]
    assert moved.offset == pytest.approx(share * apart.mean(axis=0), abs=1e-4)


def test_labels_that_the_model_does_not_know_move_nothing():
    own = np.array([len(EMOTIONS)])
    moved = MovedReading.fit(words(), Person(10).points("sad", 1), own)
    assert np.abs(moved.offset).max() == 0
    assert np.abs(moved.bias).max() == 0
