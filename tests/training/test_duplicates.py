from __future__ import annotations

import cv2
import numpy as np

from emocam.training.dataset import open_dataset
from emocam.training.duplicates import find_duplicates


def test_a_set_without_duplicates_has_none(three_labels):
    found = find_duplicates(open_dataset(three_labels))
    assert set(found.counts().values()) == {0}
    assert found.unreadable == ()


def test_copies_across_parts_and_labels_are_counted(three_labels):
    original = (three_labels / "train/glad/0.png").read_bytes()
    (three_labels / "train/glad/copy.png").write_bytes(original)
    (three_labels / "test/glad/copy.png").write_bytes(original)
    other = (three_labels / "train/odd/1.png").read_bytes()
    (three_labels / "train/grim/copy.png").write_bytes(other)
    found = find_duplicates(open_dataset(three_labels))
    assert found.counts() == {
        "pictures_shown_more_than_once": 2,
        "copies": 3,
        "across_parts": 1,
        "across_labels": 1,
    }
    assert {p.name for p in found.across_labels[0]} == {"train/odd/1.png", "train/grim/copy.png"}


def test_the_same_pixels_in_another_file_format_are_the_same_picture(three_labels):
    image = cv2.imdecode(
        np.frombuffer((three_labels / "train/glad/0.png").read_bytes(), np.uint8), 0
    )
    _, data = cv2.imencode(".bmp", image)
    (three_labels / "train/glad/copy.bmp").write_bytes(data.tobytes())
    assert find_duplicates(open_dataset(three_labels)).copies == 1


def test_unreadable_pictures_are_named_not_duplicates(three_labels):
    for name in ("x", "y"):
        (three_labels / f"train/glad/{name}.png").write_bytes(b"broken")
    found = find_duplicates(open_dataset(three_labels))
    assert found.copies == 0
    assert [name for name, _ in found.unreadable] == ["train/glad/x.png", "train/glad/y.png"]
