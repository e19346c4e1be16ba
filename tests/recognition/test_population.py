from __future__ import annotations

import numpy as np
import pytest

from emocam.errors import ModelError
from emocam.recognition.model_file import ModelFile
from emocam.recognition.population import Population, Spread, centered

LABELS = ("glad", "grim", "odd")


@pytest.fixture
def population() -> Population:
    random = np.random.default_rng(0)
    targets = np.arange(600) % 3
    points = random.normal(size=(600, 8)).astype(np.float32)
    points[:, 0] += 5 * targets
    logits = np.eye(3, dtype=np.float32)[targets] * 2 + random.normal(size=(600, 3)) / 10
    return Population.of(points, logits.astype(np.float32), np.eye(3, dtype=np.float32)[targets])


def test_spreads_count_variance_and_directions():
    random = np.random.default_rng(1)
    round_cloud = Spread.of(random.normal(size=(20_000, 5)).astype(np.float32))
    assert round_cloud.total == pytest.approx(5, rel=0.05)
    assert round_cloud.directions == pytest.approx(5, rel=0.05)
    line = random.normal(size=(20_000, 5)) * [3, 0.01, 0.01, 0.01, 0.01]
    assert Spread.of(line.astype(np.float32)).directions == pytest.approx(1, rel=0.01)


def test_a_space_of_one_dimension_has_one_direction():
    spread = Spread.of(np.array([[-1], [0], [1]], np.float32))
    assert (spread.total, spread.directions) == (1.0, 1.0)


def test_means_are_those_of_the_labels(population):
    assert population.points[:, 0] == pytest.approx([0, 5, 10], abs=0.3)
    assert population.point_spread.total == pytest.approx(8, rel=0.1)
    assert population.logits == pytest.approx(2 * np.eye(3) - 2 / 3, abs=0.05)


def test_logits_are_centered():
    assert centered(np.array([[1, 2, 3]], np.float32)) == pytest.approx(np.array([[-1, 0, 1]]))


def test_the_model_file_keeps_it(population):
    file = ModelFile({"labels": list(LABELS)}, population.to_arrays())
    again = Population.from_file(file, 8)
    assert np.array_equal(again.points, population.points)
    assert again.logit_spread.total == pytest.approx(population.logit_spread.total)


def test_a_spread_of_nothing_is_turned_down(population):
    arrays = population.to_arrays() | {"population.spreads": np.zeros((2, 2), np.float32)}
    with pytest.raises(ModelError, match="above 0"):
        Population.from_file(ModelFile({"labels": list(LABELS)}, arrays), 8)
