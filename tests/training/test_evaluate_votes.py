from __future__ import annotations

import numpy as np
import pytest

from emocam.errors import DatasetError
from emocam.training.evaluate import Evaluation
from emocam.training.evaluate_votes import (
    evaluate_votes,
    judgements_table,
    votes_sentence,
)
from emocam.training.faces import Faces
from emocam.training.votes import read_votes

LABELS = ("happy", "neutral", "sad")
VOTES = """image,happy,neutral,sad,contempt
a,10,0,0,0
b,0,6,4,0
c,0,4,6,0
d,1,0,2,7
f,0,10,0,0
"""


@pytest.fixture
def judged():
    """Six faces: a to e with an answer each; d is mostly called contempt, e has no votes."""
    targets = np.array([0, 2, 2, 2, 0, 2])
    predicted = np.array([0, 1, 1, 2, 0, 1])
    probabilities = np.full((6, 3), 0.1, np.float32)
    probabilities[np.arange(6), predicted] = 0.8
    evaluation = Evaluation(LABELS, targets, predicted, probabilities, predicted, 0.001)
    faces = Faces(np.zeros((6, 8, 8), np.uint8), targets, LABELS, tuple("abcdef"))
    return evaluation, faces


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(VOTES, encoding="utf-8")
    return read_votes(path)


def test_answers_are_judged_by_the_majority_of_all_votes(judged, table):
    votes = evaluate_votes(*judged, table)
    figures = votes.figures()
    assert (figures["n"], figures["left_out"]) == (4, 2)
    assert votes.by_majority.targets.tolist() == [0, 1, 2, 1]
    assert figures["accuracy"] == 0.75
    assert figures["balanced_accuracy"] == pytest.approx((1 + 1 + 0) / 3)
    assert figures["label_accuracy"] == 0.5
    assert figures["unanimous"] == 0.5
    assert figures["confusion"] == [[1, 0, 0], [0, 2, 0], [0, 1, 0]]


def test_accuracy_by_agreement(judged, table):
    levels = evaluate_votes(*judged, table).by_agreement()
    assert [level["agreement"] for level in levels] == [0.6, 1.0]
    assert [level["n"] for level in levels] == [2, 2]
    assert [level["accuracy"] for level in levels] == [0.5, 1.0]
    assert [level["label_accuracy"] for level in levels] == [0.5, 0.5]


def test_the_calibration_error_is_the_distance_to_the_share_of_votes(judged, table):
    # All certainties are 0.8. Of the votes for labels the answers have 1, 0.6, 0.4, 2/3 and 1.
    wanted = abs(0.8 - np.mean([1, 0.6, 0.4, 2 / 3, 1]))
    assert evaluate_votes(*judged, table).ece == pytest.approx(wanted, abs=1e-6)


def test_against_label_and_votes_together_it_is_the_distance_to_their_mean(judged, table):
    # Of a, b, c, d and f, which have votes for labels, the label agrees for a and d.
    wanted = abs(0.8 - np.mean([1, 0.6 / 2, 0.4 / 2, (2 / 3 + 1) / 2, 1 / 2]))
    assert evaluate_votes(*judged, table).soft_ece == pytest.approx(wanted, abs=1e-6)


def test_both_judgements_stand_side_by_side(judged, table):
    votes = evaluate_votes(*judged, table)
    head, rows = judgements_table(judged[0], votes)
    assert head == ["", "by the label", "by the votes"]
    assert rows[0] == ["faces", "6", "4"]
    assert ["accuracy", "50.0 %", "75.0 %"] in rows
    assert "all of one mind about 50.0 %" in votes_sentence(votes)


def test_where_no_majority_is_a_label_there_is_nothing_to_measure(judged, tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("image,happy,neutral,sad,contempt\na,1,1,1,7\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="no picture's majority is one of the labels"):
        evaluate_votes(*judged, read_votes(path))
