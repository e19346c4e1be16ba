from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.labels import EMOTIONS
from emocam.render.overlay import Overlay, OverlayOptions, text_size
from tests.render.pictures import SIZES, changed, gray, reading


def test_nothing_to_draw_gives_an_equal_copy() -> None:
    frame = gray(240, 320)
    drawn = Overlay(EMOTIONS).draw(frame, [])
    assert np.array_equal(drawn, frame)
    assert not np.shares_memory(drawn, frame)


def test_the_frame_given_is_not_changed() -> None:
    frame = gray(480, 640)
    overlay = Overlay(EMOTIONS)
    overlay.remember([reading((200, 150, 350, 300))], 0.0)
    overlay.draw(
        frame, [reading((200, 150, 350, 300))], time_s=1.0, numbers="30 fps", notice="lost",
        recording=True, help_lines=[("q", "quit")], options=OverlayOptions(True, True, True, True),
    )  # fmt: skip
    assert (frame == 128).all()


def test_mirrored_frames_are_drawn_too() -> None:
    frame = gray(480, 640)[:, ::-1]
    drawn = Overlay(EMOTIONS).draw(frame, [reading((200, 150, 350, 300))])
    assert drawn.flags.c_contiguous
    assert not np.array_equal(drawn, frame)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_text_grows_with_the_picture_but_slower(width: int, height: int) -> None:
    assert 0.02 <= text_size(width, height) / height <= 0.05


@pytest.mark.parametrize(("width", "height"), SIZES[:3])
def test_notes_to_the_user_are_drawn_inside(width: int, height: int) -> None:
    frame = gray(height, width)
    overlay = Overlay(EMOTIONS)
    long = "camera lost: trying again in 4 s (is it unplugged, or used by another program?)"
    keys = [(letter, f"what {letter} does when you press it") for letter in "mptbasrcnfhq"]
    for note in ({"numbers": "camera 30 fps · analysis 24 fps · age 38 ms"}, {"notice": long},
                 {"recording": True}, {"help_lines": keys}):  # fmt: skip
        drawn = overlay.draw(frame, [], **note)  # type: ignore[arg-type]
        x1, y1, x2, y2 = changed(frame, drawn)
        assert x1 > 0, note
        assert y1 > 0, note
        assert x2 < width, note
        assert y2 < height, note
        assert (drawn > 190).all(axis=2).any(), note


def test_recording_is_a_red_dot_and_a_word() -> None:
    frame = gray(480, 640)
    drawn = Overlay(EMOTIONS).draw(frame, [], recording=True)
    blue, green, red = (drawn[..., part].astype(int) for part in range(3))
    assert ((red - green > 150) & (red - blue > 150)).sum() > 40
    assert (drawn > 240).all(axis=2).sum() > 40
