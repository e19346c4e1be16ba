from __future__ import annotations

import cv2
import numpy as np
import pytest

from emocam.errors import DatasetError
from emocam.training.dataset import open_dataset
from emocam.training.faces import Faces, check_learnable, load_faces, to_training_format
from tests.conftest import SIDE, made_up_picture

LABELS = ("glad", "grim", "odd")


def test_unreadable_pictures_are_named_and_counted(three_labels):
    (three_labels / "train/glad/0.png").write_bytes(b"")
    (three_labels / "train/glad/1.png").write_bytes(b"no picture")
    dataset = open_dataset(three_labels)
    faces = load_faces(dataset, dataset.part("train"), SIDE)
    assert faces.skipped == (
        ("train/glad/0.png", "the file is empty"),
        ("train/glad/1.png", "not a picture that can be decoded"),
    )
    assert len(faces.images) == len(faces.targets) == len(faces.names) == 22


def test_a_class_without_a_readable_picture_is_an_error(three_labels):
    for file in (three_labels / "train/odd").iterdir():
        file.write_bytes(b"")
    dataset = open_dataset(three_labels)
    faces = load_faces(dataset, dataset.part("train"), SIDE)
    with pytest.raises(DatasetError, match="no readable training picture of: odd"):
        check_learnable(faces)


@pytest.mark.parametrize("what", ["blank", "the same"])
def test_faces_that_show_nothing_are_an_error(what):
    alike = np.empty((6, SIDE, SIDE), np.uint8)
    if what == "blank":
        alike[:] = np.arange(0, 240, 40)[:, None, None]  # each of another grey
    else:
        alike[:] = made_up_picture(1, 5)
    faces = Faces(alike, np.array([0, 1, 2] * 2), LABELS, tuple("abcdef"))
    with pytest.raises(DatasetError, match=f"all 6 training pictures are {what}; "):
        check_learnable(faces)
    alike[5, 3, 3] += 1
    check_learnable(faces)


def test_a_set_of_nothing_readable_is_an_error(three_labels):
    for file in three_labels.rglob("*.png"):
        file.write_bytes(b"")
    dataset = open_dataset(three_labels)
    with pytest.raises(DatasetError, match="none of the 24 pictures"):
        load_faces(dataset, dataset.part("train"), SIDE)


def test_labels_that_the_model_does_not_know(three_labels):
    dataset = open_dataset(three_labels)
    with pytest.raises(DatasetError, match=r"doesn't know: odd; it knows: glad, grim"):
        load_faces(dataset, dataset.pictures, SIDE, ("glad", "grim"))


def test_the_order_of_labels_is_the_models(three_labels):
    dataset = open_dataset(three_labels)
    faces = load_faces(dataset, dataset.part("train"), SIDE, ("odd", "grim", "glad"))
    first = faces.names.index("train/odd/0.png")
    assert faces.targets[first] == 0


def test_colour_and_size_become_the_training_format():
    _, data = cv2.imencode(".png", np.full((100, 60, 3), (0, 0, 255), np.uint8))
    gray = to_training_format(data.tobytes(), 48)
    assert gray.shape == (48, 48)
    assert gray.dtype == np.uint8
    assert set(np.unique(gray)) == {76}  # 0.299 of red (ITU-R BT.601)


def test_a_picture_of_the_right_size_is_not_touched():
    image = made_up_picture(1, 5)
    assert np.array_equal(to_training_format(image, SIDE), image)


def test_progress_counts_to_the_end(three_labels):
    dataset = open_dataset(three_labels)
    seen: list[int] = []
    load_faces(dataset, dataset.part("train"), SIDE, progress=seen.append)
    assert seen == list(range(1, 25))
