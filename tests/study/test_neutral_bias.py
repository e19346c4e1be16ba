"""A face at rest that reads as sad, and what is left when that is taken off."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.labels import EMOTIONS
from emocam.study.neutral_bias import FEWEST_READINGS, learn_bias

SAD, NEUTRAL, HAPPY = (EMOTIONS.index(name) for name in ("sad", "neutral", "happy"))


def readings(**shares: float) -> np.ndarray:
    row = np.full(7, (1 - sum(shares.values())) / (7 - len(shares)))
    for label, share in shares.items():
        row[EMOTIONS.index(label)] = share
    return np.tile(row, (20, 1)).astype(np.float32)


def test_a_face_at_rest_becomes_neutral_and_a_smile_stays_one() -> None:
    bias = learn_bias(readings(sad=0.5, neutral=0.3), EMOTIONS)
    assert bias is not None
    assert bias.readings == 20
    at_rest = bias.apply(readings(sad=0.5, neutral=0.3))
    assert at_rest.argmax(axis=1).tolist() == [NEUTRAL] * 20
    assert at_rest.sum(axis=1) == pytest.approx(1.0)
    assert bias.apply(readings(happy=0.6, sad=0.1))[0].argmax() == HAPPY


def test_what_is_read_too_seldom_is_not_raised() -> None:
    bias = learn_bias(readings(neutral=0.97), EMOTIONS)
    assert bias is not None
    assert bias.bias.tolist() == [0.0] * 7


def test_no_label_is_argued_away() -> None:
    bias = learn_bias(readings(sad=0.99), EMOTIONS)
    assert bias is not None
    assert bias.apply(readings(sad=0.9))[0].argmax() == SAD


def test_too_few_readings_or_no_neutral_label_give_none() -> None:
    assert learn_bias(readings(sad=0.5)[: FEWEST_READINGS - 1], EMOTIONS) is None
    assert learn_bias(readings(sad=0.5)[:, :2], ("happy", "sad")) is None
