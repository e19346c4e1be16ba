from __future__ import annotations

import itertools
import shutil
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.errors import SourceError
from emocam.io.video_reader import VideoFile
from tests.clips import plain_frame, write_clip


def index_and_times(path: Path, start_s: float = 0.0, end_s: float | None = None):
    with VideoFile(path, start_s, end_s) as video:
        return [(frame.index, round(frame.time_s or 0.0, 3)) for frame in video]


def test_frames_come_with_number_time_and_source(tmp_path):
    clip = write_clip(tmp_path / "clip.avi", 10)
    with VideoFile(clip) as video:
        frames = list(video)
        assert video.fps == 25
        assert video.frame_count == 10
        assert video.size_wh == (64, 48)
        assert video.shortfall == ""
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.time_s for frame in frames] == pytest.approx([n / 25 for n in range(10)])
    assert all(frame.source == str(clip) for frame in frames)
    levels = [float(frame.image_bgr.mean()) for frame in frames]
    assert levels == pytest.approx([2 * n for n in range(10)], abs=3)


@pytest.mark.parametrize(("ending", "codec"), [("avi", "MJPG"), ("mp4", "mp4v"), ("mkv", "mp4v")])
def test_a_part_has_the_numbers_and_times_of_the_whole(tmp_path, ending, codec):
    clip = write_clip(tmp_path / f"clip.{ending}", 120, codec=codec)
    whole = index_and_times(clip)
    part = index_and_times(clip, 2.5, 3.5)
    assert part == [(index, time_s) for index, time_s in whole if 2.5 <= time_s < 3.5]
    assert len(part) == 25


def test_a_part_after_the_end_is_empty(tmp_path):
    clip = write_clip(tmp_path / "clip.avi", 10)
    assert index_and_times(clip, 5.0) == []


def test_frames_that_are_not_looked_at_can_be_passed(tmp_path):
    clip = write_clip(tmp_path / "clip.avi", 10)
    with VideoFile(clip) as video:
        levels = {}
        for index, _ in video.ticks():
            if index % 4 == 0:
                levels[index] = float(video.picture().mean())
    assert levels == pytest.approx({0: 0, 4: 8, 8: 16}, abs=3)


def test_a_frame_can_be_converted_when_others_were_read_and_in_another_thread(tmp_path):
    clip = write_clip(tmp_path / "clip.avi", 10)
    with VideoFile(clip) as video:
        later = [video.later() for _ in video.ticks()]
        with ThreadPoolExecutor(2) as threads:
            levels = [image.mean() for image in threads.map(lambda one: one(), later)]
    assert levels == pytest.approx([2 * n for n in range(10)], abs=3)


