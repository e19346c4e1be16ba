from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from emocam.errors import DatasetError, UsageError
from emocam.training.dataset import class_counts, open_dataset
from emocam.training.faces import load_faces
from tests.conftest import SIDE, made_up_picture, write_dataset, write_fer_csv, zip_folder

LABELS = ("glad", "grim", "odd")


def test_a_folder_with_parts(three_labels):
    dataset = open_dataset(three_labels)
    assert dataset.labels == LABELS
    assert class_counts(dataset.part("train")) == dict.fromkeys(LABELS, 8)
    assert class_counts(dataset.part("all")) == dict.fromkeys(LABELS, 16)
    assert {picture.part for picture in dataset.part("test")} == {"test"}


def test_a_folder_without_parts_is_given_whole(tmp_path):
    dataset = open_dataset(write_dataset(tmp_path / "x", ("Happy", "sad"), 3))
    assert dataset.labels == ("happy", "sad")
    assert len(dataset.part("test")) == len(dataset.part("train")) == 6


@pytest.mark.parametrize("top", ["", "fer2013", "archive/fer2013"])
def test_a_zip_gives_the_same_faces_as_its_folder(three_labels, tmp_path, top):
    packed = open_dataset(zip_folder(three_labels, tmp_path / "faces.zip", top=top))
    folder = open_dataset(three_labels)
    for part in ("train", "test"):
        one = load_faces(packed, packed.part(part), SIDE)
        other = load_faces(folder, folder.part(part), SIDE)
        assert one.digest() == other.digest()
        assert one.labels == other.labels == LABELS


def test_a_zip_of_windows_separators_and_mac_leftovers(three_labels, tmp_path):
    target = tmp_path / "faces.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(three_labels.rglob("*.png")):
            name = str(file.relative_to(three_labels)).replace("/", "\\")
            archive.writestr(name, file.read_bytes())
        archive.writestr("__MACOSX/train/glad/._0.png", b"resource fork")
        archive.writestr("train/glad/._0.png", b"resource fork")
    dataset = open_dataset(target)
    assert class_counts(dataset.part("train")) == dict.fromkeys(LABELS, 8)


@pytest.mark.parametrize(
    "name", ["../train/glad/0.png", "/etc/glad/0.png", "C:/glad/0.png", "train\\..\\..\\x.png"]
)
def test_a_zip_with_an_unsafe_path_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(name, b"")
    with pytest.raises(DatasetError, match="unsafe path"):
        open_dataset(tmp_path / "bad.zip")


def test_damaged_members_of_a_zip_are_left_out_by_name(three_labels, tmp_path):
    packed = zip_folder(three_labels, tmp_path / "faces.zip")
    data = bytearray(packed.read_bytes())
    with zipfile.ZipFile(packed) as archive:
        info = archive.getinfo("train/glad/3.png")
    data[info.header_offset + 60] ^= 0xFF  # inside the stored picture: its checksum fails
    packed.write_bytes(data)
    dataset = open_dataset(packed)
    faces = load_faces(dataset, dataset.part("train"), SIDE)
    assert len(faces.images) == 23
    assert [name for name, _ in faces.skipped] == ["train/glad/3.png"]
    assert "damaged in the zip" in faces.skipped[0][1]


def test_half_a_zip_is_a_clear_error(three_labels, tmp_path):
    packed = zip_folder(three_labels, tmp_path / "faces.zip")
    packed.write_bytes(packed.read_bytes()[:2000])
    with pytest.raises(DatasetError, match="neither a zip"):
        open_dataset(packed)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("header", ["emotion,pixels,Usage", "emotion, Usage, pixels"])
def test_fer2013_as_a_table(tmp_path, header, mark):
    table = write_fer_csv(tmp_path / "fer2013.csv", 2, header=header)
    table.write_bytes(mark + table.read_bytes())
    dataset = open_dataset(table)
    assert dataset.labels == ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
    assert len(dataset.part("train")) == 14
    assert len(dataset.part("test")) == 28  # PublicTest and PrivateTest
    faces = load_faces(dataset, dataset.part("train"), SIDE)
    # FER2013's number 4 is sad, the fifth bar; the label of the sixth in the alphabet.
    sad = faces.images[faces.targets == faces.labels.index("sad")]
    assert np.array_equal(sad[0], made_up_picture(4, 0))


