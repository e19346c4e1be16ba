"""What a live session is taught: hand-made frames, the carried model, no camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emocam.errors import InputError
from emocam.live.controls import Controls
from emocam.live.teacher import LiveTeacher, Take
from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS
from emocam.recognition.profile import Profile
from emocam.tracking.follower import Follower
from emocam.types import Face, Reading
from tests.person import Person, carried

SAD = EMOTIONS.index("sad") + 1  # its key


def frame(time_s: float, *points: np.ndarray, cluster: int = 0, sizes: tuple[int, ...] = (60, 20)):
    readings = tuple(
        Reading(
            Face((0, 0, size, size), id=number),
            "happy",
            0.4,
            cluster,
            (0.1,) * 3 + (0.4,) + (0.1,) * 3,
            EMOTIONS,
        )
        for number, (_, size) in enumerate(zip(points, sizes, strict=False))
    )
    stacked = np.stack(points) if points else None
    return FrameReadings(readings, time_s=time_s, raw=readings, points=stacked)


@pytest.fixture
def follower() -> Follower:
    return Follower(carried())


@pytest.fixture
def person() -> Person:
    return Person(0)


def test_a_take_is_three_seconds_of_the_largest_face(person: Person):
    take = Take(10.0)
    mine, other = person.point("neutral"), person.point("sad")
    take.add(frame(9.9, mine))  # before the key was pressed
    for number in range(30):
        take.add(frame(10 + number / 10, mine, other))
    assert take.face == 0
    assert len(take.points) == 30
    assert np.array_equal(take.points[0], mine)
    assert not take.is_done(12.9)
    assert take.is_done(13.0)
    assert not Take(0.0).is_done(5.9)
    assert Take(0.0).is_done(6.0)


def test_a_neutral_face_becomes_the_profile_in_use(
    follower: Follower, person: Person, tmp_path: Path
):
    teacher = LiveTeacher(follower)
    teacher.start_neutral(0.0)
    for number in range(30):
        teacher.add(frame(number / 10, person.point("neutral", 0.02)))
        assert teacher.finish(number / 10) == ""
        assert teacher.notice(number / 10).startswith("look neutral: ")
    assert teacher.finish(3.1).startswith("calibrated")
    assert follower.profile is not None
    assert follower.profile.taught == ("neutral",)
    teacher.save(tmp_path / "me.json")
    assert Profile.load(tmp_path / "me.json").count("neutral") == 3
    teacher.start_neutral(5.0)  # again: anew, not more
    for number in range(30):
        teacher.add(frame(5 + number / 10, person.point("neutral", 0.02)))
    teacher.finish(9.0)
    assert follower.profile.count("neutral") == 3


def test_too_short_a_look_teaches_nothing(follower: Follower, person: Person):
    teacher = LiveTeacher(follower)
    teacher.start_neutral(0.0)
    teacher.add(frame(0.1, person.point("neutral")))
    with pytest.raises(InputError, match="seen 1 times"):
        teacher.finish(7.0)
    assert follower.profile is None
    assert not teacher.is_changed
    assert teacher.finish(8.0) == ""


def test_the_last_second_is_corrected(follower: Follower, person: Person):
    teacher = LiveTeacher(follower)
    for number in range(20):
        label = "happy" if number < 9 else "sad"
        teacher.add(frame(number / 10, person.point(label, 0.02)))
    teacher.ask()
    assert "6 sad" in teacher.notice(2.0)
    assert teacher.answer(SAD) == "learnt: that was sad"
    assert follower.profile is not None
    assert follower.profile.taught == ("sad",)
    assert teacher.notice(2.0) == ""
    center = np.mean([one.point for one in follower.profile.examples], axis=0)
    distances = [np.linalg.norm(center - person.point(label, 0.02)) for label in ("sad", "happy")]
    assert distances[0] < distances[1]


def test_a_correction_can_be_taken_back_or_be_wrong(follower: Follower, person: Person):
    teacher = LiveTeacher(follower)
    with pytest.raises(InputError, match="no face was seen"):
        teacher.ask()
    teacher.add(frame(0.0, person.point("sad")))
    teacher.ask()
    teacher.forget_question()
    with pytest.raises(InputError, match="numbered from 1 to 7"):
        teacher.answer(SAD)
    teacher.ask()
    with pytest.raises(InputError, match="numbered from 1 to 7"):
        teacher.answer(9)
    assert follower.profile is None


def test_it_is_said_when_the_owner_comes_and_goes(follower: Follower, person: Person):
    follower.use_profile(person.profile(("neutral",)))
    teacher = LiveTeacher(follower)
    point = person.point("neutral")
    said = []
    for number in range(60):
        mine = number < 20 or number >= 50
        said.append(teacher.owner_change(frame(number / 10, point, cluster=11 if mine else 3)))
    heard = [(number, text) for number, text in enumerate(said) if text]
    assert [text for _, text in heard] == [
        "the profile is in use",
        "no face is near enough to the profile: readings are generic",
        "the profile is in use",
    ]
    assert [number for number, _ in heard] == [0, 39, 50]


def test_after_l_a_digit_is_an_answer_and_no_mark():
    controls = Controls()
    assert controls.press("l") == "correct"
    assert controls.press("6") == "corrected 6"
    assert controls.press("6") == "mark 6"
    assert controls.press("l") == "correct"
    assert controls.press("m") == "uncorrected"
    assert not controls.mirrored
    controls.press("l")
    assert controls.press("closed") == "quit"
