from __future__ import annotations

import pytest

from emocam.io.media_kind import other_command


@pytest.fixture(autouse=True)
def some_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("a.jpg", "a.MP4", "a.gif", "a.txt", "7"):
        (tmp_path / name).write_text("")


@pytest.mark.parametrize(
    ("text", "command", "said"),
    [
        ("0", "video", "'0' is a camera: 'emocam live 0' reads it"),
        ("/dev/video2", "label", "a camera: 'emocam live /dev/video2' reads it"),
        ("rtsp://host/a", "video", "a stream: 'emocam live rtsp://host/a' reads it"),
        ("a.jpg", "video", "a photo: 'emocam label a.jpg' or 'emocam explain a.jpg' reads it"),
        ("a.MP4", "label", "a clip: 'emocam video a.MP4' reads it"),
        ("folder", "explain", "a folder: 'emocam label folder' or 'emocam video folder' reads it"),
        ("0", "", "a camera: 'emocam live 0' reads it"),
        ("0", "live", ""),
        ("7", "label", ""),  # a file, whatever its name
        ("a.jpg", "explain", ""),
        ("a.gif", "video", ""),  # can be either
        ("a.txt", "video", ""),  # the command looks into it
        ("no.mp4", "label", ""),
    ],
)
def test_the_command_that_reads_it_is_named(text, command, said):
    line = other_command(text, command)
    assert line.endswith(said)
    assert bool(line) == bool(said)
