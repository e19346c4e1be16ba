from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emocam.errors import SourceError
from emocam.io import packets, video_reader
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
    with VideoFile(clip) as video, video.follower() as follower:
        first = levels(video)
        second = levels(follower)
    assert len(first) == 100
    assert second == first


def test_readers_of_a_part_see_the_same_part(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", 120, codec="mp4v")
    with VideoFile(clip, 2.5, 3.5) as video, video.follower() as follower:
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


def test_who_is_too_far_behind_reads_alone(clip, monkeypatch):
    opened = []

    class Counted(packets.ClipPackets):
        def __init__(self, *given: object) -> None:
            opened.append(given)
            super().__init__(*given)

    monkeypatch.setattr(packets, "_MOST_WAITING", 600)
    monkeypatch.setattr(packets, "ClipPackets", Counted)
    monkeypatch.setattr(video_reader, "ClipPackets", Counted)
    with VideoFile(clip) as video, video.follower() as follower:
        seen = iter(follower)
        before = [next(seen).index for _ in range(10)]
        first = levels(video)
        after = [one.index for one in seen]
    assert len(first) == 100
    assert len(opened) == 2
    assert before + after == list(range(100))


def test_a_reader_that_comes_late_is_turned_away(clip):
    with VideoFile(clip) as video:
        next(iter(video))
        with pytest.raises(RuntimeError, match="before the first packet"):
            video.sound()


def test_what_was_opened_for_the_sound_alone_is_closed_with_the_clip(clip, monkeypatch):
    opened = []

    def noted(path: Path) -> object:
        opened.append(open_container(path))
        return opened[-1]

    monkeypatch.setattr(packets, "_MOST_WAITING", 600)
    monkeypatch.setattr(packets, "open_container", noted)
    with VideoFile(clip) as video:
        sound = video.sound()
        assert len(list(video)) == 100  # the sound is left behind meanwhile
        assert sound.take() is not None
    assert len(opened) == 4  # two opened to look at the first picture
    assert_closed(opened)


def test_a_clip_that_is_opened_by_half_is_closed(clip, monkeypatch):
    opened = []

    def noted(path: Path) -> object:
        opened.append(open_container(path))
        return opened[-1]

    decoder = packets._decoder

    def fail_the_second_time(stream: object) -> object:
        if len(opened) > 1:
            raise ValueError("no decoder")
        return decoder(stream)

    monkeypatch.setattr(packets, "open_container", noted)
    monkeypatch.setattr(packets, "_decoder", fail_the_second_time)
    with pytest.raises(SourceError), VideoFile(clip):
        pass
    assert len(opened) == 2
    assert_closed(opened)


def assert_closed(containers: list[object]) -> None:
    for container in containers:
        with pytest.raises(AssertionError, match="not open"):
            next(container.demux())  # type: ignore[attr-defined]
