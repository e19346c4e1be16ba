"""What a notebook shows of readings and pictures."""

from __future__ import annotations

import cv2
import numpy as np

from emocam.readings import FrameReadings
from emocam.types import Face, Frame, Reading


def reading(label: str = "calm") -> Reading:
    return Reading(Face((10, 12, 50, 52), id=3), label, 0.75, 0, (0.75, 0.25), (label, "tense"))


def test_a_reading_shows_its_label_place_and_bars():
    html = reading()._repr_html_()
    for part in ("face 3: calm", "75%", "tense", "25%", "10, 12 – 50, 52"):
        assert part in html


def test_labels_of_a_users_own_are_text_not_markup():
    html = reading("<script>alert(1)</script>")._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_frame_without_faces_says_so():
    assert "no face" in FrameReadings()._repr_html_()
    assert FrameReadings((reading(), reading()))._repr_html_().count("face 3") == 2


def test_a_frame_shows_itself_as_a_picture():
    image_bgr = np.full((6, 8, 3), (200, 10, 60), np.uint8)
    png = np.frombuffer(Frame(image_bgr)._repr_png_(), np.uint8)
    assert np.array_equal(cv2.imdecode(png, cv2.IMREAD_COLOR), image_bgr)
