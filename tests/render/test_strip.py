from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from emocam.recognition.labels import EMOTIONS, UNSURE, color_rgb
from emocam.render.overlay import Overlay, OverlayOptions
from emocam.render.strip import SPAN_S, History, times_below
from emocam.types import Face, ImageU8, Reading

STRIP = OverlayOptions(bars=False, strip=True)


def reading(emotion: str, face: int = 0, certainty: float = 0.9) -> Reading:
    rest = (1 - certainty) / (len(EMOTIONS) - 1)
    best = emotion if emotion != UNSURE else "happy"
    odds = tuple(certainty if label == best else rest for label in EMOTIONS)
    return Reading(Face((10, 10, 60, 60), 1.0, face), emotion, certainty, 0, odds, EMOTIONS)


def gray(height: int = 480, width: int = 640) -> ImageU8:
    return np.full((height, width, 3), 128, np.uint8)


def words_of(picture: ImageU8, columns: slice) -> np.ndarray:
    """The lower part of the only lane, where its words stand."""
    floor = len(picture) - round(14 * 1.1)
    return picture[floor - 20 : floor - 2, columns].astype(float)


def columns_of(picture: ImageU8, emotion: str, rows: slice = slice(None)) -> np.ndarray:
    """In which columns a colour is found."""
    ink = (picture[rows] == np.array(color_rgb(emotion)[::-1])).all(axis=2)
    return np.flatnonzero(ink.any(axis=0))


def played(script: list[tuple[float, str]], until: float, face: int = 0) -> Overlay:
    """An overlay that has seen a face go through emotions at 10 readings a second."""
    overlay = Overlay(EMOTIONS)
    for tick in range(round(until * 10) + 1):
        emotion = [name for begin, name in script if begin <= tick / 10][-1]
        if emotion:
            overlay.remember([reading(emotion, face)], tick / 10)
    return overlay


def test_time_runs_from_left_to_right_and_ends_now() -> None:
    overlay = played([(0, "happy"), (10, "sad"), (20, "angry")], 30)
    drawn = overlay.draw(gray(), [], time_s=30, options=STRIP)
    happy, sad, angry = (columns_of(drawn, name) for name in ("happy", "sad", "angry"))
    assert happy.max() <= sad.min() + 2
    assert sad.max() <= angry.min() + 2
    assert angry.max() >= 630
    assert happy.max() - happy.min() == pytest.approx(angry.max() - angry.min(), abs=8)


def test_it_glides_and_forgets_what_is_older() -> None:
    overlay = played([(0, "happy"), (2, "sad")], 30)
    first = columns_of(overlay.draw(gray(), [], time_s=30, options=STRIP), "sad").min()
    later = columns_of(overlay.draw(gray(), [], time_s=31, options=STRIP), "sad").min()
    assert 10 <= first - later <= 30
    overlay.remember([reading("sad")], 33.5)
    assert columns_of(overlay.draw(gray(), [], time_s=33.5, options=STRIP), "happy").size == 0


def test_a_gap_stays_empty() -> None:
    overlay = played([(0, "happy"), (10, ""), (20, "happy")], 30)
    columns = columns_of(overlay.draw(gray(), [], time_s=30, options=STRIP), "happy")
    assert np.diff(columns).max() > 150


def test_certainty_is_height() -> None:
    heights = []
    for certainty in (0.3, 0.9):
        overlay = Overlay(EMOTIONS)
        for tick in range(100):
            overlay.remember([reading("happy", certainty=certainty)], tick / 10)
        drawn = overlay.draw(gray(), [], time_s=9.9, options=STRIP)
        ink = (drawn == np.array(color_rgb("happy")[::-1])).all(axis=2)
        heights.append(int(ink.sum(axis=0).max()))
    assert heights[1] / heights[0] == pytest.approx(3, rel=0.25)


