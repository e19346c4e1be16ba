"""Readings in tables, relative to a neutral face."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.errors import InputError
from emocam.recognition.labels import EMOTIONS
from emocam.study.neutral_profile import NeutralProfile, learn_neutral

NEUTRAL = EMOTIONS.index("neutral")
SAD = EMOTIONS.index("sad")


def shares(**given: float) -> np.ndarray:
    rest = (1 - sum(given.values())) / (len(EMOTIONS) - len(given))
    return np.array([given.get(label, rest) for label in EMOTIONS], np.float32)


def test_a_resting_face_that_reads_sad_reads_neutral_afterwards():
    resting = [shares(sad=0.5 + 0.02 * k, neutral=0.3 - 0.02 * k) for k in range(8)]
    profile = learn_neutral(resting, EMOTIONS, "abc")
    assert resting[0].argmax() == SAD
    for row in resting:
        applied = profile.apply(row)
        assert applied.argmax() == NEUTRAL
        assert applied.sum() == pytest.approx(1, abs=1e-5)


def test_a_clear_expression_stays():
    profile = learn_neutral([shares(sad=0.45, neutral=0.35)] * 10, EMOTIONS, "abc")
    for label in ("happy", "surprise", "angry"):
        row = profile.apply(shares(**{label: 0.9}))
        assert EMOTIONS[int(row.argmax())] == label


def test_no_label_is_argued_away():
    profile = learn_neutral([shares(sad=0.999)] * 10, EMOTIONS, "abc")
    assert max(abs(bias) for bias in profile.bias) <= 2.0


def test_too_few_readings_or_no_neutral_are_refused():
    with pytest.raises(InputError, match="seen 2 times"):
        learn_neutral([shares()] * 2, EMOTIONS, "abc")
    with pytest.raises(InputError, match="neutral"):
        learn_neutral([np.array([0.5, 0.5], np.float32)] * 9, ("yes", "no"), "abc")


def test_one_bias_a_label():
    with pytest.raises(ValueError, match="one finite bias a label"):
        NeutralProfile(("a", "b"), (0.0,), "abc", 1)


def test_no_label_is_raised():
    profile = learn_neutral([shares(sad=0.5, neutral=0.3, disgust=0.001)] * 9, EMOTIONS, "abc")
    assert min(profile.bias) == 0.0
    assert profile.bias[EMOTIONS.index("disgust")] == 0.0