@pytest.mark.parametrize(
    ("pixels", "has_luma"), [("yuv420p", True), ("bgr0", False), ("yuv420p10le", False)]
)
def test_brightness_comes_without_converting_where_it_is_stored(tmp_path, pixels, has_luma):
    av = pytest.importorskip("av")
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    picture = np.stack([np.tile(ramp, (48, 1)), np.full((48, 64), 90, np.uint8)] * 2, axis=2)
    with av.open(str(tmp_path / "clip.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[..., :3]), format="bgr24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with VideoFile(tmp_path / "clip.mkv") as video:
        next(video.ticks())
        luma, image = video.luma(), video.picture()
    if not has_luma:
        assert luma is None
        return
    assert luma.shape == (48, 64)
    # Stored are 16 to 235 of 0 to 255.
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    np.testing.assert_allclose((luma.astype(float) - 16) * 255 / 219, gray, atol=6)


def test_names_with_letters_of_all_kinds(tmp_path):
    clip = write_clip(tmp_path / "clip.avi", 3)
    named = tmp_path / "Gespräch 日本 100%.avi"
    clip.rename(named)
    assert len(index_and_times(named)) == 3


def test_a_title_that_is_no_utf_8_is_no_reason_to_refuse_a_clip(tmp_path):
    clip = write_h264(tmp_path / "clip.mp4", [0.0, 0.04, 0.08])
    data = clip.read_bytes()
    assert data.count(b"VideoHandler") == 1
    clip.write_bytes(data.replace(b"VideoHandler", b"VideoHandl\xe9\xcf"))
    assert len(index_and_times(clip)) == 3


def test_half_a_clip_gives_what_can_be_had_and_says_so(tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", 100)
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 2])
    with VideoFile(clip) as video:
        frames = list(video)
        said = video.shortfall
    assert 20 < len(frames) < 80
    words = said.split()
    assert int(words[0]) == len(frames)
    assert words[1:3] == ["of", "about"]
    assert abs(int(words[3]) - 100) <= 2


def test_damage_in_the_middle_is_passed_over(tmp_path):
    clip = write_clip(tmp_path / "clip.avi", 100)
    data = bytearray(clip.read_bytes())
    # From one JPEG picture to a later one nothing but rubbish.
    starts = [n for n in range(len(data) - 1) if data[n : n + 2] == b"\xff\xd8"]
    data[starts[40] : starts[44]] = bytes(starts[44] - starts[40])
    clip.write_bytes(data)
    with VideoFile(clip) as video:
        frames = list(video)
    assert 90 <= len(frames) < 100
    assert float(frames[-1].image_bgr.mean()) == pytest.approx(198, abs=4)
    times = [frame.time_s for frame in frames]
    assert all(a < b for a, b in itertools.pairwise(times))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"just\nsome text\n", "is a text file"),
        (bytes(range(256)) * 40, "not a video|no picture"),
    ],
)
def test_a_file_that_is_no_video_is_one_error(tmp_path, content, said):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(content)
    with pytest.raises(SourceError, match=said) as raised, VideoFile(clip):
        pass
    assert str(clip) in str(raised.value)


@pytest.mark.parametrize("lines", [5, 30, 1000])
def test_a_text_file_is_none_however_long_and_whatever_its_name(tmp_path, lines):
    text = tmp_path / "notes.txt"
    text.write_text("what was said in the first minute of the clip\n" * lines)
    with pytest.raises(SourceError, match="is a text file"), VideoFile(text):
        pass


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(SourceError, match="no video file"), VideoFile(tmp_path / "none.mp4"):
        pass
    with pytest.raises(SourceError, match="not a file"), VideoFile(tmp_path):
        pass


PLAYLISTS = {
    "ffconcat": "ffconcat version 1.0\nfile other.mp4\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nother.mp4\n#EXT-X-ENDLIST\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "binary": "ffconcat version 1.0\nfile other.mp4\n#\0\n",
}


@pytest.mark.parametrize("playlist", PLAYLISTS.values(), ids=PLAYLISTS)
@pytest.mark.parametrize("ending", ["mp4", "ffconcat", "m3u8"])
def test_a_playlist_opens_no_other_file(tmp_path, playlist, ending):
    write_h264(tmp_path / "other.mp4", [0.0, 0.04, 0.08])
    clip = tmp_path / f"clip.{ending}"
    clip.write_text(playlist)
    with pytest.raises(SourceError, match=r"is a text file|is not a video"), VideoFile(clip):
        pass


def test_numbered_pictures_are_no_clip(tmp_path):
    import cv2

    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), plain_frame(40 * number))
    (tmp_path / "%d.png").write_bytes((tmp_path / "0.png").read_bytes())
    with pytest.raises(SourceError, match="emocam label"), VideoFile(tmp_path / "%d.png"):
        pass


def test_sound_alone_is_said(tmp_path):
    av = pytest.importorskip("av")
    sound = tmp_path / "sound.m4a"
    with av.open(str(sound), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 4800), np.float32), format="fltp", layout="mono"
        )
        silence.sample_rate, silence.pts = 48000, 0
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    with pytest.raises(SourceError, match="holds sound but no picture"), VideoFile(sound):
        pass


