from __future__ import annotations

import pytest

from emocam.errors import UsageError
from emocam.study.participant_face import parse_face
from emocam.types import Face

LEFT, RIGHT = Face((20, 20, 60, 60), id=1), Face((120, 20, 180, 80), id=2)
SIZE = (200, 100)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("largest", 2),
        ("left", 1),
        ("right", 2),
        ("0.5 0 1 1", 2),
        ("0, 0, 0.5, 1", 1),
        ("left 0.5", None),  # 40 of 100 pixels are too small
        ("left 0.3", 1),
        ("centre", None),
    ],
)
def test_a_place_and_a_size_choose_the_face(text: str, expected: int | None) -> None:
    chosen = parse_face(text).choose([LEFT, RIGHT], SIZE)
    assert (None if chosen is None else chosen.id) == expected


def test_the_face_of_before_stays_until_another_is_clearly_larger() -> None:
    near = Face((100, 20, 145, 65), id=3)
    assert parse_face("largest").choose([LEFT, near], SIZE, before=1) is LEFT
    assert parse_face("largest").choose([LEFT, RIGHT], SIZE, before=1) is RIGHT


@pytest.mark.parametrize("text", ["", "behind", "0 0 1", "0.5 0 0.2 1", "left 2", "0 0 1 1 0.1 3"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="largest, left, right, centre or a region"):
        parse_face(text)
