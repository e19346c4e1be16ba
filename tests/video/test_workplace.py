"""The hidden folder of unfinished results, also after runs that were killed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from emocam.video.workplace import workplace


def aged(folder: Path) -> Path:
    """The same folder, as if nobody had changed anything in it for an hour."""
    os.utime(folder, (folder.stat().st_atime, folder.stat().st_mtime - 3600))
    return folder


def test_it_is_hidden_and_goes_at_the_end(tmp_path: Path):
    with workplace(tmp_path / "results") as hidden:
        assert hidden.parent == tmp_path / "results"
        assert hidden.name.startswith(".partial-")
        (hidden / "film.mp4").write_text("half")
    assert list((tmp_path / "results").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="folders can't be locked there")
def test_what_a_killed_run_left_goes_and_what_is_in_use_stays(tmp_path: Path):
    left, fresh = tmp_path / ".partial-clip-killed", tmp_path / ".partial-clip-begun"
    for folder in (left, fresh, tmp_path / ".partial-of-mine"):
        folder.mkdir()
        (folder / "film.mp4").write_text("half")
    aged(left)
    aged(tmp_path / ".partial-of-mine")
    with workplace(tmp_path) as one, workplace(tmp_path) as other:
        assert not left.exists()
        aged(one)
        with workplace(tmp_path):
            assert one.exists()
            assert other.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".partial-clip-begun",
        ".partial-of-mine",
    ]