def write_h264(
    path: Path, times: list[float], *, sound_s: float = 0.0, size_wh: tuple[int, int] = (64, 48),
    aspect: Fraction = Fraction(1),
) -> Path:  # fmt: skip
    """H.264 with frames at these times, pixels of this aspect, and silence of this length."""
    av = pytest.importorskip("av")

    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=25)
        picture.width, picture.height, picture.pix_fmt = *size_wh, "yuv420p"
        picture.codec_context.time_base = Fraction(1, 1000)
        picture.codec_context.sample_aspect_ratio = aspect
        sound = container.add_stream("aac", rate=48000, layout="mono") if sound_s else None
        for number, time_s in enumerate(times):
            image = plain_frame(min(255, 2 * number), size_wh)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = round(1000 * time_s), Fraction(1, 1000)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        if sound is not None:
            silence = av.AudioFrame.from_ndarray(
                np.zeros((1, round(48000 * sound_s)), np.float32), format="fltp", layout="mono"
            )
            silence.sample_rate, silence.pts = 48000, 0
            container.mux(sound.encode(silence))
            container.mux(sound.encode(None))
    return path


def test_variable_rate_gives_true_times(tmp_path):
    times = [0.0, 0.04, 0.4, 0.41, 1.0, 2.2, 2.24]
    clip = write_h264(tmp_path / "clip.mp4", times)
    assert [time_s for _, time_s in index_and_times(clip)] == pytest.approx(times, abs=0.002)


@pytest.mark.parametrize("start_s", [0.0, 1.2])
def test_a_bare_stream_of_h264_has_the_times_of_its_rate(tmp_path, start_s):
    clip = write_h264(tmp_path / "clip.h264", [n / 25 for n in range(50)])
    with VideoFile(clip, start_s) as video:
        times = [time_s for _, time_s in video.ticks()]
    assert times == pytest.approx([n / 25 for n in range(round(start_s * 25), 50)])


def test_a_clip_whose_pictures_change_their_size_comes_in_that_of_the_first(tmp_path):
    first = write_h264(tmp_path / "first.ts", [n / 25 for n in range(10)])
    later = write_h264(tmp_path / "later.ts", [1 + n / 25 for n in range(10)], size_wh=(160, 90))
    clip = tmp_path / "clip.ts"
    clip.write_bytes(first.read_bytes() + later.read_bytes())
    with VideoFile(clip) as video:
        assert video.size_wh == (64, 48)
        shapes = [frame.image_bgr.shape for frame in video]
    assert len(shapes) == 20
    assert set(shapes) == {(48, 64, 3)}


@pytest.mark.parametrize(
    ("aspect", "size_wh"),
    [
        (Fraction(4, 3), (85, 48)),  # a camcorder's 1440×1080
        (Fraction(8, 9), (64, 54)),
        (Fraction(100, 101), (64, 48)),  # an encoder's rounding
        (Fraction(100, 1), (64, 48)),
    ],
)
def test_pictures_are_as_wide_as_players_show_them(tmp_path, aspect, size_wh):
    with VideoFile(write_h264(tmp_path / "clip.mp4", [0.0, 0.04], aspect=aspect)) as video:
        assert video.size_wh == size_wh
        assert [frame.image_bgr.shape[1::-1] for frame in video] == [size_wh] * 2


def test_sound_that_goes_on_longer_is_no_damage(tmp_path):
    clip = write_h264(tmp_path / "clip.mkv", [n / 25 for n in range(50)], sound_s=4.0)
    with VideoFile(clip) as video:
        assert len(list(video)) == 50
        assert video.shortfall == ""


def test_times_that_begin_late_are_no_damage(tmp_path):
    clip = write_h264(tmp_path / "clip.mkv", [5 + n / 25 for n in range(50)])
    with VideoFile(clip) as video:
        assert [time_s for _, time_s in video.ticks()] == pytest.approx([n / 25 for n in range(50)])
        assert video.shortfall == ""


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_film_of_a_phone_comes_upright(tmp_path):
    import subprocess

    clip = write_h264(tmp_path / "clip.mp4", [n / 25 for n in range(5)])
    turned = tmp_path / "turned.mp4"
    turn = ["-metadata:s:v:0", "rotate=90"]
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, "-c", "copy", *turn, turned], check=True)
    with VideoFile(turned) as video:
        assert video.size_wh == (48, 64)
        assert next(iter(video)).image_bgr.shape == (64, 48, 3)
