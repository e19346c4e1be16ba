from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.errors import OutputError
from emocam.io.video_reader import VideoFile
from emocam.io.video_writer import FilmRecorder
from emocam.types import ImageU8


def grey(level: int, size_wh: tuple[int, int] = (64, 48)) -> ImageU8:
    return np.full((size_wh[1], size_wh[0], 3), level, np.uint8)


def times_and_levels(path: Path) -> list[tuple[float, int]]:
    """What a player shows: when, and how bright."""
    capture, shown = cv2.VideoCapture(str(path)), []
    while True:
        ok, image = capture.read()
        if not ok:
            return shown
        shown.append((capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, round(float(image.mean()))))


def record_until(path: Path, error: BaseException, *, keep_partial: bool = False) -> None:
    with FilmRecorder(path, (64, 48), fps=25, keep_partial=keep_partial) as film:
        for index in range(5):
            film.write(grey(100), index / 25)
        raise error


def test_film_appears_only_when_finished(tmp_path: Path) -> None:
    path = tmp_path / "new" / "film.mp4"
    with FilmRecorder(path, (64, 48), fps=25) as film:
        for index in range(10):
            film.write(grey(20 * index), index / 25)
        assert not path.exists()
    shown = times_and_levels(path)
    assert len(shown) == 10
    for index, (time_s, level) in enumerate(shown):
        assert time_s == pytest.approx(index / 25, abs=1e-3)
        assert abs(level - 20 * index) <= 4
    assert list(path.parent.iterdir()) == [path]


def test_body_that_raises_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        record_until(tmp_path / "film.mp4", RuntimeError())
    assert not list(tmp_path.iterdir())


def test_partial_film_is_kept_and_plays(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with pytest.raises(KeyboardInterrupt):
        record_until(path, KeyboardInterrupt(), keep_partial=True)
    assert len(times_and_levels(path)) == 5
    assert list(tmp_path.iterdir()) == [path]


def test_film_without_frames_is_not_left(tmp_path: Path) -> None:
    with FilmRecorder(tmp_path / "film.mp4", (64, 48), fps=25):
        pass
    assert not list(tmp_path.iterdir())


def test_existing_film_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        record_until(path, RuntimeError())
    assert path.read_bytes() == b"old"


def test_odd_sides_gain_a_pixel(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with FilmRecorder(path, (63, 47), fps=25) as film:
        film.write(grey(100, (63, 47)), 0.0)
        film.write(grey(100, (63, 47)), 0.04)
    _, image = cv2.VideoCapture(str(path)).read()
    assert image.shape == (48, 64, 3)


@pytest.mark.parametrize("height", [48, 50, 52, 54])
def test_colours_stay_in_their_place_at_any_height(tmp_path: Path, height: int) -> None:
    frame = np.zeros((height, 64, 3), np.uint8)
    frame[: height // 2, :, 2] = frame[height // 2 :, :, 0] = 200  # red above blue
    with FilmRecorder(tmp_path / "film.mp4", (64, height), fps=25) as film:
        for number in range(3):
            film.write(frame, number / 25)
    _, read = cv2.VideoCapture(str(tmp_path / "film.mp4")).read()
    assert read.shape == frame.shape
    assert np.abs(read[4:-4].astype(int) - frame[4:-4]).mean() < 12
    assert read[2, :, 2].min() > 150
    assert read[-3, :, 0].min() > 150


def test_other_size_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match=r"\(64, 48\), got \(32, 24\)"),
        FilmRecorder(tmp_path / "film.mp4", (64, 48), fps=25) as film,
    ):
        film.write(grey(0, (32, 24)), 0.0)


def test_time_that_goes_back_is_refused(tmp_path: Path) -> None:
    with FilmRecorder(tmp_path / "film.mp4", (64, 48), fps=25) as film:
        film.write(grey(0), 1.0)
        with pytest.raises(ValueError, match="time goes on"):
            film.write(grey(0), 1.0)


def test_folder_that_cannot_be_made_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(OutputError, match="can't write"),
        FilmRecorder(tmp_path / "file" / "film.mp4", (64, 48), fps=25),
    ):
        pass


