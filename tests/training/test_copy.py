from __future__ import annotations

import pytest

from emocam.errors import UsageError
from emocam.training.balance import undersample
from emocam.training.copy import check_folder_free, write_copy
from emocam.training.dataset import class_counts, open_dataset
from emocam.training.faces import load_faces
from tests.conftest import SIDE, write_fer_csv


def test_the_copy_is_a_data_set_with_the_same_pictures(three_labels, tmp_path):
    dataset = open_dataset(three_labels)
    drawn = undersample(dataset.part("train"), per_class=3)
    target = tmp_path / "copy"
    assert write_copy(dataset, [*drawn, *dataset.part("test")], target) == 33
    copied = open_dataset(target)
    assert class_counts(copied.part("train")) == {"glad": 3, "grim": 3, "odd": 3}
    assert class_counts(copied.part("test")) == {"glad": 8, "grim": 8, "odd": 8}
    for picture in drawn:
        assert (target / picture.name).read_bytes() == (three_labels / picture.name).read_bytes()


def test_rows_of_a_table_become_pictures_with_the_same_pixels(tmp_path):
    dataset = open_dataset(write_fer_csv(tmp_path / "fer2013.csv", 2))
    write_copy(dataset, dataset.part("train"), tmp_path / "copy")
    copied = open_dataset(tmp_path / "copy")
    before = load_faces(dataset, dataset.part("train"), SIDE)
    after = load_faces(copied, copied.part("train"), SIDE)
    assert sorted(image.tobytes() for image in after.images) == sorted(
        image.tobytes() for image in before.images
    )


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path, three_labels):
    for sub in ("a", "b"):
        for label in ("glad", "grim"):
            place = tmp_path / "set" / sub / label
            place.mkdir(parents=True)
            place.joinpath("0.png").write_bytes((three_labels / "train/odd/0.png").read_bytes())
    dataset = open_dataset(tmp_path / "set")
    assert write_copy(dataset, dataset.pictures, tmp_path / "copy") == 4
    assert len(list((tmp_path / "copy").rglob("*.png"))) == 4


def test_a_folder_with_something_in_it_needs_force(tmp_path, three_labels):
    check_folder_free(tmp_path / "new", force=False)
    with pytest.raises(UsageError, match="--force"):
        check_folder_free(three_labels, force=False)
    check_folder_free(three_labels, force=True)


def test_a_folder_of_other_things_is_never_replaced(tmp_path, three_labels):
    (three_labels / "thesis.docx").write_text("years of work")
    with pytest.raises(UsageError, match=r"thesis\.docx"):
        check_folder_free(three_labels, force=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        check_folder_free(tmp_path / "file", force=True)


def test_force_replaces_the_whole_copy(tmp_path, three_labels):
    dataset = open_dataset(three_labels)
    target = tmp_path / "copy"
    write_copy(dataset, dataset.pictures, target)
    write_copy(dataset, undersample(dataset.part("train"), per_class=1), target)
    assert len(list(target.rglob("*.png"))) == 3
    assert [file.name for file in tmp_path.iterdir() if "partial" in file.name] == []
