"""The generic reading moved to a made-up person, in the carried model's space."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.adapted import AdaptedModel
from emocam.recognition.labels import EMOTIONS
from tests.person import Person, words


def numbers(*labels: str) -> np.ndarray:
    return np.array([EMOTIONS.index(label) for label in labels])


def test_moving_the_kernel_is_moving_the_points():
    person = Person(5)
    centers = np.stack([person.point("neutral"), person.point("sad")])
    adapted = AdaptedModel.fit(words(), centers, numbers("neutral", "sad"))
    points = person.points("sad", 4)
    expected = words().clusters.logits(words().kernel_ridge.scores(points - adapted.offset))
    expected -= expected.mean(axis=1, keepdims=True) + adapted.bias
    found = adapted.logits(points, adapted.adapted_scores(points))
    assert found == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("labels", "share"), [(("sad",), 1 / 2), (EMOTIONS, 7 / 8)])
def test_it_is_moved_half_way_and_farther_the_more_labels_are_taught(labels, share: float):
    person = Person(6)
    centers = np.stack([person.point(label) for label in labels])
    adapted = AdaptedModel.fit(words(), centers, numbers(*labels))
    apart = centers - words().population.points[numbers(*labels)]
    assert adapted.offset == pytest.approx(share * apart.mean(axis=0), abs=1e-4)


def test_labels_that_the_model_does_not_know_move_nothing():
    own = np.array([len(EMOTIONS)])
    adapted = AdaptedModel.fit(words(), Person(10).points("sad", 1), own)
    assert np.abs(adapted.offset).max() == 0
    assert np.abs(adapted.bias).max() == 0
