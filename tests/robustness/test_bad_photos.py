"""Every bad photo ends in the table with a status, and is still there as it was."""

from __future__ import annotations

import csv
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emocam.io.photos import read_photo
from tests.cli.test_commands import run
from tests.robustness.bad_photos import BAD_PHOTOS, BadPhoto, face


def contents(folder: Path) -> dict[str, str]:
    """What lies in a folder: links by where they lead, files by their size and a hash."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_symlink():
            found[str(path)] = str(path.readlink())
        elif path.is_file():
            with path.open("rb") as file:
                hashed = hashlib.sha1(file.read(1 << 20)).hexdigest()
            found[str(path)] = f"{path.stat().st_size} {hashed}"
        else:
            found[str(path)] = "folder or pipe"
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def photos(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("bad", BAD_PHOTOS, ids=lambda bad: repr(bad.name))
def test_a_bad_photo_is_a_row_that_says_what_is_wrong(
    capsys, photos, in_this_process, bad: BadPhoto
):
    path = photos / os.fsdecode(bad.name)
    bad.make(path)
    before = contents(photos)
    code, _, err = run(capsys, "label", path, "-o", "table.csv")
    (row, *_) = rows_of(Path("table.csv"))
    assert row["status"] in bad.status.split(), row
    assert bad.reason in row["reason"]
    assert len(row["reason"]) <= 300
    assert code == (0 if row["status"] in ("ok", "no_face") else 1)
    assert all(line.startswith("emocam: ") for line in err.splitlines()), err
    assert contents(photos) == before
    assert sorted(one.name for one in photos.parent.iterdir()) == [
        "photos", "table.csv", "table.csv.progress",
    ]  # fmt: skip


def test_all_of_them_in_one_folder_end_in_one_table(capsys, photos, in_this_process):
    for bad in BAD_PHOTOS:
        bad.make(photos / os.fsdecode(bad.name))
    code, out, err = run(capsys, "label", photos, "-o", "table.csv", "--gallery", "all.html")
    assert code == 1, err
    assert f"{len(BAD_PHOTOS)} photos" in out, err
    assert len({row["source"] for row in rows_of(Path("table.csv"))}) == len(BAD_PHOTOS)


def test_folders_that_link_in_a_circle_end(capsys, photos, in_this_process):
    (photos / "deep").mkdir()
    (photos / "deep" / "back").symlink_to(photos)
    face().save(photos / "deep" / "a.jpg")
    assert run(capsys, "label", photos, "-o", "table.csv")[0] == 0
    assert len(rows_of(Path("table.csv"))) == 1


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif", "avif"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_every_exif_turn_is_upright_in_every_format(photos, kind, turn):
    upright = np.zeros((48, 64, 3), np.uint8)
    upright[:24, :32] = 255  # bright on the top left
    # What undoes each turn is what the camera did.
    stored = upright
    if turn in (2, 3, 6, 7):
        stored = stored[:, ::-1]
    if turn in (3, 4, 7, 8):
        stored = stored[::-1]
    if turn in (5, 6, 7, 8):
        stored = stored.swapaxes(0, 1)
    exif = Image.Exif()
    exif[0x0112] = turn
    path = photos / f"turned.{kind}"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)
    read = read_photo(path)
    assert read.shape == upright.shape
    assert np.abs(read.astype(int) - upright).mean() < 3
