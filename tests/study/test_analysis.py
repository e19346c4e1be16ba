"""Made-up studies whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.labels import EMOTIONS
from emocam.study.analysis import analyse
from emocam.study.segments import Segment
from emocam.study.statistics import contrast, mean_intervals
from tests.study.made_up import frames_of, session_of, share_frames, study_of

STUDIES, PEOPLE = 200, 16
TRUE_SHARE, TRUE_EFFECT = 0.2, 0.15


def happy_share(frames) -> float:
    from emocam.study.measures import measure

    values, _ = measure(frames, Segment("whole", 0.0, 20.0))
    return values["happy_readable"]


def people_of(rng: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """What is measured of people whose faces look happy for these shares of the time."""
    return np.array(
        [
            [happy_share(share_frames(rng, {"happy": s, "neutral": 1 - s})) for s in row]
            for row in shares
        ]
    )


def test_intervals_hold_planted_effects_as_often_as_they_say() -> None:
    """200 simulated studies: readings with a planted mean and effect, measured as any others."""
    rng = np.random.default_rng(11)
    spread = rng.normal(scale=0.06, size=(PEOPLE, STUDIES))
    calm = people_of(rng, TRUE_SHARE + spread)
    moved = people_of(rng, TRUE_SHARE + TRUE_EFFECT + spread)
    others = people_of(rng, TRUE_SHARE + rng.normal(scale=0.06, size=(PEOPLE - 4, STUDIES)))

    def covered(low: np.ndarray, high: np.ndarray, truth: float) -> float:
        return float(np.mean((low <= truth) & (truth <= high)))

    means = mean_intervals(calm)
    assert 0.90 <= covered(means.low, means.high, TRUE_SHARE) <= 0.98
    paired = contrast(moved, calm, paired=True, tested=False)
    assert 0.90 <= covered(paired.low, paired.high, TRUE_EFFECT) <= 0.98
    groups = contrast(moved, others, paired=False, tested=False)
    assert 0.90 <= covered(groups.low, groups.high, TRUE_EFFECT) <= 0.98


@pytest.fixture(scope="module")
def study():
    """Twelve people, calm and moved; moved ones look happy for 40 instead of 10 % of the time."""
    rng = np.random.default_rng(3)
    sessions = []
    for person in range(12):
        for condition, share in (("calm", 0.1), ("moved", 0.4)):
            own = np.clip(share + rng.normal(scale=0.05), 0.01, 0.99)
            frames = share_frames(rng, {"happy": own, "neutral": 1 - own}, 60)
            sessions.append(session_of(frames, f"p{person}", condition))
    return study_of(sessions)


def test_a_planted_effect_is_found_and_no_other(study) -> None:
    analysis = analyse(study)
    (one,) = analysis.comparisons
    assert (one.first, one.second, one.segment) == ("calm", "moved", "whole")
    assert one.contrast.paired
    at = {name: n for n, name in enumerate(one.measures)}
    happy = at["happy_readable"]
    assert one.contrast.low[happy] <= -0.3 <= one.contrast.high[happy]
    assert one.contrast.effect[happy] < -2
    assert one.p_corrected[happy] < 0.01
    assert one.contrast.n[0][happy] == 12
    for label in ("angry", "sad", "fear"):
        assert one.contrast.difference[at[f"{label}_readable"]] == 0
        assert one.contrast.p[at[f"{label}_readable"]] == 1
    assert one.contrast.difference[at["valence"]] < 0


def test_people_count_not_sessions(study) -> None:
    one = study.sessions[0]
    again = study_of([*study.sessions, *([one] * 5)])
    cell = analyse(again).cells["calm", "whole"]
    assert len(cell.participants) == 12
    assert cell.means.n.max() == 12


def test_most_under_one_condition_are_compared_unpaired_without_the_few_under_both() -> None:
    rng = np.random.default_rng(4)

    def people(names: range, condition: str) -> list:
        shares = {"happy": 0.3, "neutral": 0.7}
        return [session_of(share_frames(rng, shares), f"p{n}", condition) for n in names]

    analysis = analyse(study_of(people(range(8), "calm") + people(range(7, 15), "moved")))
    (one,) = analysis.comparisons
    assert not one.contrast.paired
    assert one.left_out == 1
    assert (one.contrast.n[0].max(), one.contrast.n[1].max()) == (7, 7)


def test_a_baseline_takes_off_what_a_face_always_shows() -> None:
    """A resting face that reads as sad: relative to itself it is neutral, and so is no change."""
    shares = np.full((100, 7), 0.02)
    shares[:, EMOTIONS.index("sad")] = 0.5
    shares[:, EMOTIONS.index("neutral")] = 0.4
    happy = np.full((100, 7), 0.02)
    happy[:, EMOTIONS.index("happy")] = 0.88
    label_codes = ["sad"] * 100 + ["happy"] * 100
    frames = frames_of(label_codes, probabilities=np.concatenate([shares, happy]))
    segments = [Segment("rest", 0.0, 10.0), Segment("film", 10.0, 20.0)]
    study = study_of([session_of(frames, "ann", segments=segments)])
    plain, relative = analyse(study), analyse(study, "rest")

    def values(analysis, segment: str) -> dict[str, float]:
        return next(row.values for row in analysis.rows if row.segment == segment)

    assert values(plain, "rest")["sad_readable"] == 1
    assert "ann" in relative.biases
    assert values(relative, "rest")["neutral_readable"] == 1
    assert values(relative, "rest")["expressiveness_change"] == 0
    assert values(relative, "film")["happy_readable"] == pytest.approx(1.0, abs=0.05)
    assert values(relative, "film")["happy_readable_change"] == pytest.approx(1.0, abs=0.05)
    assert values(relative, "film")["valence_change"] > 0.5
    # What was read stays as it was read.
    assert study.sessions[0].frames.label_codes[0] == EMOTIONS.index("sad")


def test_slices_of_time_are_not_tested(study) -> None:
    from dataclasses import replace

    slices = (Segment("0 to 30 s", 0, 30, True), Segment("30 to 60 s", 30, 60, True))
    cut = [replace(one, segments=(*one.segments, *slices)) for one in study.sessions]
    analysis = analyse(study_of(cut))
    assert [one.segment for one in analysis.comparisons] == ["whole"]
    assert ("calm", "30 to 60 s") in analysis.cells
