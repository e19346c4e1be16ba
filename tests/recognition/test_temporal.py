"""Labels over time, on readings made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.temporal import EmotionSmoother, smooth_clip

NEUTRAL, HAPPY = 0, 1


def readings(seconds: float, fps: int, happy: tuple[float, float], noise: float) -> np.ndarray:
    """Neutral, and happy between two times, with labels that flicker in a share of the frames."""
    rng = np.random.default_rng(0)
    times = np.arange(round(seconds * fps)) / fps
    true = np.where((times >= happy[0]) & (times < happy[1]), HAPPY, NEUTRAL)
    shown = np.where(rng.random(len(times)) < noise, rng.integers(0, 3, len(times)), true)
    rows = np.full((len(times), 3), 0.2, np.float32)
    rows[np.arange(len(times)), shown] = 0.6
    return rows


def live(rows: np.ndarray, fps: int) -> np.ndarray:
    smoother = EmotionSmoother()
    return np.array([smoother.update(0, row, n / fps).best for n, row in enumerate(rows)])


def switches(labels: np.ndarray) -> int:
    return int(np.count_nonzero(np.diff(labels)))


@pytest.mark.parametrize("fps", [8, 25, 60])
def test_one_expression_gives_one_label_at_any_rate(fps: int) -> None:
    rows = readings(10, fps, (4, 6), noise=0.3)
    assert switches(rows.argmax(axis=1)) > 20
    assert switches(live(rows, fps)) <= 4
    assert switches(smooth_clip(rows, np.arange(len(rows)) / fps)[1]) == 2


@pytest.mark.parametrize("fps", [8, 25, 60])
def test_no_expression_of_over_a_second_is_missed(fps: int) -> None:
    rows = readings(10, fps, (4, 5.1), noise=0.2)
    assert HAPPY in live(rows, fps)[4 * fps : 6 * fps]
    assert HAPPY in smooth_clip(rows, np.arange(len(rows)) / fps)[1][4 * fps : 6 * fps]


def test_looking_both_ways_is_never_late() -> None:
    fps = 25
    rows = readings(10, fps, (4, 6), noise=0.0)
    best = smooth_clip(rows, np.arange(len(rows)) / fps)[1]
    assert np.flatnonzero(best == HAPPY)[[0, -1]] / fps == pytest.approx([4, 6], abs=0.1)


def test_probabilities_sum_to_one_and_follow() -> None:
    smoother = EmotionSmoother()
    for step in range(100):
        one = smoother.update(3, (0.0, 1.0, 0.0), step / 25)
    assert sum(one.probabilities) == pytest.approx(1)
    assert one.probabilities[1] > 0.98


def test_faces_do_not_mix_and_gaps_start_anew() -> None:
    smoother = EmotionSmoother()
    smoother.update(0, (0.8, 0.1, 0.1), 0.0)
    assert smoother.update(1, (0.1, 0.8, 0.1), 0.04).best == 1
    assert smoother.update(0, (0.1, 0.1, 0.8), 60.0).best == 2
    smoother.forget_before(100.0)
    assert smoother.update(0, (0.1, 0.8, 0.1), 60.1).best == 1


def test_an_empty_and_a_single_reading() -> None:
    assert smooth_clip(np.empty((0, 7), np.float32), [])[0].shape == (0, 7)
    probabilities, best = smooth_clip(np.array([[0.1, 0.9]], np.float32), [2.0])
    assert best.tolist() == [1]
    assert probabilities[0, 1] == pytest.approx(0.9, abs=0.01)
