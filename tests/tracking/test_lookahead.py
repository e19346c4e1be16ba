from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS, UNSURE
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.tracking.lookahead import between_readings, smooth_both_ways
from emocam.types import Face, Reading

HAPPY, SAD = EMOTIONS.index("happy"), EMOTIONS.index("sad")


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer.load("pixels", certainty=0.0)


def frame(index: int, time_s: float, faces: tuple[Face, ...], rows: np.ndarray) -> FrameReadings:
    """What the model read in each face."""
    readings = (
        Reading(face, EMOTIONS[row.argmax()], float(row.max()), 0, tuple(map(float, row)), EMOTIONS)
        for face, row in zip(faces, rows, strict=True)
    )
    return FrameReadings(tuple(readings), index, time_s)


def look(index: int, faces: dict[int, tuple[int, int]], fps: float = 25.0) -> FrameReadings:
    """Faces by number: left edge of the box, and the emotion that is most probable."""
    rows = np.full((len(faces), 7), 0.05, np.float32)
    for row, (_, emotion) in enumerate(faces.values()):
        rows[row, emotion] = 0.7
    boxes = tuple(Face((x, 10, x + 40, 50), 0.9, face) for face, (x, _) in faces.items())
    return frame(index, index / fps, boxes, rows)


def smooth(
    looks: Iterable[FrameReadings], recognizer: EmotionRecognizer, **options
) -> list[FrameReadings]:
    return list(smooth_both_ways(iter(looks), recognizer, **options))


def test_every_look_comes_out_once_and_in_order(recognizer):
    looks = [look(index, {0: (10, HAPPY)}) for index in range(200)]
    seen = smooth(looks, recognizer)
    assert [one.index for one in seen] == list(range(200))
    assert all(len(one.readings) == 1 for one in seen)


def test_a_flicker_is_smoothed_away_and_kept_raw(recognizer):
    looks = [look(n, {0: (10, SAD if n in (40, 41) else HAPPY)}) for n in range(100)]
    assert {one.readings[0].emotion for one in smooth(looks, recognizer)} == {"happy"}
    raw = smooth(looks, recognizer, raw=True)
    assert [n for n, one in enumerate(raw) if one.readings[0].emotion == "sad"] == [40, 41]


def test_a_lasting_change_is_not_late(recognizer):
    looks = [look(n, {0: (10, HAPPY if n < 110 else SAD)}) for n in range(200)]
    labels = [one.readings[0].emotion for one in smooth(looks, recognizer)]
    change = labels.index("sad")
    assert abs(change - 110) <= 1
    assert set(labels[change:]) == {"sad"}


def test_windows_give_what_the_whole_clip_gives(recognizer):
    rng = np.random.default_rng(0)
    emotions = np.repeat(rng.integers(0, 7, 40), 10)
    looks = [look(n, {0: (10, int(emotion))}) for n, emotion in enumerate(emotions)]
    seen = smooth(looks, recognizer)
    from emocam.recognition.temporal import smooth_clip

    whole, _ = smooth_clip(
        np.concatenate([one.probabilities for one in looks]), [one.time_s for one in looks]
    )
    parts = np.array([one.readings[0].probabilities for one in seen])
    assert np.abs(parts - whole).max() < 0.01


def test_a_face_that_only_flashes_up_is_left_out_but_would_be_hidden(recognizer):
    looks = [
        look(n, {0: (10, HAPPY), **({1: (90, SAD)} if 50 <= n < 54 else {})}) for n in range(100)
    ]
    seen = smooth(looks, recognizer)
    assert all([one.face.id for one in each.readings] == [0] for each in seen)
    assert [face.id for face in seen[51].hidden] == [1]


def test_in_a_clip_of_one_frame_what_is_seen_counts(recognizer):
    seen = smooth([look(0, {0: (10, HAPPY)})], recognizer)
    assert [one.emotion for one in seen[0].readings] == ["happy"]


def test_a_short_gap_is_drawn_over_but_not_read(recognizer):
    looks = [
        look(n, {} if 50 <= n < 60 else {0: (10 if n < 50 else 65, HAPPY)}) for n in range(100)
    ]
    seen = smooth(looks, recognizer)
    assert seen[54].readings == ()
    (bridged,) = seen[54].bridged
    assert bridged.face.xyxy == (35, 10, 75, 50)


def test_a_long_gap_is_not_drawn_over(recognizer):
    looks = [look(n, {} if 50 <= n < 80 else {0: (10, HAPPY)}) for n in range(130)]
    assert all(not one.bridged for one in smooth(looks, recognizer))


def test_before_a_face_is_first_found_its_place_is_hidden(recognizer):
    looks = [look(n, {0: (10, HAPPY)} if n >= 50 else {}) for n in range(100)]
    seen = smooth(looks, recognizer)
    assert [face.xyxy for face in seen[40].hidden] == [(10, 10, 50, 50)]
    assert seen[40].readings == ()


def test_what_is_not_certain_enough_is_unsure():
    sure = EmotionRecognizer.load("pixels", certainty=0.9)
    seen = smooth([look(n, {0: (10, HAPPY)}) for n in range(30)], sure)
    assert {one.readings[0].emotion for one in seen} == {UNSURE}


def test_a_label_that_is_just_certain_for_a_moment_stays_unsure():
    def certain(n: int, certainty: float) -> FrameReadings:
        rows = np.full((1, 7), (1 - certainty) / 6, np.float32)
        rows[0, HAPPY] = certainty
        face = Face((10, 10, 50, 50), 0.9, 0)
        return frame(n, n / 25, (face,), rows)

    choosy = EmotionRecognizer.load("pixels", certainty=0.5)
    for peak, said in ((0.53, {UNSURE}), (0.9, {UNSURE, "happy"})):
        looks = [certain(n, peak if 50 <= n < 58 else 0.4) for n in range(100)]
        assert {one.readings[0].emotion for one in smooth(looks, choosy)} == said
    lasting = [certain(n, 0.53 if 50 <= n < 75 else 0.4) for n in range(120)]
    assert smooth(lasting, choosy)[62].readings[0].emotion == "happy"


def test_only_a_window_is_held(recognizer):
    given = 0

    def count() -> Iterator[FrameReadings]:
        nonlocal given
        for given in range(2000):
            yield look(given, {0: (10, HAPPY)})

    for seen in smooth_both_ways(count(), recognizer):
        assert given - seen.index <= 25 * 2.6


def test_between_two_readings(recognizer):
    first, second = (
        smooth([look(0, {0: (x, e)})], recognizer)[0].readings[0]
        for x, e in ((10, HAPPY), (50, SAD))
    )
    early = between_readings(first, second, 0.25)
    late = between_readings(first, second, 0.75)
    assert (early.face.xyxy, early.emotion) == ((20, 10, 60, 50), "happy")
    assert (late.face.xyxy, late.emotion) == ((40, 10, 80, 50), "sad")


def test_frames_far_apart_need_not_show_a_face_twice(recognizer):
    looks = [look(n, {0: (10, HAPPY)} if n == 1 else {}, fps=0.2) for n in range(4)]
    assert [len(one) for one in smooth(looks, recognizer)] == [0, 1, 0, 0]
    looks = [look(n, {0: (10, HAPPY)} if n == 1 else {}, fps=1.0) for n in range(4)]
    assert [len(one) for one in smooth(looks, recognizer)] == [0, 0, 0, 0]
