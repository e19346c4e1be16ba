from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.prediction import Prediction
from emocam.training.evaluate import evaluate, expected_calibration_error
from emocam.training.faces import Faces

LABELS = ("a", "b", "c")


class Scripted:
    """Gives the probabilities that the face's first pixel names."""

    recipe = "scripted"
    labels = LABELS
    size = 8

    def __init__(self, rows):
        self.rows = np.array(rows, np.float32)

    def predict(self, faces_gray):
        numbers = faces_gray[:, 0, 0].astype(np.int64)
        return Prediction(self.rows[numbers], numbers)


def faces_of(targets):
    images = np.zeros((len(targets), 8, 8), np.uint8)
    images[:, 0, 0] = np.arange(len(targets))
    names = tuple(map(str, range(len(targets))))
    return Faces(images, np.array(targets, dtype=np.int64), LABELS, names)


A, B, C = (0.8, 0.1, 0.1), (0.2, 0.6, 0.2), (0.0, 0.1, 0.9)


def test_figures_against_those_counted_by_hand():
    # a: 3 of 4 right, one taken for b; b: 1 of 2 right, one taken for a; c: both right.
    figures = evaluate(Scripted([A, A, A, B, B, A, C, C]), faces_of([0, 0, 0, 0, 1, 1, 2, 2]))
    found = figures.figures()
    assert found["n"] == 8
    assert found["accuracy"] == pytest.approx(6 / 8)
    assert found["balanced_accuracy"] == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)
    assert found["macro_precision"] == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)
    assert found["macro_recall"] == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)
    assert found["macro_f1"] == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)
    assert found["weighted_precision"] == pytest.approx((4 * 3 / 4 + 2 / 2 + 2) / 8)
    assert found["weighted_recall"] == pytest.approx(6 / 8)
    assert found["weighted_f1"] == pytest.approx((4 * 3 / 4 + 2 / 2 + 2) / 8)
    assert found["labels"] == ["a", "b", "c"]
    assert found["confusion"] == [[3, 1, 0], [1, 1, 0], [0, 0, 2]]
    # Bins: 0.6 (2 answers, 1 right), 0.8 (4, 3 right), 0.9 (2, both right).
    assert found["ece"] == pytest.approx((2 * 0.1 + 4 * 0.05 + 2 * 0.1) / 8, abs=1e-6)
    assert found["seconds_per_face"] > 0


def test_a_label_that_is_never_said_has_precision_zero_without_a_warning():
    found = evaluate(Scripted([A, A, A]), faces_of([0, 1, 2])).figures()
    assert found["macro_precision"] == pytest.approx(1 / 9)
    assert found["macro_f1"] == pytest.approx(0.5 / 3)


@pytest.mark.filterwarnings("error")
def test_faces_of_one_label_are_judged_without_a_warning():
    figures = evaluate(Scripted([A]), faces_of([0])).figures()
    assert (figures["accuracy"], figures["confusion"]) == (1.0, [[1]])


def test_a_set_that_lacks_a_label_is_evaluated_on_those_it_has():
    evaluation = evaluate(Scripted([C, (0.3, 0.1, 0.6), B]), faces_of([1, 0, 1]))
    assert evaluation.labels == ("a", "b")
    assert evaluation.predicted.tolist() == [1, 0, 1]
    assert evaluation.probabilities.sum(axis=1) == pytest.approx([1, 1, 1])
    assert evaluation.figures()["accuracy"] == 1.0


def test_a_model_that_is_sure_of_an_absent_label_makes_no_nan():
    evaluation = evaluate(Scripted([(0, 0, 1), B]), faces_of([0, 1]))
    assert np.isfinite(evaluation.probabilities).all()
    assert evaluation.probabilities.sum(axis=1) == pytest.approx([1, 1])


def test_batches_do_not_change_the_answer():
    rng = np.random.default_rng(0)
    rows = rng.dirichlet((1, 1, 1), 150)
    evaluation = evaluate(Scripted(rows), faces_of(rng.integers(0, 3, 150)))
    assert evaluation.predicted.tolist() == rows.argmax(axis=1).tolist()
    assert evaluation.clusters.tolist() == list(range(150))


def test_calibration_error_of_known_cases():
    sure = np.ones(10, np.float32)
    assert expected_calibration_error(sure, np.ones(10, bool)) == pytest.approx(0)
    assert expected_calibration_error(sure, np.zeros(10, bool)) == pytest.approx(1)
    half = np.full(10, 0.75, np.float32)
    assert expected_calibration_error(half, np.arange(10) < 5) == pytest.approx(0.25)
