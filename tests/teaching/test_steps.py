"""The steps of a guided session, moment by moment."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.errors import InputError
from emocam.recognition.labels import EMOTIONS
from emocam.teaching.picture import guided_picture
from emocam.teaching.steps import GuidedSteps, Moment, checked_labels
from emocam.types import FloatArray

PICTURE = np.full((30, 30, 3), 200, np.uint8)
RANDOM = np.random.default_rng(0)


def point(level: float = 0.0) -> FloatArray:
    return np.asarray(RANDOM.normal(level, 0.1, 8), np.float32)


def show(
    steps: GuidedSteps, start_s: float, seconds: float, complaint: str = "", level: float = 0.0
) -> float:
    """Ten moments a second; the time after them."""
    for number in range(round(10 * seconds)):
        steps.see(Moment(start_s + number / 10, point(level), complaint, PICTURE))
    return start_s + seconds


def test_each_label_is_counted_down_and_held_for_three_seconds():
    steps = GuidedSteps(("neutral", "happy"), reviews=False)
    assert steps.prompt(0.0).title == "look neutral"
    show(steps, 0.0, 1.0)
    assert "get ready, 2 …" in steps.prompt(0.9).detail
    assert steps.takes == {}
    show(steps, 1.0, 3.0)
    assert steps.prompt(4.0).detail == "hold it …"
    assert 0.5 < steps.prompt(4.0).share < 0.8
    show(steps, 4.0, 1.2)
    assert list(steps.takes) == ["neutral"]
    assert steps.current == "happy"
    show(steps, 5.2, 5.5)
    assert steps.is_over
    lesson = steps.lesson()
    assert [one.label for one in lesson.examples] == ["neutral"] * 3 + ["happy"] * 3
    assert lesson.left_out == []


def test_poor_moments_are_left_out_and_asked_for_again():
    steps = GuidedSteps(("happy",), reviews=False)
    now = show(steps, 0.0, 2.1)
    now = show(steps, now, 2.0, "turned away: look at the camera")
    assert steps.prompt(now).detail == "turned away: look at the camera"
    assert steps.takes == {}
    now = show(steps, now, 3.3)
    assert steps.is_over
    assert steps.takes["happy"].seconds == pytest.approx(3, abs=0.5)
    assert len(steps.takes["happy"].points) < 36


def test_what_is_never_clear_is_tried_three_times_then_left_out_with_the_reason():
    steps = GuidedSteps(("sad", "happy"), reviews=False)
    now, agains = 0.0, set()
    while steps.current == "sad":
        now = show(steps, now, 0.1, "blurred: hold still, or clean the lens")
        agains.add("again" in steps.prompt(now).detail)
    assert agains == {True, False}
    assert 36 < now < 40
    show(steps, now, 6.0)
    assert steps.is_over
    assert steps.lesson().left_out == [("sad", "blurred: hold still, or clean the lens")]


def test_a_blink_is_left_out_of_what_is_learnt():
    steps = GuidedSteps(("neutral",), reviews=False)
    now = show(steps, 0.0, 3.5)
    now = show(steps, now, 0.3, level=5.0)
    show(steps, now, 2.0)
    assert steps.is_over
    assert max(np.abs(one.point).max() for one in steps.lesson().examples) < 0.5


def test_no_face_is_said():
    steps = GuidedSteps(("neutral",), reviews=False)
    for number in range(30):
        steps.see(Moment(number / 10))
    assert steps.prompt(3.0).detail == "no face to be seen"


def test_keys_skip_repeat_and_choose():
    steps = GuidedSteps(("neutral", "happy", "sad"), reviews=True)
    steps.press("3")
    assert steps.current == "sad"
    show(steps, 0.0, 5.5)
    assert steps.current == "neutral"
    steps.press("s")
    assert steps.current == "happy"
    show(steps, 10.0, 5.5)
    assert steps.current is None
    assert not steps.is_over  # the user looks at what was caught
    assert steps.prompt(20.0).title == "done"
    steps.press("a")
    assert steps.current == "happy"
    first = steps.takes["happy"]
    show(steps, 30.0, 5.5)
    assert steps.takes["happy"] is not first
    steps.press("9")  # there is none
    assert steps.current is None
    steps.press("enter")
    assert steps.is_over
    assert {one.label for one in steps.lesson().examples} == {"sad", "happy"}
    assert steps.lesson().left_out == []


def test_skipping_all_ends_it():
    steps = GuidedSteps(("neutral", "happy"), reviews=False)
    steps.press("s")
    steps.press("s")
    assert steps.is_over


def test_the_labels_that_are_shown():
    assert checked_labels(None, EMOTIONS)[0] == "neutral"
    assert set(checked_labels(None, EMOTIONS)) == set(EMOTIONS)
    assert checked_labels(("happy ", "tongue out", "happy"), EMOTIONS) == ("happy", "tongue out")
    with pytest.raises(InputError, match="--labels"):
        checked_labels(("",), EMOTIONS)
    with pytest.raises(InputError, match="unsure"):
        checked_labels(("unsure",), EMOTIONS)


@pytest.mark.parametrize("labels", [("neutral",), EMOTIONS, tuple(f"own {n}" for n in range(14))])
@pytest.mark.parametrize("size", [(120, 160), (480, 640), (1080, 1920)])
def test_the_picture_shows_each_label_and_what_was_caught(labels, size):
    steps = GuidedSteps(labels, reviews=True)
    frame = np.full((*size, 3), 90, np.uint8)
    before = guided_picture(frame, (10, 10, 60, 60), steps, steps.prompt(0.0), is_good=True)
    show(steps, 0.0, 5.5)
    after = guided_picture(frame, None, steps, steps.prompt(6.0), is_good=False)
    assert before.shape == after.shape
    assert before.shape[0] > size[0]
    assert before.shape[1] >= size[1]
    strip = after[-round(0.15 * len(after)) :]
    assert (strip[:, : after.shape[1] // len(labels)] == 200).any()  # the caught face