@pytest.mark.parametrize("emotion", [*EMOTIONS, UNSURE])
def test_long_stretches_carry_their_name_readably(emotion: str) -> None:
    drawn = played([(0, emotion)], 30).draw(gray(), [], time_s=30, options=STRIP)
    ground = np.array(color_rgb(emotion)[::-1]).astype(float)
    lane = words_of(drawn, np.s_[32:100])
    differs = np.abs(lane - ground).max(axis=2) > 90
    assert differs.sum() > 25
    short = played([(0, "disgust" if emotion == "angry" else "angry"), (29.7, emotion)], 30)
    end = words_of(short.draw(gray(), [], time_s=30, options=STRIP), np.s_[632:634])
    assert np.abs(end - ground).max() < 90  # no room for a word, nor for a letter
    letters = played([(0, "disgust" if emotion == "angry" else "angry"), (28.4, emotion)], 30)
    end = words_of(letters.draw(gray(), [], time_s=30, options=STRIP), np.s_[605:634])
    assert (np.abs(end - ground).max(axis=2) > 90).sum() > 10


def test_words_are_readable_above_low_stretches_too() -> None:
    overlay = Overlay(EMOTIONS)
    for tick in range(301):
        overlay.remember([reading("surprise", certainty=0.18)], tick / 10)
    lane = words_of(overlay.draw(gray(), [], time_s=30, options=STRIP), np.s_[32:110])
    assert (lane.min(axis=2) > 170).sum() > 25


def test_each_face_has_a_lane() -> None:
    overlay = Overlay(EMOTIONS)
    for tick in range(50):
        overlay.remember([reading("happy", 0), reading("sad", 1)], tick / 10)
    drawn = overlay.draw(gray(), [], time_s=4.9, options=STRIP)
    rows = [
        np.flatnonzero((drawn == np.array(color_rgb(name)[::-1])).all(axis=2).any(axis=1))
        for name in ("happy", "sad")
    ]
    assert rows[0].max() < rows[1].min()


@pytest.mark.parametrize(("width", "height"), [(320, 240), (640, 480), (1920, 1080), (3840, 2160)])
def test_it_stands_below_the_picture_and_is_as_high_for_any_number_of_faces(
    width: int, height: int
) -> None:
    frame = gray(height, width)
    heights = set()
    for faces in (0, 1, 6, 12):
        overlay = Overlay(EMOTIONS)
        overlay.remember([reading("happy", face) for face in range(faces)], 0.0)
        drawn = overlay.draw(frame, [], time_s=0.0, options=STRIP)
        assert np.array_equal(drawn[:height], frame)
        heights.add(len(drawn) - height)
    assert len(heights) == 1
    assert heights.pop() <= 0.35 * height


def test_faces_in_the_picture_come_before_those_that_left() -> None:
    overlay = Overlay(EMOTIONS)
    for tick in range(20):
        overlay.remember([reading("sad", face) for face in range(20)], tick / 10)
        overlay.remember([reading("happy", 77)], tick / 10)
    drawn = overlay.draw(gray(), [reading("happy", 77)], time_s=1.9, options=STRIP)
    assert columns_of(drawn, "happy", slice(480, None)).size > 5


def test_memory_does_not_grow() -> None:
    history = History(EMOTIONS)
    for tick in range(20_000):
        history.remember([reading("happy", tick // 3000)], tick / 30)
    assert len(history.faces) <= 2
    points = sum(len(history.course(face).times_s) for face in history.faces)
    assert points <= 2 * 30 * (SPAN_S + 1) + 2 * 200 + 20


def test_readings_that_come_late_are_left_out() -> None:
    history = History(EMOTIONS)
    for time_s in (0.0, 0.5, 0.2, 0.9):
        history.remember([reading("happy")], time_s)
    times = history.course(0).times_s
    assert (np.diff(times) >= 0).all()
    assert 0.2 not in times


def test_times_below_the_strip_never_touch():
    for width in range(30, 2000, 7):
        stand = times_below(20, 20 + width, 8)
        assert stand[0][1].text == "now"
        for (later, _), (x, text) in pairwise(stand):
            assert x + text.width < later
        assert len(stand) == 4 or width < 200
