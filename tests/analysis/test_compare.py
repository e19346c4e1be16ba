from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emocam.analysis.compare import comparison_table, measures_of, run_method
from emocam.analysis.compared_methods import (
    HogSvm,
    Method,
    NaiveBayes,
    NearestNeighbors,
    PixelClusters,
    study_methods,
)
from emocam.analysis.rounds import make_rounds
from emocam.errors import DatasetError, UsageError
from emocam.training.dataset import open_dataset
from emocam.training.faces import Faces
from tests.conftest import SIDE, write_dataset


def test_measures_against_those_counted_by_hand():
    measures = measures_of(np.array([[3, 1, 0], [1, 1, 0], [0, 0, 2]]))
    assert measures["accuracy"].value == pytest.approx(6 / 8)
    assert measures["balanced_accuracy"].value == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)
    assert measures["macro_f1"].value == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)


def test_measures_leave_out_labels_that_are_not_there():
    # Scikit-learn's balanced accuracy does the same; a label only predicted counts in F1.
    measures = measures_of(np.array([[4, 0, 0], [0, 3, 1], [0, 0, 0]]))
    assert measures["balanced_accuracy"].value == pytest.approx((1 + 3 / 4) / 2)
    assert measures["macro_f1"].value == pytest.approx((1 + 6 / 7 + 0) / 3)


def test_the_interval_is_that_of_a_binomial_share():
    # 60 of 100 right: the 95 % interval of a share is about 2 × √(0.6 × 0.4 / 100) each way.
    accuracy = measures_of(np.array([[30, 20], [20, 30]]))["accuracy"]
    assert accuracy.low == pytest.approx(0.504, abs=0.015)
    assert accuracy.high == pytest.approx(0.696, abs=0.015)


def test_more_faces_make_the_interval_narrower():
    few = measures_of(np.array([[6, 4], [4, 6]]))["accuracy"]
    many = measures_of(np.array([[600, 400], [400, 600]]))["accuracy"]
    assert many.high - many.low < (few.high - few.low) / 5


def test_a_set_with_parts_is_used_as_it_is_split(three_labels):
    for file in sorted((three_labels / "train/odd").iterdir())[:3]:
        file.unlink()
    rounds = make_rounds(open_dataset(three_labels), SIDE)
    ((training, test),) = rounds.pairs
    assert np.bincount(training.targets).tolist() == [5, 5, 5]
    assert all(name.startswith("train/") for name in training.names)
    assert all(name.startswith("test/") for name in test.names)
    assert rounds.tested == 24


def test_a_set_like_the_studys_35_pictures_is_cross_validated(tmp_path):
    labels = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
    rounds = make_rounds(open_dataset(write_dataset(tmp_path / "x", labels, 5)), SIDE)
    assert len(rounds.pairs) == 5
    assert rounds.tested == 35
    tested = [name for _, test in rounds.pairs for name in test.names]
    assert len(set(tested)) == 35
    for training, test in rounds.pairs:
        assert not set(training.names) & set(test.names)
        assert np.bincount(test.targets).tolist() == [1] * 7


def test_a_label_with_one_picture_cannot_be_cross_validated(tmp_path):
    folder = write_dataset(tmp_path / "x", ("glad", "grim"), 2)
    (folder / "glad" / "0.png").unlink()
    with pytest.raises(DatasetError, match="'glad' has 1 readable picture"):
        make_rounds(open_dataset(folder), SIDE)


def test_only_some_labels(three_labels):
    dataset = open_dataset(three_labels).only(["grim", "odd"])
    assert dataset.labels == ("grim", "odd")
    assert len(dataset.pictures) == 32
    for wrong in (["grim"], ["grim", "sour"], ["grim", "grim"]):
        with pytest.raises(UsageError, match="two or more of the labels glad, grim, odd"):
            open_dataset(three_labels).only(wrong)


@pytest.mark.parametrize(
    "make", [PixelClusters, lambda: PixelClusters(2), NearestNeighbors, NaiveBayes, HogSvm]
)
def test_every_method_reads_clear_faces(three_labels, make):
    rounds = make_rounds(open_dataset(three_labels), SIDE)
    result = run_method(make(), rounds.pairs)
    assert result.confusion is not None
    assert result.confusion.sum() == 24
    assert result.measures["accuracy"].value == 1.0
    assert result.failure == ""


def test_methods_of_the_study_end_with_the_model_when_it_knows_the_labels(three_labels):
    ((training, _),) = make_rounds(open_dataset(three_labels), SIDE).pairs
    method = PixelClusters()
    method.fit(training)
    names = [m.name for m in study_methods(method._model, ("glad", "odd"))]
    assert names[-1] == "model 'pixels', as trained"
    assert len(set(names)) == 7
    assert len(study_methods(method._model, ("glad", "sour"))) == 6


def test_neighbors_that_disagree_are_counted_as_ties():
    images = np.zeros((5, 8, 8), np.uint8)
    images[:, 0, 0] = (0, 1, 2, 3, 4)
    faces = Faces(images, np.array([0, 0, 1, 1, 2]), ("a", "b", "c"), tuple("01234"))
    method = NearestNeighbors()
    method.fit(faces)
    assert method.ties(images).tolist() == [2] * 5  # all five vote: 2, 2 and 1
    result = run_method(method, [(faces, faces)])
    assert result.tied == {2: 5}
    assert "2 labels for 100 %" in result.ties_sentence()
    never = replace(result, tied={1: 5}).ties_sentence()
    assert never.endswith("of none of the 5 faces were two labels equally likely")


class Picky(Method):
    name = "picky"

    def fit(self, faces):
        raise DatasetError("too few faces")

    def predict(self, faces_gray):
        raise AssertionError("nothing was fitted")


def test_a_method_that_cannot_be_fitted_says_why_and_stops_nothing(three_labels):
    result = run_method(Picky(), make_rounds(open_dataset(three_labels), SIDE).pairs)
    assert result.failure == "too few faces"
    assert result.figures()["confusion"] is None
    assert comparison_table([result])[1][0][:2] == ["picky", "not fitted"]
