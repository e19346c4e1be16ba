from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emocam.recognition.labels import EMOTIONS
from emocam.study.affect import positions
from emocam.study.measures import measure, measure_names, spells_of, transition_counts
from emocam.study.segments import Segment
from tests.study.made_up import STEP_S, frames_of

SAID = [
    *["neutral"] * 20, *["happy"] * 10, *["unsure"] * 5, *["happy"] * 10, *["sad"] * 5,
    *[None] * 10, *["sad"] * 20,
]  # fmt: skip


def test_shares_of_time_and_of_readable_time() -> None:
    values, _ = measure(frames_of(SAID), Segment("whole", 0.0, 8.0))
    assert values["duration_s"] == pytest.approx(8.0)
    assert values["face_share"] == pytest.approx(70 / 80)
    assert values["readable_share"] == pytest.approx(65 / 80)
    assert values["unsure_share"] == pytest.approx(5 / 80)
    assert values["happy_share"] == pytest.approx(20 / 80)
    assert values["happy_readable"] == pytest.approx(20 / 65)
    assert values["expressiveness"] == pytest.approx(45 / 65)
    assert sum(values[f"{label}_readable"] for label in EMOTIONS) == pytest.approx(1.0)


def test_time_with_the_head_turned_aside_is_a_share_of_that_with_a_known_yaw() -> None:
    angles_deg = np.full((80, 3), np.nan, np.float32)
    angles_deg[:20, 0], angles_deg[20:35, 0] = 10.0, -30.0
    frames = replace(frames_of(SAID), angles_deg=angles_deg)
    values, _ = measure(frames, Segment("whole", 0.0, 8.0))
    assert values["away_share"] == pytest.approx(15 / 35)


def test_spells_onsets_and_transitions() -> None:
    frames = frames_of(SAID)
    values, spells = measure(frames, Segment("whole", 0.0, 8.0))
    # Two spells of a second; unsure ends the first.
    assert values["happy_spells"] == pytest.approx(2 / (8 / 60))
    assert values["happy_spell_s"] == pytest.approx(1.0)
    assert values["happy_onset_s"] == pytest.approx(2.0)
    assert np.isnan(values["fear_onset_s"])
    assert values["fear_spells"] == 0
    # From happy to happy is none; the second sad follows a second after the first.
    assert transition_counts(spells, EMOTIONS) == {("neutral", "happy"): 1, ("happy", "sad"): 1}


def test_a_segment_counts_from_its_own_start() -> None:
    values, _ = measure(frames_of(SAID), Segment("late", 1.5, 3.5))
    assert values["duration_s"] == pytest.approx(2.0)
    assert values["happy_onset_s"] == pytest.approx(0.5)
    assert values["happy_share"] == pytest.approx(0.5)


def test_probabilities_valence_and_arousal_are_means_over_time() -> None:
    shares = np.zeros((4, 7))
    shares[:, EMOTIONS.index("happy")] = [1, 1, 0, 0]
    shares[:, EMOTIONS.index("neutral")] = [0, 0, 1, 1]
    frames = frames_of(["happy", "happy", "neutral", "neutral"], probabilities=shares)
    values, _ = measure(frames, Segment("whole", 0.0, 4 * STEP_S))
    assert values["happy_probability"] == pytest.approx(0.5)
    assert values["valence"] == pytest.approx((8.21 - 5) / 4 / 2)
    assert values["arousal"] == pytest.approx((6.49 - 5) / 4 / 2)


def test_a_late_reading_holds_for_a_second_at_most() -> None:
    frames = frames_of(["happy"] * 10 + ["neutral"] * 10)
    later = np.r_[frames.time_s[:10], frames.time_s[10:] + 30.0]
    frames = frames_of(["happy"] * 10 + ["neutral"] * 10)
    object.__setattr__(frames, "time_s", later)
    values, spells = measure(frames, Segment("whole", 0.0, 40.0))
    assert values["duration_s"] == pytest.approx(0.9 + 1.0 + 1.0)
    assert len(spells.label) == 2
    assert not spells.transitions()  # half a minute lies between them


def test_nothing_to_measure_is_not_a_number() -> None:
    values, _ = measure(frames_of([None] * 10), Segment("whole", 0.0, 1.0))
    assert values["face_share"] == 0
    assert np.isnan([values["expressiveness"], values["valence"], values["head_px"]]).all()
    values, spells = measure(frames_of(["happy"]), Segment("later", 5.0, 6.0))
    assert values["duration_s"] == 0
    assert not len(spells.label)


def test_every_measure_is_there_whatever_the_labels() -> None:
    labels = ("calm", "tired")
    values, _ = measure(frames_of(["calm", "tired"], labels=labels), Segment("whole", 0.0, 0.2))
    assert list(values) == measure_names(labels)
    assert positions(labels) is None
    assert np.isnan(values["valence"])  # no published position
    assert np.isnan(values["expressiveness"])  # no neutral label


def test_spells_break_where_frames_are_missing() -> None:
    frames = frames_of(["happy"] * 20)
    lasts = np.full(20, STEP_S)
    lasts[9] = 0.02
    assert len(spells_of(frames, lasts).label) == 2
