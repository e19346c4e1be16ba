from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS, UNSURE, color_rgb
from emocam.render.overlay import Overlay, OverlayOptions, draw
from emocam.types import Box, Face, Reading
from tests.render.pictures import PLAIN, SIZES, changed, count_color, differs, gray, noise, reading


def test_box_and_label_wear_the_emotions_color_and_lie_where_the_face_is() -> None:
    frame = gray(480, 640)
    drawn = Overlay(EMOTIONS).draw(frame, [reading((200, 150, 350, 300))], options=PLAIN)
    x1, y1, x2, y2 = changed(frame, drawn)
    assert 190 <= x1 <= 200
    assert 100 <= y1 < 150  # the label stands above the box
    assert 350 <= x2 <= 380
    assert 300 <= y2 <= 310
    assert count_color(drawn, "happy") > 300
    assert count_color(drawn, "sad") == 0


def test_the_inside_of_a_face_stays_as_it_is() -> None:
    frame = noise(480, 640)
    drawn = Overlay(EMOTIONS).draw(frame, [reading((200, 150, 350, 300))])
    assert np.array_equal(drawn[160:290, 210:340], frame[160:290, 210:340])


def test_emotions_differ_in_shape_too_not_only_in_color() -> None:
    """Their names are different ink where the label stands."""
    inks = []
    for emotion in ("happy", "angry"):
        one = reading((200, 150, 350, 300), emotion=emotion)
        drawn = Overlay(EMOTIONS).draw(gray(480, 640), [one], options=PLAIN)
        inks.append((drawn[110:148, 208:330] > 240).all(axis=2))
    assert (inks[0] != inks[1]).sum() > 50


def test_unsure_is_gray_and_shows_no_certainty() -> None:
    frame = gray(480, 640, 0)
    sure = Overlay(EMOTIONS).draw(frame, [reading((200, 200, 350, 350))], options=PLAIN)
    unsure = Overlay(EMOTIONS).draw(
        frame, [reading((200, 200, 350, 350), emotion=UNSURE)], options=PLAIN
    )
    assert count_color(unsure, UNSURE) > 300
    # What it hesitates between is said in smaller words where a share would stand.
    assert not np.array_equal(unsure[:190], sure[:190])


def test_unsure_says_between_what_it_hesitates() -> None:
    frame, drawn = gray(480, 640, 0), []
    for odds in ((0.1, 0.1, 0.2, 0.3, 0.1, 0.1, 0.1), (0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1)):
        one = Reading(Face((200, 200, 350, 350), 1.0), UNSURE, 0.3, 0, odds, EMOTIONS)
        drawn.append(Overlay(EMOTIONS).draw(frame, [one], options=PLAIN))
    assert differs(drawn[0], drawn[1]).sum() > 20
    small = Reading(Face((200, 200, 240, 240), 1.0), UNSURE, 0.3, 0, odds, EMOTIONS)
    beside = Overlay(EMOTIONS).draw(frame, [small], options=PLAIN)
    assert changed(frame, beside)[2] < 320  # no hint that reaches far beyond a small face


CROWDS = {
    "apart": [(60 + 400 * i, 80, 210 + 400 * i, 230) for i in range(3)],
    "close": [(40 + 150 * i, 200 + 10 * i, 160 + 150 * i, 320 + 10 * i) for i in range(7)],
    "street": [(x, y, x + 48, y + 48) for x, y in ((200, 300), (270, 310), (600, 290), (655, 330))],
    "edge": [(0, 0, 140, 140), (1140, 0, 1280, 140), (0, 580, 140, 720), (150, 570, 290, 710)],
}


@pytest.mark.parametrize("boxes", CROWDS.values(), ids=CROWDS)
@pytest.mark.parametrize("strip", [False, True])
def test_nothing_lies_over_another_face(boxes: list[Box], strip: bool) -> None:
    frame = noise(720, 1280)
    faces = [reading(box, i, EMOTIONS[i % 7]) for i, box in enumerate(boxes)]
    drawn = Overlay(EMOTIONS).draw(frame, faces, options=OverlayOptions(strip=strip))
    for x1, y1, x2, y2 in boxes:
        edge = 8  # the box itself
        inside = np.s_[y1 + edge : y2 - edge, x1 + edge : x2 - edge]
        assert not differs(frame[inside], drawn[:720][inside]).any()


