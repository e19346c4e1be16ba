from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from emocam.io.clip_streams import ClipSound
from emocam.io.video_writer import FilmRecorder
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import ImageU8
from emocam.video import pipeline
from emocam.video.clip_readings import read_video
from emocam.video.outputs import ClipOutputs
from emocam.video.pipeline import VideoOptions, annotate_clip
from tests.clips import write_clip
from tests.conftest import SAMPLES
from tests.io.test_video_writer import clip_with_sound


@pytest.mark.parametrize("smooth", [True, False])
def test_every_frame_is_read_where_readings_are_shown_as_they_are(monkeypatch, smooth):
    read = []
    predict = EmotionRecognizer.predict_crops
    monkeypatch.setattr(
        EmotionRecognizer,
        "predict_crops",
        lambda reader, crops: read.append(len(crops)) or predict(reader, crops),
    )
    monkeypatch.setattr("emocam.tracking.unchanged.is_alike", lambda *_: False)
    recognizer = EmotionRecognizer.load("pixels")
    frames = list(read_video(SAMPLES / "webcam.mp4", recognizer, end_s=0.4, smooth=smooth))
    assert [len(readings) for _, readings in frames] == [1] * 10
    assert sum(read) == (6 if smooth else 10)  # frames 0, 2, 4, 6, 8 and the last


def test_a_stop_while_the_report_is_written_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, stop = write_clip(tmp_path / "clip.avi", 5), threading.Event()
    write_report = pipeline.write_report

    def stopped_meanwhile(*arguments: object) -> None:
        stop.set()
        write_report(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "write_report", stopped_meanwhile)
    out = tmp_path / "out"
    outputs = ClipOutputs(out / "clip.mp4", out / "clip.csv", out / "clip.html")
    result = annotate_clip(
        clip, outputs, EmotionRecognizer.load("pixels"), VideoOptions(),
        progress=lambda *_: None, stop=stop,
    )  # fmt: skip
    assert not result.stopped
    assert result.outputs == outputs
    assert sorted(path.name for path in out.iterdir()) == ["clip.csv", "clip.html", "clip.mp4"]
    assert "clip.mp4" in (out / "clip.html").read_text()


def test_the_sound_stays_open_until_the_last_frame_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened = []
    write, close = FilmRecorder.write, ClipSound.close

    def write_slowly(film: FilmRecorder, frame_bgr: ImageU8, time_s: float) -> None:
        time.sleep(0.05)  # the clip ends first
        happened.append("frame")
        write(film, frame_bgr, time_s)

    def note_close(sound: ClipSound) -> None:
        happened.append("closed")
        close(sound)

    monkeypatch.setattr(FilmRecorder, "write", write_slowly)
    monkeypatch.setattr(ClipSound, "close", note_close)
    clip = clip_with_sound(tmp_path, "mp4", seconds=1)
    annotate_clip(
        clip, ClipOutputs(tmp_path / "film.mp4", None, None), EmotionRecognizer.load("pixels"),
        VideoOptions(), progress=lambda *_: None, stop=threading.Event(),
    )  # fmt: skip
    assert happened == ["frame"] * 25 + ["closed"]
