from __future__ import annotations

from pathlib import Path

import pytest

from emocam.errors import UsageError
from emocam.io.clip_discovery import find_clips, parse_time


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("b.mp4", "a.MOV", "notes.txt", "deep/c.webm", "results/b.mp4", ".hidden.mp4"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"-")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_gives_its_clips_without_the_results(folder):
    found = find_clips([folder], leave_out=folder / "results")
    assert found == [folder / "a.MOV", folder / "b.mp4", folder / "deep" / "c.webm"]


def test_patterns_are_resolved_where_the_shell_does_not(folder):
    assert find_clips([Path("*.mp4")]) == [Path("b.mp4")]
    assert find_clips([folder / "*.MOV"]) == [folder / "a.MOV"]
    assert find_clips([Path("**/*.webm")]) == [Path("deep/c.webm")]


def test_files_are_taken_whatever_their_ending_and_once(folder):
    assert find_clips([Path("notes.txt"), Path("notes.txt"), Path("gone.mp4")]) == [
        Path("notes.txt"),
        Path("gone.mp4"),
    ]


def test_a_file_whose_name_looks_like_a_pattern(folder):
    (folder / "take[1].mp4").write_bytes(b"-")
    assert find_clips([Path("take[1].mp4")]) == [Path("take[1].mp4")]


def test_nothing_found_is_a_usage_error(folder):
    with pytest.raises(UsageError, match=r"no video file in .*\.avi"):
        find_clips([Path("*.avi")])
    (folder / "empty").mkdir()
    with pytest.raises(UsageError, match="no video file in empty"):
        find_clips([Path("empty")])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0), ("83", 83.0), ("83.5", 83.5), ("83.5s", 83.5), ("200ms", 0.2), ("2m", 120.0),
        ("1.5 h", 5400.0), ("1:23", 83.0), ("1:23.5", 83.5), ("1:02:03.5", 3723.5), (".2s", 0.2),
    ],
)  # fmt: skip
def test_times(text, seconds):
    assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "-1", "soon", "1:2:3:4", "5 parsec", "nan", "1e3"])
def test_other_times_are_refused(text):
    with pytest.raises(UsageError, match=f"got '{text}'"):
        parse_time(text)