@pytest.mark.parametrize("name", ["fer2013.csv", "icml_face_data.csv"])
def test_the_table_is_found_in_a_folder_and_in_a_zip(tmp_path, name):
    folder = tmp_path / "download"
    folder.mkdir()
    write_fer_csv(folder / name, 1, header="emotion, Usage, pixels")
    packed = zip_folder(folder, tmp_path / "download.zip", top="fer2013")
    assert open_dataset(folder).pictures == open_dataset(packed).pictures != ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it has: none"),
        ("a,b\n1,2\n", "it has: a, b"),
        ("emotion,pixels,Usage\n9,0 0,Training\n", "line 2: emotion should be 0 to 6, it is '9'"),
        ("emotion,pixels,Usage\n,0 0,Training\n", "emotion should be 0 to 6, it is ''"),
        ("emotion,pixels\n0," + "0 " * 70_000 + "\n", "field larger than field limit"),
    ],
)
def test_a_table_that_is_not_fer2013_says_what_it_has(tmp_path, text, message):
    (tmp_path / "fer2013.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        open_dataset(tmp_path / "fer2013.csv")


@pytest.mark.parametrize("pixels", ["", "1 2 x", "300 " * 64, "-1 " * 64, "1 " * 65, "1.5 " * 64])
def test_rows_without_a_square_picture_are_left_out(tmp_path, pixels):
    table = write_fer_csv(tmp_path / "fer2013.csv", 1)
    with table.open("a") as file:
        file.write(f"0,{pixels},Training\n")
    dataset = open_dataset(table)
    faces = load_faces(dataset, dataset.part("train"), SIDE)
    assert len(faces.images) == 7
    assert [name for name, _ in faces.skipped] == ["line 23"]


def test_without_pictures_there_is_nothing_to_do(tmp_path):
    with pytest.raises(UsageError, match="no pictures in folders"):
        open_dataset(tmp_path)
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n")
    with pytest.raises(UsageError, match="a heading line and no pictures"):
        open_dataset(tmp_path / "fer2013.csv")


@pytest.mark.parametrize("packed", [False, True])
def test_an_empty_class_is_an_error(three_labels, tmp_path, packed):
    (three_labels / "train" / "sour").mkdir()
    path = zip_folder(three_labels, tmp_path / "faces.zip") if packed else three_labels
    with pytest.raises(DatasetError, match="'train/sour' has no pictures"):
        open_dataset(path)


def test_other_folders_beside_the_parts_do_no_harm(three_labels):
    (three_labels / "notes").mkdir()
    (three_labels / "train" / ".cache").mkdir()
    assert open_dataset(three_labels).labels == LABELS


def test_one_label_is_not_enough(tmp_path):
    with pytest.raises(DatasetError, match=r"one label only \(glad\)"):
        open_dataset(write_dataset(tmp_path / "x", ("glad",), 3))


def test_a_path_that_is_nothing(tmp_path):
    with pytest.raises(UsageError, match="there is no data set"):
        open_dataset(tmp_path / "nowhere")
    (tmp_path / "text.txt").write_text("x")
    with pytest.raises(DatasetError, match="neither a zip, a folder nor"):
        open_dataset(tmp_path / "text.txt")


def test_a_missing_part_says_which_there_are(tmp_path):
    dataset = open_dataset(write_dataset(tmp_path / "x", LABELS, 2, parts=("train",)))
    with pytest.raises(UsageError, match="no test part, only: train"):
        dataset.part("test")


def test_the_shared_download_holds_what_its_makers_counted(shared_data: Path):
    dataset = open_dataset(shared_data / "fer2013.zip")
    counted = class_counts(dataset.part("train"))
    assert sum(counted.values()) == 28_709
    assert counted["disgust"] == 436
    assert len(dataset.part("test")) == 3_589
