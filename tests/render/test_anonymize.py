from __future__ import annotations

import cv2
import numpy as np
import pytest

from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS
from emocam.render.anonymize import blur_heads, head_box, paint_out_heads
from emocam.render.overlay import Overlay, OverlayOptions
from emocam.types import Face, ImageU8, Reading

BOX = (220, 160, 420, 360)
ODDS = (0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)
READING = Reading(Face(BOX, 1.0, 2), "angry", 0.4, 0, ODDS, EMOTIONS)
BLUR, PAINT = OverlayOptions(blur=True, bars=False), OverlayOptions(anonymous=True, bars=False)


def noise(seed: int = 0) -> ImageU8:
    return np.random.default_rng(seed).integers(0, 256, (480, 640, 3)).astype(np.uint8)


def detail(picture: ImageU8) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_64F).var())


def inside(picture: ImageU8) -> ImageU8:
    x1, y1, x2, y2 = BOX
    return picture[y1 + 12 : y2 - 12, x1 + 12 : x2 - 12]


def test_no_detail_of_the_face_is_left() -> None:
    picture = noise()
    blur_heads(picture, [BOX])
    assert detail(inside(picture)) < 0.001 * detail(inside(noise()))


def test_faces_with_the_same_few_colors_become_the_very_same_picture() -> None:
    """What one hides can't be told from the result: many pictures give the same."""
    calm, wild = np.full((480, 640, 3), 136, np.uint8), np.full((480, 640, 3), 136, np.uint8)
    x1, y1, x2, y2 = BOX
    pattern = np.where(np.indices((y2 - y1, x2 - x1)).sum(axis=0) % 2, 36, 236)
    wild[y1:y2, x1:x2] = pattern[..., None]
    for picture in (calm, wild):
        blur_heads(picture, [BOX])
    assert np.array_equal(inside(calm), inside(wild))


@pytest.mark.parametrize("hide", [blur_heads, paint_out_heads])
def test_the_whole_box_and_the_hair_above_are_covered_and_nothing_far_away(hide) -> None:  # type: ignore[no-untyped-def]
    picture, before = noise(), noise()
    hide(picture, [BOX])
    same = (picture == before).all(axis=2)
    x1, y1, x2, y2 = BOX
    assert same[y1:y2, x1:x2].mean() < 0.001
    assert same[y1 - 60 : y1, x1 + 60 : x2 - 60].mean() < 0.001  # hair
    assert same[y1 + 60 : y2 - 60, x1 - 30 : x1].mean() < 0.001  # ears
    left, top, right, bottom = head_box(BOX)
    outside = np.ones(same.shape, bool)
    outside[top : bottom + 1, left : right + 1] = False
    assert same[outside].all()


@pytest.mark.parametrize(
    "box", [(-90, -90, 60, 60), (600, 440, 760, 600), (-400, -400, -300, -300)]
)
@pytest.mark.parametrize("hide", [blur_heads, paint_out_heads])
def test_heads_at_and_beyond_the_edge(hide, box) -> None:  # type: ignore[no-untyped-def]
    picture, before = noise(), noise()
    hide(picture, [box])
    x1, y1, x2, y2 = (max(0, part) for part in box)
    assert not (picture == before).all(axis=2)[y1:y2, x1:x2].any()


def test_painted_out_is_one_color() -> None:
    picture = noise()
    paint_out_heads(picture, [BOX])
    assert len(np.unique(inside(picture).reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize("options", [BLUR, PAINT])
def test_fading_faces_stay_hidden_wholly(options: OverlayOptions) -> None:
    for strength in (0.0, 0.3, 1.0):
        readings = FrameReadings((READING,), opacity=(strength,))
        drawn = Overlay(EMOTIONS).draw(noise(), readings, options=options)
        assert detail(inside(drawn)) < 0.001 * detail(inside(noise()))


def test_a_face_that_is_missed_for_a_moment_does_not_flash_up() -> None:
    overlay = Overlay(EMOTIONS)
    overlay.draw(noise(), [READING], time_s=10.0, options=BLUR)
    drawn = overlay.draw(noise(), [], time_s=11.5, options=BLUR)
    assert detail(inside(drawn)) < 0.001 * detail(inside(noise()))
    later = overlay.draw(noise(), [], time_s=13.0, options=BLUR)
    assert np.array_equal(later, noise())


def test_a_missed_face_stays_hidden_in_a_picture_that_stands_still() -> None:
    overlay = Overlay(EMOTIONS)
    overlay.draw(noise(), [READING], time_s=10.0, taken_s=10.0, options=BLUR)
    for now_s in (10.5, 30.0, 300.0):
        drawn = overlay.draw(noise(), [], time_s=now_s, taken_s=10.2, options=BLUR)
        assert detail(inside(drawn)) < 0.001 * detail(inside(noise()))


def test_hiding_can_be_switched_off_at_once() -> None:
    overlay = Overlay(EMOTIONS)
    overlay.draw(noise(), [READING], time_s=10.0, options=BLUR)
    drawn = overlay.draw(noise(), [], time_s=10.1, options=OverlayOptions(bars=False))
    assert np.array_equal(drawn, noise())