def test_small_faces_have_no_bars() -> None:
    frame = gray(720, 1280)
    small, large = ((600, 300, 600 + side, 300 + side) for side in (48, 200))
    bars = []
    for box in (small, large):
        both = [Overlay(EMOTIONS).draw(frame, [reading(box)], options=OverlayOptions(bars=on))
                for on in (False, True)]  # fmt: skip
        bars.append(differs(*both).any())
    assert bars == [False, True]


def test_a_label_that_is_in_doubt_is_gray_and_shows_its_certainty() -> None:
    frame, one = gray(480, 640, 0), reading((200, 200, 350, 350))
    sure = Overlay(EMOTIONS).draw(frame, [one], options=PLAIN)
    held = Overlay(EMOTIONS).draw(frame, [replace(one, held=True)], options=PLAIN)
    assert count_color(held, one.emotion) == 0
    assert count_color(held, UNSURE) > 300
    assert changed(frame[:190], held[:190]) == changed(frame[:190], sure[:190])


@pytest.mark.parametrize(("width", "height"), [*SIZES[:3], (90, 700), (700, 90), (24, 20)])
@pytest.mark.parametrize("at", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_labels_and_bars_stay_in_the_picture_at_every_corner(
    width: int, height: int, at: tuple[int, int]
) -> None:
    side = max(4, min(width, height) // 5)
    x, y = at[0] * (width - side), at[1] * (height - side)
    frame = gray(height, width)
    one = reading((x, y, x + side, y + side))
    alone = Overlay(EMOTIONS).draw(frame, [one], options=PLAIN)
    assert differs(frame, alone).sum() > side
    if (width, height) in SIZES:
        # As much label shows in the corner as in the middle of a picture of the same size.
        x, y = (width - side) // 2, (height - side) // 2
        middle = Overlay(EMOTIONS).draw(frame, [reading((x, y, x + side, y + side))], options=PLAIN)
        ink = [int((drawn > 240).all(axis=2).sum()) for drawn in (alone, middle)]
        assert ink[0] == pytest.approx(ink[1], rel=0.02)


@pytest.mark.parametrize("box", [(-60, 40, 60, 160), (600, 400, 720, 520), (-50, -50, 700, 530)])
def test_faces_that_reach_over_the_edge_are_drawn(box: Box) -> None:
    drawn = Overlay(EMOTIONS).draw(gray(480, 640), [reading(box)])
    assert (drawn > 240).all(axis=2).sum() > 100  # the words


@pytest.mark.parametrize("value", [0, 128, 255])
def test_words_and_box_stand_out_from_any_ground(value: int) -> None:
    frame = gray(480, 640, value)
    for emotion in (*EMOTIONS, UNSURE):
        drawn = Overlay(EMOTIONS).draw(
            frame, [reading((200, 150, 350, 300), emotion=emotion)], options=PLAIN
        )
        label = drawn[120:148, 208:300].astype(float).mean(axis=2)
        assert label.max() > 200
        assert np.median(label) < 90  # white words on dark ground
        side = drawn[225, 195:206].astype(float).mean(axis=1)  # across the box's left edge
        assert np.ptp(side) > 60 or abs(side - value).max() > 60


def test_labels_of_close_faces_do_not_cover_each_other() -> None:
    faces = [reading((60 + 90 * i, 100 + 10 * i, 180 + 90 * i, 220 + 10 * i), i) for i in range(4)]
    together = Overlay(EMOTIONS).draw(gray(480, 640), faces, options=PLAIN)
    words = int((together > 240).all(axis=2).sum())
    apart = 0
    for one in faces:
        # Two readings, so that the label carries its number; the second stands far away.
        far = reading((500, 400, 620, 470), 7)
        both = Overlay(EMOTIONS).draw(gray(480, 640), [one, far], options=PLAIN)
        alone = Overlay(EMOTIONS).draw(gray(480, 640), [far, far], options=PLAIN)
        apart += int((both > 240).all(axis=2).sum()) - int((alone > 240).all(axis=2).sum())
    assert words > 0.97 * apart


def test_labels_do_not_jump_when_a_face_moves_a_little() -> None:
    overlay = Overlay(EMOTIONS)
    frame = gray(480, 640)
    tops = []
    for step in range(20):
        y = 34 + step % 3  # where above and below the box are about as good
        drawn = overlay.draw(frame, [reading((200, y, 350, y + 150))], options=PLAIN)
        tops.append(changed(frame, drawn)[1])
    assert max(abs(a - b) for a, b in pairwise(tops)) <= 2


def test_bars_can_be_left_out() -> None:
    frame = gray(480, 640)
    one = reading((200, 150, 350, 300))
    with_bars = Overlay(EMOTIONS).draw(frame, [one])
    without = Overlay(EMOTIONS).draw(frame, [one], options=PLAIN)
    beside = np.s_[160:290, 360:480]
    assert differs(frame[beside], with_bars[beside]).mean() > 0.8
    assert not differs(frame[beside], without[beside]).any()


def test_bars_are_as_long_as_the_probabilities() -> None:
    labels = ("a", "b", "c")
    face = Face((100, 150, 250, 300))
    one = Reading(face, "c", 0.75, 0, (0.0, 0.25, 0.75), labels)
    drawn = Overlay(labels).draw(gray(480, 640), [one])
    panel = drawn[150:300, 252:]
    tall = [(panel == np.array(color_rgb(x, labels)[::-1])).all(axis=2) for x in labels]
    lengths = [int(found.sum(axis=1).max()) for found in tall]
    assert lengths[0] == 0
    assert lengths[2] / lengths[1] == pytest.approx(3, rel=0.15)  # each ends in a tick


def test_fading_faces_are_drawn_weaker_and_gone_ones_not_at_all() -> None:
    frame = gray(480, 640, 0)
    one = reading((200, 150, 350, 300), 4)
    light = [
        float(Overlay(EMOTIONS).draw(frame, FrameReadings((one,), opacity=(strength,))).mean())
        for strength in (0.0, 0.5, 1.0)
    ]
    assert light[0] == 0
    assert light[1] == pytest.approx(light[2] / 2, rel=0.05)


def test_fading_leaves_the_rest_of_the_picture_alone() -> None:
    frame = noise(240, 320)
    readings = FrameReadings((reading((20, 30, 80, 90), 1),), opacity=(0.3,))
    drawn = Overlay(EMOTIONS).draw(frame, readings, options=PLAIN)
    assert np.array_equal(drawn[120:], frame[120:])


def test_users_own_labels_in_any_script() -> None:
    labels = ("überrascht", "сердитый", "喜び", "怒り")
    one = reading((100, 100, 200, 200), emotion="überrascht", labels=labels)
    plain = reading((100, 100, 200, 200), emotion="uberrascht",
                    labels=("uberrascht", *labels[1:]))  # fmt: skip
    drawn = [draw(gray(480, 640), [each]) for each in (one, plain)]
    assert differs(drawn[0], drawn[1]).sum() > 3  # the dots of the ü


def test_a_very_long_label_is_shortened_to_fit() -> None:
    labels = ("x" * 400, "b")
    frame = gray(240, 320)
    drawn = Overlay(labels).draw(frame, [reading((100, 100, 160, 160), 0, labels[0], labels)])
    x1, _, x2, _ = changed(frame, drawn)
    assert x1 >= 0
    assert x2 <= 320
    assert (drawn > 240).all(axis=2).sum() > 30


def test_twenty_faces_are_all_labelled() -> None:
    frame = gray(1080, 1920)
    faces = [
        reading((60 + i % 5 * 370, 60 + i // 5 * 250, 160 + i % 5 * 370, 160 + i // 5 * 250), i)
        for i in range(20)
    ]
    drawn = Overlay(EMOTIONS).draw(frame, faces)
    for one in faces:
        x1, y1, x2, _ = one.face.xyxy
        above = drawn[y1 - 45 : y1, x1:x2]
        assert (above > 240).all(axis=2).sum() > 20
