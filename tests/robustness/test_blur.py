"""With heads blurred, no head that was ever found stays sharp, whatever is pressed meanwhile."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest

from emocam.live.sinks import LiveSinks
from emocam.live.view import LiveView
from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS
from emocam.types import Box, Face, Frame, ImageU8, Reading

HEADS: tuple[Box, Box] = ((40, 60, 120, 140), (400, 200, 520, 320))
SIZE_WH = (640, 480)


def noise(size_wh: tuple[int, int] = SIZE_WH) -> ImageU8:
    """A picture that is sharp everywhere."""
    rng = np.random.default_rng(4)
    return rng.integers(0, 255, (size_wh[1], size_wh[0], 3), dtype=np.uint8)


def reading(number: int, box: Box) -> Reading:
    probabilities = (0.4, *(0.1,) * 6)
    return Reading(Face(box, 0.9, number), EMOTIONS[0], 0.4, 0, probabilities, EMOTIONS)


def sharpness(picture: ImageU8, box: Box) -> float:
    """Of the middle of a box: labels and lines at its edge are meant to be sharp."""
    x1, y1, x2, y2 = box
    dx, dy = (x2 - x1) // 4, (y2 - y1) // 4
    gray = cv2.cvtColor(picture[y1 + dy : y2 - dy, x1 + dx : x2 - dx], cv2.COLOR_BGR2GRAY)
    return float(cv2.Laplacian(gray, cv2.CV_64F).var())


class Shown:
    clients = 1

    def show(self, frame_bgr: ImageU8, readings: str) -> None:
        self.picture = frame_bgr


def place(box: Box, size_wh: tuple[int, int], mirrored: bool) -> Box:
    across, down = size_wh[0] / SIZE_WH[0], size_wh[1] / SIZE_WH[1]
    x1, y1, x2, y2 = box
    x1, x2 = round(x1 * across), round(x2 * across)
    x1, x2 = (size_wh[0] - x2, size_wh[0] - x1) if mirrored else (x1, x2)
    return x1, round(y1 * down), x2, round(y2 * down)


@pytest.mark.parametrize(
    ("key", "mirrored", "size_wh", "missed"),
    [
        *product("ba", (False, True), (SIZE_WH, (320, 240)), ((0,), (1,), (0, 1))),
    ],
)
def test_a_missed_head_stays_covered_through_mirror_and_size(key, mirrored, size_wh, missed):
    screen = Shown()
    view = LiveView(EMOTIONS, LiveSinks(browser=screen))  # type: ignore[arg-type]
    view.controls.press(key)
    view.controls.press("p")  # bars over a head would be sharp themselves
    faces = [reading(number, box) for number, box in enumerate(HEADS)]
    view.show(Frame(noise(), 0, 1.0, "x"), FrameReadings(tuple(faces), 0, 1.0), now_s=1.0, fps=30)
    if mirrored:
        view.controls.press("m")
    left = tuple(
        reading(one.face.id, place(one.face.xyxy, size_wh, False))
        for one in faces
        if one.face.id not in missed
    )
    frame = Frame(noise(size_wh), 1, 1.2, "x")
    view.show(frame, FrameReadings(left, 1, 1.2), now_s=1.2, fps=30)
    for box in HEADS:
        at = place(box, size_wh, mirrored)
        assert sharpness(screen.picture, at) < 0.05 * sharpness(frame.image_bgr, at)


def test_faces_that_are_left_out_are_covered_too():
    screen = Shown()
    view = LiveView(EMOTIONS, LiveSinks(browser=screen))  # type: ignore[arg-type]
    view.controls.press("b")
    view.controls.press("p")
    both = FrameReadings(tuple(reading(n, box) for n, box in enumerate(HEADS)), 0, 1.0)
    view.show(Frame(noise(), 0, 1.0, "x"), both[:1], now_s=1.0, fps=30)
    for box in HEADS:
        assert sharpness(screen.picture, box) < 0.05 * sharpness(noise(), box)