def test_variable_times_are_kept(tmp_path: Path) -> None:
    times = [5.0, 5.04, 5.3, 5.31, 6.0, 6.5]
    path = tmp_path / "film.mp4"
    with FilmRecorder(path, (64, 48), fps=4) as film:
        for time_s in times:
            film.write(grey(100), time_s)
    shown = [time_s for time_s, _ in times_and_levels(path)]
    assert shown == pytest.approx([time_s - 5.0 for time_s in times], abs=1e-3)


def test_what_ffmpeg_raises_is_an_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from av.error import InvalidDataError

    from emocam.io.h264 import H264Film

    def fail(*_: object) -> None:
        raise InvalidDataError(1, "Invalid data found")

    monkeypatch.setattr(H264Film, "write", fail)
    path = tmp_path / "film.mp4"
    with (
        pytest.raises(OutputError, match=r"can't write the film .*Invalid data found"),
        FilmRecorder(path, (64, 48), fps=25) as film,
    ):
        film.write(grey(100), 0.0)
    assert not list(tmp_path.iterdir())


SOUNDS = {"mp4": "aac", "mkv": "mp3", "avi": "pcm_s16le", "webm": "libopus"}
PICTURES = {"mp4": "libx264", "mkv": "mpeg4", "avi": "mjpeg", "webm": "libvpx"}


