from __future__ import annotations

import numpy as np
import pytest

from emocam.errors import DatasetError, UsageError
from emocam.recognition.model_file import ModelFile
from emocam.recognition.words_model import WordsModel
from emocam.training import recipes
from emocam.training.balance import augmented, fitting_memory
from emocam.training.faces import Faces
from emocam.training.recipes import choose_certainty, train_words
from tests.recognition.test_words_model import made_up_faces

GIGABYTE = 1_000_000_000


@pytest.fixture
def uneven() -> Faces:
    """Thirty, ten and five faces."""
    return made_up_faces(90, 0).take(np.r_[0:90:3, 1:31:3, 2:17:3])


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(recipes, "cache_folder", lambda: tmp_path / "cache")


@pytest.mark.parametrize("balance", ["weight", "augment", "none"])
def test_training_gives_a_model_and_its_figures(uneven, balance):
    test = made_up_faces(30, 900)
    file = train_words(
        uneven, test, clusters=None, balance=balance, memory_bytes=6 * GIGABYTE, seed=0
    )
    found = WordsModel.from_file(file).predict(test.images).probabilities.argmax(axis=1)
    assert file.card["figures"]["accuracy"] == pytest.approx((found == test.targets).mean())
    assert file.card["figures"]["accuracy"] > 0.8
    assert file.card["figures"]["measured_on"] == "test faces"
    assert 0 <= file.card["certainty"] < 1
    assert file.card["training"]["faces"] == 45


def test_without_test_faces_the_figures_are_out_of_fold(uneven):
    file = train_words(
        uneven, None, clusters=4, balance="weight", memory_bytes=6 * GIGABYTE, seed=0
    )
    assert file.card["figures"]["measured_on"] == "training faces, out of fold"
    assert file.card["figures"]["n"] == 45
    assert len(file.arrays["clusters.centers"]) == 4


def test_clusters_fewer_than_labels(uneven):
    with pytest.raises(UsageError, match=r"--clusters should be 3 \(the labels\) to 45"):
        train_words(uneven, None, clusters=2, balance="none", memory_bytes=10**10, seed=0)


def test_a_label_without_faces(uneven):
    lacking = Faces(uneven.images, uneven.targets, (*uneven.labels, "sour"), uneven.names)
    with pytest.raises(DatasetError, match="sour"):
        train_words(lacking, None, clusters=None, balance="none", memory_bytes=10**10, seed=0)


def test_one_face_of_each_label_is_too_few_and_two_of_one_are_enough(uneven):
    def trained(*rows: int) -> ModelFile:
        few = uneven.take(np.array(rows))
        return train_words(few, None, clusters=None, balance="none", memory_bytes=10**10, seed=0)

    with pytest.raises(DatasetError, match="each label has a single face"):
        trained(0, 30, 40)
    assert trained(0, 1, 30, 40).card["training"]["faces"] == 4


def test_little_memory_leaves_out_the_commonest_label_first(uneven):
    kept = fitting_memory(uneven, 1_500_000_000 + 4 * 25**2)
    assert np.bincount(kept.targets).tolist() == [10, 10, 5]
    again = fitting_memory(uneven, 1_500_000_000 + 4 * 25**2)
    assert kept.names == again.names
    assert fitting_memory(uneven, 6 * GIGABYTE) is uneven


def test_too_little_memory_is_said(uneven):
    with pytest.raises(UsageError, match=r"--memory is too small .* at least 1\.5GB"):
        fitting_memory(uneven, GIGABYTE)


def test_augmenting_adds_changed_copies_of_rare_labels(uneven):
    grown, groups = augmented(uneven)
    counts = np.bincount(grown.targets)
    assert counts[0] == 30
    assert counts[1:] == pytest.approx([15, 15], abs=4)
    assert groups.tolist() == sorted(groups.tolist())
    firsts = np.flatnonzero(np.diff(groups, prepend=-1))
    assert np.array_equal(grown.images[firsts], uneven.images)
    copies = np.flatnonzero(np.diff(groups, prepend=-1) == 0)
    assert len(copies)
    assert not any(np.array_equal(grown.images[n], uneven.images[groups[n]]) for n in copies)
    assert np.array_equal(grown.targets, uneven.targets[groups])


def test_the_threshold_is_the_smallest_that_is_right_often_enough():
    certainty = np.array([0.3, 0.4, 0.5, 0.6, 0.7, 0.8], np.float32)
    right = np.array([False, False, True, False, True, True])
    threshold = choose_certainty(certainty, right)
    assert threshold == pytest.approx(0.41)
    assert right[certainty >= threshold].mean() == 0.75
    assert choose_certainty(certainty, np.ones(6, bool)) == 0.0


def test_when_nothing_is_right_often_enough_the_best_threshold_is_taken():
    certainty = np.array([0.5, 0.6, 0.9], np.float32)
    assert choose_certainty(certainty, np.array([False, True, False])) == pytest.approx(0.51)
