from __future__ import annotations

import numpy as np
import pytest

from emocam.errors import DatasetError, UsageError
from emocam.recognition.model_file import ModelFile, load_model_file, save_model_file
from emocam.recognition.pixels import PixelsModel
from emocam.training.dataset import open_dataset
from emocam.training.faces import Faces, load_faces
from emocam.training.fit_pixels import (
    cluster_probabilities,
    fit_pixels,
    model_card,
)
from tests.conftest import SIDE, made_up_picture


@pytest.fixture
def faces(three_labels) -> Faces:
    dataset = open_dataset(three_labels)
    return load_faces(dataset, dataset.part("train"), SIDE)


def test_clusters_of_clear_classes_are_the_classes(faces):
    model, _ = fit_pixels(faces)
    prediction = model.predict(faces.images)
    assert prediction.probabilities.argmax(axis=1).tolist() == faces.targets.tolist()
    assert prediction.probabilities.sum(axis=1) == pytest.approx(np.ones(24))
    assert len(set(prediction.clusters.tolist())) == 3


@pytest.mark.parametrize("clusters", [None, 5])
def test_arrays_and_pipeline_agree_before_and_after_the_file(faces, tmp_path, clusters):
    model, pipeline = fit_pixels(faces, clusters=clusters)
    path = tmp_path / "model.safetensors"
    save_model_file(path, ModelFile(model_card("pixels", faces, {}), model.to_arrays()))
    again = PixelsModel.from_file(load_model_file(path))
    noise = np.random.default_rng(3).integers(0, 256, (50, SIDE, SIDE)).astype(np.uint8)
    images = np.concatenate([faces.images, noise])
    flat = images.reshape(len(images), -1).astype(np.float64)
    wanted = pipeline.predict(flat).tolist()
    assert model.predict(images).clusters.tolist() == wanted
    assert again.predict(images).clusters.tolist() == wanted
    assert np.array_equal(again.predict(images).probabilities, model.predict(images).probabilities)


def test_the_same_data_make_the_same_model(faces):
    one, other = fit_pixels(faces)[0], fit_pixels(faces)[0]
    for name, array in one.to_arrays().items():
        assert np.array_equal(array, other.to_arrays()[name]), name


def test_a_constant_pixel_divides_by_nothing():
    images = np.stack([made_up_picture(number % 2, number) for number in range(12)])
    images[:, 0, 0] = 7
    faces = Faces(images, np.arange(12) % 2, ("a", "b"), tuple(map(str, range(12))))
    model, _ = fit_pixels(faces)
    assert np.isfinite(model.predict(images).probabilities).all()


@pytest.mark.parametrize("clusters", [2, 25])
def test_too_few_or_too_many_clusters(faces, clusters):
    with pytest.raises(UsageError, match=rf"3 \(the labels\) to 24 \(the faces\), got {clusters}"):
        fit_pixels(faces, clusters=clusters)


def test_a_label_without_faces_is_an_error(faces):
    lacking = Faces(faces.images, faces.targets, (*faces.labels, "sour"), faces.names)
    with pytest.raises(DatasetError, match="sour"):
        fit_pixels(lacking)


def test_matching_one_to_one_gives_every_label_a_cluster():
    # Two clusters have most of label 0; the matching must not name both after it.
    clusters = np.repeat([0, 1, 2], 10)
    targets = np.array([0] * 9 + [1] + [0] * 6 + [1] * 4 + [2] * 10)
    named = cluster_probabilities(clusters, targets, 3, 3)
    assert named.argmax(axis=1).tolist() == [0, 1, 2]
    assert named.sum(axis=1) == pytest.approx([1, 1, 1])


def test_a_tie_goes_to_the_matched_name():
    # Cluster 1 holds as many of label 0 as of label 1; only label 1 is left for it.
    clusters = np.repeat([0, 1], 4)
    targets = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    assert cluster_probabilities(clusters, targets, 2, 2).argmax(axis=1).tolist() == [0, 1]


def test_more_clusters_than_labels_take_the_majority():
    clusters = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    targets = np.array([0, 0, 1, 0, 0, 1, 1, 1, 0])
    named = cluster_probabilities(clusters, targets, 3, 2)
    assert named.argmax(axis=1).tolist() == [0, 0, 1]
    assert named[0] == pytest.approx([3 / 5, 2 / 5])


def test_the_card_says_what_the_model_was_made_of(faces):
    card = model_card("pixels", faces, {"seed": 4})
    assert card["labels"] == ["glad", "grim", "odd"]
    assert card["size"] == SIDE
    assert card["training"]["per_label"] == {"glad": 8, "grim": 8, "odd": 8}
    assert card["training"]["sha256"] == faces.digest()
    assert card["training"]["seed"] == 4
