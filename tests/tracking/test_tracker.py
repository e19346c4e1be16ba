"""Faces keep their numbers; boxes and times are made by hand, no camera needed."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.tracking.tracker import FaceTracker, overlap
from emocam.types import Box, Face, ImageU8


def face(x: float, y: float = 100, side: float = 80) -> Face:
    return Face((round(x), round(y), round(x + side), round(y + side)), 0.9)


def ids(faces: list[Face]) -> list[int]:
    return [one.id for one in faces]


def test_a_face_is_shown_from_its_second_hit() -> None:
    tracker = FaceTracker()
    assert tracker.update([face(50)], 0.0) == []
    assert ids(tracker.update([face(52)], 0.04)) == [0]


def test_a_false_face_that_flashes_up_is_never_shown() -> None:
    tracker = FaceTracker()
    for step in range(20):
        flash = [face(300)] if step % 15 == 7 else []
        shown = tracker.update([face(50), *flash], step * 0.04)
        assert len(shown) == (step > 0)
        assert len(tracker.at(step * 0.04)) == (step > 0)


@pytest.mark.parametrize("fps", [5, 15, 30, 60])
def test_the_number_stays_through_a_turn_of_the_head_at_any_rate(fps: int) -> None:
    tracker = FaceTracker()
    seen: set[int] = set()
    for step in range(4 * fps):
        time_s = step / fps
        hidden = 1.5 < time_s < 2.5  # turned away for a second while it moves on
        faces = [] if hidden else [face(50 + 40 * time_s)]
        seen |= set(ids(tracker.update(faces, time_s)))
    assert seen == {0}


def test_a_face_that_comes_back_later_gets_a_new_number() -> None:
    tracker = FaceTracker(keep_s=1.0)
    for time_s in (0.0, 0.1, 3.0, 3.1):
        shown = tracker.update([face(50)], time_s)
    assert ids(shown) == [1]


def dressed(boxes: dict[str, Box]) -> ImageU8:
    frame = np.full((400, 640, 3), 90, np.uint8)
    colors = {"red": (40, 40, 220), "green": (40, 200, 40)}
    for name, (x1, y1, x2, y2) in boxes.items():
        frame[y1 : y2 + (y2 - y1), x1:x2] = colors[name]
    return frame


def test_numbers_are_not_mixed_up_when_two_faces_cross() -> None:
    tracker = FaceTracker()
    owner: dict[int, str] = {}
    for step in range(60):
        x = {"red": 60 + 7 * step, "green": 480 - 7 * step}
        boxes = {name: face(place).xyxy for name, place in x.items()}
        visible = ["red"] if abs(x["red"] - x["green"]) < 60 else ["red", "green"]
        frame = dressed({name: boxes[name] for name in reversed(visible)})
        shown = tracker.update([Face(boxes[name]) for name in visible], step / 25, frame)
        for one in shown:
            name = min(visible, key=lambda n: abs(boxes[n][0] - one.xyxy[0]))
            if abs(x["red"] - x["green"]) > 120:
                assert owner.setdefault(one.id, name) == name
    assert sorted(owner) == [0, 1]


def test_a_face_at_rest_does_not_tremble() -> None:
    tracker, noise = FaceTracker(), np.random.default_rng(0)
    raw, steady = [], []
    for step in range(100):
        found = face(100 + noise.normal(0, 2))
        raw.append(found.xyxy[0])
        steady += [one.xyxy[0] for one in tracker.update([found], step / 25)]
    assert np.std(np.diff(steady)) < 0.4 * np.std(np.diff(raw))


def test_a_moving_face_is_not_left_behind() -> None:
    tracker = FaceTracker()
    for step in range(25):
        found = face(50 + 10 * step)  # three face widths a second
        shown = tracker.update([found], step / 25)
    assert overlap(shown[0].xyxy, found.xyxy) > 0.85


def test_a_face_moves_along_between_analyses() -> None:
    tracker = FaceTracker()
    for step in range(25):
        tracker.update([face(50 + 5 * step)], step / 25)
    later = tracker.at(24 / 25 + 0.08)[0].face
    assert later.xyxy[0] == pytest.approx(50 + 5 * 26, abs=4)


def test_a_lost_face_fades() -> None:
    tracker = FaceTracker()
    for step in range(5):
        tracker.update([face(50)], step / 25)
    assert tracker.at(0.16)[0].fade == 1.0
    tracker.update([], 0.20)
    assert 0 < tracker.at(0.40)[0].fade < 1
    assert tracker.at(1.0) == []


def test_places_are_used_again_but_never_twice_at_once() -> None:
    tracker = FaceTracker(keep_s=0.5)
    for step in range(5):
        tracker.update([face(50), face(300)], step / 25)
    assert sorted(one.place for one in tracker.at(0.16)) == [0, 1]
    for step in range(5, 30):
        tracker.update([face(300)], step / 25)
    for step in range(30, 33):
        tracker.update([face(300), face(500)], step / 25)
    assert {one.face.id: one.place for one in tracker.at(1.28)} == {1: 1, 2: 0}


def test_a_clip_that_starts_over_forgets() -> None:
    tracker = FaceTracker()
    for time_s in (5.0, 5.1, 0.0, 0.1):
        shown = tracker.update([face(50)], time_s)
    assert ids(shown) == [1]


def test_boxes_to_search_near_include_faces_lost_a_moment_ago() -> None:
    tracker = FaceTracker()
    tracker.update([face(50)], 0.0)
    tracker.update([face(50)], 0.1)
    tracker.update([], 0.2)
    assert len(tracker.boxes) == 1
    tracker.update([], 2.0)
    assert tracker.boxes == []
