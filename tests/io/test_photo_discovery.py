"""Photos found in folders, by patterns and at addresses."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from emocam.errors import SetupError, SourceError, UsageError
from emocam.io.photo_discovery import find_photos


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return folder


def found(folder: Path, *inputs: str, leave_out: tuple[Path, ...] = ()) -> list[str]:
    photos = list(find_photos(inputs or [str(folder)], leave_out))
    return sorted(Path(photo.address).relative_to(folder).as_posix() for photo in photos)


def test_folders_are_searched_at_any_depth_for_pictures(tmp_path: Path) -> None:
    make(tmp_path, "a.JPG", "sub/deep/b.png", "sub/c.heic", "d.nef", "notes.txt", "._a.JPG", "jpg")
    assert found(tmp_path) == ["a.JPG", "d.nef", "sub/c.heic", "sub/deep/b.png"]


def test_files_named_themselves_count_whatever_they_are(tmp_path: Path) -> None:
    make(tmp_path, "scan.dat")
    assert found(tmp_path, str(tmp_path / "scan.dat")) == ["scan.dat"]


def test_addresses_start_as_they_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "album/a.jpg")
    monkeypatch.chdir(tmp_path)
    given = ["album", "album/a.jpg", "./album", "album/*.jpg"]
    addresses = [photo.address for photo in find_photos(given)]
    assert addresses == ["album/a.jpg", "album/a.jpg", "./album/a.jpg", "album/a.jpg"]


def test_patterns(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.png", "sub/c.jpg", "sub/d.txt", "x[1].jpg")
    assert found(tmp_path, str(tmp_path / "*.jpg")) == ["a.jpg", "x[1].jpg"]
    assert set(found(tmp_path, str(tmp_path / "**" / "*.jpg"))) == {
        "a.jpg",
        "sub/c.jpg",
        "x[1].jpg",
    }
    assert found(tmp_path, str(tmp_path / "s*")) == ["sub/c.jpg"]
    assert found(tmp_path, str(tmp_path / "x[1].jpg")) == ["x[1].jpg"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    make(tmp_path, "a/x.jpg")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b").symlink_to(tmp_path / "a", target_is_directory=True)
    assert found(tmp_path) == ["a/x.jpg"]


def test_links_to_other_folders_are_followed(tmp_path: Path) -> None:
    make(tmp_path / "other", "x.jpg")
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "link").symlink_to(tmp_path / "other", target_is_directory=True)
    (tmp_path / "album" / "dead.jpg").symlink_to(tmp_path / "gone.jpg")
    inputs = str(tmp_path / "album")
    assert found(tmp_path, inputs) == ["album/dead.jpg", "album/link/x.jpg"]


def test_results_inside_the_folder_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "boxes/a.jpg", "boxes/more/b.jpg")
    assert found(tmp_path, leave_out=(tmp_path / "boxes",)) == ["a.jpg"]


def test_stamps_change_with_size_and_time(tmp_path: Path) -> None:
    path = make(tmp_path, "a.jpg") / "a.jpg"
    [before] = find_photos([str(path)])
    os.utime(path, ns=(1, 1))
    [touched] = find_photos([str(path)])
    path.write_text("longer")
    os.utime(path, ns=(1, 1))
    [longer] = find_photos([str(path)])
    assert len({before.stamp, touched.stamp, longer.stamp}) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.jpg")
    Path(name).write_text("x")
    [photo] = find_photos([str(tmp_path)])
    assert photo.address == name
    assert photo.stamp.startswith("1:")


@pytest.mark.parametrize(
    ("given", "message"), [("gone", "no file or folder gone"), ("*.jpg", "nothing matches")]
)
def test_what_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message):
        list(find_photos([given]))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do anything")
def test_a_folder_that_cannot_be_opened_is_found_itself(tmp_path: Path) -> None:
    make(tmp_path, "locked/a.jpg", "b.jpg")
    (tmp_path / "locked").chmod(0)
    try:
        assert found(tmp_path) == ["b.jpg", "locked"]
    finally:
        (tmp_path / "locked").chmod(0o700)


def test_remote_folders_and_files() -> None:
    fsspec = pytest.importorskip("fsspec")
    for name in ("a.jpg", "sub/b.png", "notes.txt"):
        with fsspec.open(f"memory://listing/{name}", "wb") as file:
            file.write(b"x")
    folder = [photo.address for photo in find_photos(["memory://listing"])]
    assert folder == ["memory:///listing/a.jpg", "memory:///listing/sub/b.png"]
    [single] = find_photos(["memory://listing/notes.txt"])
    assert single.address == "memory:///listing/notes.txt"
    assert single.stamp.startswith("1:")
    with pytest.raises((UsageError, SourceError), match="nowhere"):
        list(find_photos(["memory://nowhere"]))
    with pytest.raises(SetupError, match="nonsense"):
        list(find_photos(["nonsense://x"]))
