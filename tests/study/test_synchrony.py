from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.labels import EMOTIONS
from emocam.study.frames import SessionFrames
from emocam.study.synchrony import synchrony
from tests.study.made_up import frames_of


def moving(signal: np.ndarray) -> SessionFrames:
    """A face whose happiness follows a signal from 0 to 1."""
    shares = np.full((len(signal), 7), 0.0)
    shares[:, EMOTIONS.index("happy")] = signal
    shares[:, EMOTIONS.index("neutral")] = 1 - signal
    return frames_of(["neutral"] * len(signal), probabilities=shares)


@pytest.fixture
def signal() -> np.ndarray:
    """Slow random movement for a minute and a half, ten times a second."""
    noise = np.random.default_rng(2).normal(size=900)
    smooth = np.convolve(noise, np.hanning(15), mode="same")
    return (smooth - smooth.min()) / np.ptp(smooth)


def test_who_follows_is_told_with_how_much_later(signal: np.ndarray) -> None:
    found = synchrony(moving(signal), moving(np.roll(signal, 10)))
    assert found is not None
    assert found.lag_s == pytest.approx(1.0, abs=0.2)
    assert found.r_peak > 0.9
    assert found.r_same_time < 0.5
    assert found.r_unrelated < 0.8


def test_strangers_are_no_more_alike_than_chance(signal: np.ndarray) -> None:
    found = synchrony(moving(signal), moving(signal[::-1].copy()))
    assert found is not None
    assert found.r_peak < found.r_unrelated + 0.15


def test_nothing_is_said_where_nothing_can_be_compared(signal: np.ndarray) -> None:
    still, short = moving(np.full(900, 0.5)), moving(signal[:50])
    assert synchrony(moving(signal), still) is None
    assert synchrony(moving(signal), short) is None
    assert synchrony(moving(signal), frames_of([None] * 900)) is None