def clip_with_sound(path: Path, ending: str, codec: str = "", seconds: int = 3) -> Path:
    """A clip whose picture flashes white and whose sound beeps in the same 0.2 s of each second."""
    import av

    clip, codec = path / f"clip.{ending}", codec or SOUNDS[ending]
    rate, fps = 48_000, 25
    with av.open(str(clip), "w") as container:
        picture = container.add_stream(PICTURES[ending], rate=fps)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        if ending == "avi":
            picture.pix_fmt = "yuvj420p"
        sound = container.add_stream(codec, rate=rate, layout="mono")
        form = "s16" if codec in ("pcm_s16le", "libopus") else "fltp"
        resampler = av.AudioResampler(format=form, layout="mono", rate=rate)
        for index in range(seconds * fps):
            flash = index % fps < 5
            frame = av.VideoFrame.from_ndarray(grey(255 if flash else 0), format="bgr24")
            frame.pts = index
            container.mux(picture.encode(frame))
            wave = 0.5 * np.sin(np.arange(rate // fps) * 2 * np.pi * 1000 / rate) * flash
            part = av.AudioFrame.from_ndarray(
                wave[None].astype(np.float32), format="fltp", layout="mono"
            )
            part.sample_rate, part.pts = rate, index * rate // fps
            for ready in resampler.resample(part):
                container.mux(sound.encode(ready))
        for stream in (picture, sound):
            container.mux(stream.encode(None))
    return clip


def record_again(clip: Path, film_path: Path, start_s: float = 0.0) -> None:
    with (
        VideoFile(clip, start_s) as video,
        FilmRecorder(film_path, (64, 48), fps=25, sound=video.sound()) as film,
    ):
        for frame in video:
            film.write(frame.image_bgr, frame.time_s or 0.0)


def onsets(path: Path) -> tuple[list[float], list[float]]:
    """When the picture turns white and when a beep begins, in seconds."""
    import av

    seen = [(time_s, level > 128) for time_s, level in times_and_levels(path)]
    heard: list[tuple[float, bool]] = []
    with av.open(str(path)) as container:
        zero_s = float(
            (container.streams.video[0].start_time or 0) * container.streams.video[0].time_base
        )
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray().astype(float)).reshape(-1) > 0.2
            times = frame.time - zero_s + np.arange(len(loud)) / frame.sample_rate
            # Between the peaks of a wave it is still loud.
            for start in range(0, len(loud), 48):
                heard.append((float(times[start]), bool(loud[start : start + 48].any())))
    return _rises(seen), _rises(heard)


def _rises(signal: list[tuple[float, bool]]) -> list[float]:
    before = [False] + [on for _, on in signal[:-1]]
    return [time_s for (time_s, on), was in zip(signal, before, strict=True) if on and not was]


@pytest.mark.parametrize(("ending", "codec"), [*SOUNDS.items(), ("avi", "mp3"), ("avi", "ac3")])
def test_sound_stays_with_the_picture(tmp_path: Path, ending: str, codec: str) -> None:
    clip = clip_with_sound(tmp_path, ending, codec)
    film_path = tmp_path / "film" / "film.mp4"
    record_again(clip, film_path)
    seen, heard = onsets(film_path)
    assert len(seen) == len(heard) == 3
    assert heard == pytest.approx(seen, abs=0.04)  # one frame


def sound_packets(path: Path) -> tuple[str, int]:
    import av

    with av.open(str(path)) as container:
        packets = sum(packet.size > 0 for packet in container.demux(audio=0))
        return container.streams.audio[0].codec_context.codec.canonical_name, packets


@pytest.mark.parametrize("ending", ["avi", "mkv", "mp4"])
def test_sound_that_browsers_play_is_copied(tmp_path: Path, ending: str) -> None:
    clip = clip_with_sound(tmp_path, ending, "mp3")
    record_again(clip, tmp_path / "film" / "film.mp4")
    assert sound_packets(tmp_path / "film" / "film.mp4") == sound_packets(clip)


@pytest.mark.parametrize("codec", ["ac3", "mp2"])
def test_no_sound_is_lost_where_a_clip_counts_time_in_packets(tmp_path: Path, codec: str) -> None:
    record_again(clip_with_sound(tmp_path, "avi", codec), tmp_path / "film" / "film.mp4")
    name, packets = sound_packets(tmp_path / "film" / "film.mp4")
    assert name == "aac"
    assert packets == pytest.approx(3 * 48_000 / 1024, abs=4)  # samples a packet


def test_no_frame_follows_one_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from emocam.io import h264

    def write_until_one_fails(film: FilmRecorder) -> None:
        film.write(grey(100), 0.0)
        with monkeypatch.context() as patched:
            patched.setattr(h264, "_to_yuv", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                film.write(grey(100), 0.04)
        film.write(grey(100), 0.08)

    with (
        pytest.raises(OutputError, match="no frame can follow"),
        FilmRecorder(tmp_path / "film.mp4", (64, 48), fps=25) as film,
    ):
        write_until_one_fails(film)


@pytest.mark.parametrize("ending", ["mp4", "avi"])
def test_sound_of_a_part_stays_with_the_picture(tmp_path: Path, ending: str) -> None:
    clip = clip_with_sound(tmp_path, ending)
    film_path = tmp_path / "film" / "film.mp4"
    record_again(clip, film_path, start_s=0.6)
    seen, heard = onsets(film_path)
    assert seen == pytest.approx([0.4, 1.4], abs=1e-3)
    assert heard == pytest.approx(seen, abs=0.04)


def test_clip_without_sound_gives_a_film_without(tmp_path: Path) -> None:
    import av

    silent = tmp_path / "silent.mp4"
    with FilmRecorder(silent, (64, 48), fps=25) as film:
        film.write(grey(10), 0.0)
        film.write(grey(10), 0.04)
    again = tmp_path / "again.mp4"
    record_again(silent, again)
    with av.open(str(again)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert container.streams.video[0].codec_context.name == "h264"


def test_sound_that_no_film_takes_costs_only_the_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emocam.io import h264

    def fail(*_: object) -> None:
        raise ValueError("unknown layout")

    monkeypatch.setattr(h264, "_Sound", fail)
    clip = clip_with_sound(tmp_path, "mkv")
    with (
        VideoFile(clip) as video,
        FilmRecorder(tmp_path / "film.mp4", (64, 48), fps=25, sound=video.sound()) as film,
    ):
        assert "has no sound" in film.lacks
        film.write(grey(100), 0.0)
        film.write(grey(100), 0.04)
    assert len(times_and_levels(tmp_path / "film.mp4")) == 2
