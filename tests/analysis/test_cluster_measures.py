from __future__ import annotations

import numpy as np
import pytest

from emocam.analysis.cluster_measures import (
    Clustered,
    cluster_curve,
    cluster_figures,
    overall_purity,
)
from emocam.training.dataset import open_dataset
from emocam.training.faces import load_faces
from emocam.training.fit_pixels import fit_pixels
from tests.conftest import SIDE


def test_purity_counted_by_hand():
    clusters = np.array([0, 0, 0, 1, 1, 1, 1])
    targets = np.array([0, 0, 1, 1, 1, 1, 0])
    first, second, empty = cluster_figures(clusters, targets, ("a", "b", "a"), ("a", "b"))
    assert (first.faces, first.majority) == (3, "a")
    assert first.purity == pytest.approx(2 / 3)
    assert (second.faces, second.majority) == (4, "b")
    assert (empty.faces, empty.majority, empty.purity) == (0, "", 0.0)
    assert overall_purity((first, second, empty)) == pytest.approx(5 / 7)


def test_the_curve_finds_three_clear_groups():
    random = np.random.default_rng(0)
    space = np.concatenate([random.normal(10 * group, 1, (30, 4)) for group in range(3)])
    curve = cluster_curve(space.astype(np.float32), most=6)
    assert curve is not None
    assert curve.numbers == (2, 3, 4, 5, 6)
    assert curve.numbers[int(np.argmax(curve.silhouette))] == 3
    assert list(curve.inertia) == sorted(curve.inertia, reverse=True)


def test_no_curve_for_faces_that_are_all_the_same():
    assert cluster_curve(np.zeros((10, 4), np.float32)) is None


def test_the_pixels_model_shows_its_clusters(three_labels):
    dataset = open_dataset(three_labels)
    faces = load_faces(dataset, dataset.part("train"), SIDE)
    model, pipeline = fit_pixels(faces)
    assert isinstance(model, Clustered)
    space = model.cluster_space(faces.images)
    wanted = pipeline.named_steps["scale"].transform(faces.images.reshape(24, -1).astype(float))
    assert space == pytest.approx(wanted, abs=1e-4)
    distances = np.linalg.norm(space[:, None] - model.centers[None], axis=2)
    assert distances.argmin(axis=1).tolist() == model.predict(faces.images).clusters.tolist()
    said = model.evidence(faces.images).argmax(axis=1)
    assert said.tolist() == model.predict(faces.images).probabilities.argmax(axis=1).tolist()
