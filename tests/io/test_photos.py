"""Reading the bytes of photos."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emocam.errors import PictureError, SetupError
from emocam.io import photos
from emocam.io.photos import check_remote, is_remote, read_bytes, read_photo

SAMPLES = Path(__file__).parent.parent.parent / "samples" / "photos"


def test_a_sample_is_read_at_full_size() -> None:
    assert read_photo(SAMPLES / "obama.jpg").shape == (640, 512, 3)


def test_names_outside_ascii(tmp_path: Path) -> None:
    path = tmp_path / "фото 写真.jpg"
    path.write_bytes((SAMPLES / "obama.jpg").read_bytes())
    assert read_photo(path).shape == (640, 512, 3)


def _status(address: str) -> str:
    with pytest.raises(PictureError) as caught:
        read_bytes(address)
    return caught.value.status


def test_files_that_cannot_be_read_have_a_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "self.jpg").symlink_to(tmp_path / "self.jpg")
    assert _status(str(tmp_path / "gone.jpg")) == "vanished"
    assert _status(str(tmp_path / "link.jpg")) == "vanished"
    assert _status(str(tmp_path / "self.jpg")) == "unreadable"
    assert _status(str(tmp_path)) == "unreadable"
    (tmp_path / "big.jpg").write_bytes(b"x" * 100)
    monkeypatch.setattr(photos, "_MAX_BYTES", 99)
    assert _status(str(tmp_path / "big.jpg")) == "too_large"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert _status(str(tmp_path / "pipe.jpg")) == "unreadable"


def test_fsspec_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec")
    assert is_remote("memory://a.jpg")
    assert not is_remote("C:\\a.jpg")
    with fsspec.open("memory://read/a.jpg", "wb") as file:
        file.write(b"data")
    assert read_bytes("memory://read/a.jpg") == b"data"
    assert _status("memory://read/b.jpg") == "vanished"
    monkeypatch.setattr(photos, "_MAX_BYTES", 3)
    assert _status("memory://read/a.jpg") == "too_large"
    with pytest.raises(SetupError, match="no file system is called 'nonsense'"):
        check_remote("nonsense://a.jpg")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"emocam\[remote\]"):
        check_remote("s3://a/b.jpg")
