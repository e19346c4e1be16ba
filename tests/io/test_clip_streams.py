from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emocam.errors import SourceError
from emocam.io import clip_streams
from emocam.io.containers import open_container
from emocam.io.video_reader import VideoFile
from tests.clips import write_clip
from tests.io.test_video_reader import write_h264


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_h264(tmp_path / "clip.mp4", [n / 25 for n in range(100)], sound_s=4.0)


def levels(video: VideoFile) -> list[tuple[int, float, int]]:
    return [(one.index, one.time_s or 0.0, round(float(one.image_bgr.mean()))) for one in video]


def test_the_second_reader_sees_the_same_however_far_it_is_behind(clip):
    with VideoFile(clip) as video, VideoFile(clip) as follower:
        first = levels(video)
        second = levels(follower)
    assert len(first) == 100
    assert second == first


def test_readers_of_a_part_see_the_same_part(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", 120, codec="mp4v")
    with VideoFile(clip, 2.5, 3.5) as video, VideoFile(clip, 2.5, 3.5) as follower:
        second = levels(follower)
        first = levels(video)
    assert [index for index, _, _ in first] == list(range(63, 88))
    assert second == first


def test_sound_comes_whole_beside_the_pictures(clip):
    with VideoFile(clip) as video:
        sound = video.sound()
        assert sound is not None
        assert len(list(video)) == 100
        times = []
        while (packet := sound.take()) is not None:
            times.append(float(packet.pts * packet.time_base))
    steps = np.diff(times)
    assert times[-1] > 3.9
    np.testing.assert_allclose(steps[1:], 1024 / 48000, atol=1e-4)


def test_the_sound_is_closed_with_the_clip(clip, monkeypatch):
    opened = note_opened(monkeypatch)
    with VideoFile(clip) as video:
        assert video.sound().take() is not None
    assert len(opened) == 2
    assert_closed(opened)


def test_a_clip_without_sound_has_none(tmp_path):
    with VideoFile(write_clip(tmp_path / "clip.mp4", 10, codec="mp4v")) as video:
        assert video.sound() is None


def test_a_clip_that_is_opened_by_half_is_closed(clip, monkeypatch):
    def fail(stream: object) -> object:
        raise ValueError("no decoder")

    opened = note_opened(monkeypatch)
    monkeypatch.setattr(clip_streams, "_decoder", fail)
    with pytest.raises(SourceError), VideoFile(clip):
        pass
    assert len(opened) == 1
    assert_closed(opened)


def note_opened(monkeypatch) -> list[object]:
    """All containers that are opened from now on."""
    opened = []

    def noted(path: Path) -> object:
        opened.append(open_container(path))
        return opened[-1]

    monkeypatch.setattr(clip_streams, "open_container", noted)
    return opened


def assert_closed(containers: list[object]) -> None:
    for container in containers:
        with pytest.raises(AssertionError, match="not open"):
            next(container.demux())  # type: ignore[attr-defined]
