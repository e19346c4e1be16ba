"""A process of its own reads a clip's faces for the film, and may be lost."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from emocam.errors import SourceError
from emocam.io.video_reader import VideoFile
from emocam.processes import Process
from emocam.readings import FrameReadings
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import Box
from emocam.video.clip_process import ClipProcess, ClipRequest
from emocam.video.clip_readings import clip_readings, read_video
from emocam.video.model_process import ModelArguments, ProcessLost
from emocam.video.outputs import ClipOutputs
from emocam.video.pipeline import ClipResult, VideoOptions, annotate_clip
from tests.conftest import SAMPLES
from tests.video.test_reading_process import seen_in

CLIP = SAMPLES / "webcam.mp4"
END_S = 4.0  # some parts of it
kills = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")


@pytest.fixture(scope="module")
def ahead() -> Iterator[ClipProcess]:
    with ClipProcess(ModelArguments("pixels", None)) as process:
        yield process


@pytest.fixture(scope="module")
def expected() -> list[tuple[Any, ...]]:
    recognizer = EmotionRecognizer.load("pixels")
    return [seen(one) for _, one in read_video(CLIP, recognizer, end_s=END_S)]


def seen(readings: FrameReadings) -> tuple[Any, ...]:
    """What is found in a frame, but for numbers that are rounded otherwise in another process."""
    faces: list[tuple[int, Box, str]] = [
        (one.face.id, one.face.xyxy, one.emotion) for one in readings
    ]
    return readings.index, readings.time_s, faces


def request(path: Path = CLIP, end_s: float = END_S) -> ClipRequest:
    return ClipRequest(path, 0.0, end_s, 0.0, largest=False, smooth=True)


def process_id(ahead: ClipProcess) -> int:
    ahead.wait_started()  # else it would be that of a second one
    return ahead._process.submit(os.getpid).result()


def not_here() -> Iterator[FrameReadings]:
    raise AssertionError("the process is there")


def read_here() -> Iterator[FrameReadings]:
    recognizer = EmotionRecognizer.load("pixels")
    return (one for _, one in read_video(CLIP, recognizer, end_s=END_S))


def test_it_reads_what_this_process_would(
    ahead: ClipProcess, expected: list[tuple[Any, ...]]
) -> None:
    assert any(faces for _, _, faces in expected)
    assert [seen(one) for one in ahead.readings(request(), not_here)] == expected


def test_a_clip_that_was_left_does_not_disturb_the_next(
    ahead: ClipProcess, expected: list[tuple[Any, ...]]
) -> None:
    left = list(islice(ahead.readings(request(), not_here), 3))
    assert [seen(one) for one in left] == expected[:3]
    assert [seen(one) for one in ahead.readings(request(), not_here)] == expected


def test_what_is_wrong_with_a_clip_is_said_here_and_the_next_one_is_read(
    ahead: ClipProcess, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    with pytest.raises(SourceError, match=r"broken\.mp4"):
        list(ahead.readings(request(broken), not_here))
    assert list(ahead.readings(request(end_s=0.5), not_here))


@kills
@pytest.mark.parametrize("parts", [0, 1])
def test_when_it_is_killed_the_rest_is_read_here(
    parts: int, expected: list[tuple[Any, ...]]
) -> None:
    with ClipProcess(ModelArguments("pixels", None)) as ahead:
        number = process_id(ahead)
        readings = ahead.readings(request(), read_here)
        first = list(islice(readings, parts))
        os.kill(number, signal.SIGKILL)
        assert [seen(one) for one in (*first, *readings)] == expected
        assert [seen(one) for one in ahead.readings(request(), read_here)] == expected


@kills
def test_one_that_was_seen_to_die_before_the_next_call_is_not_replaced(
    expected: list[tuple[Any, ...]],
) -> None:
    with ClipProcess(ModelArguments("pixels", None)) as ahead:
        number = process_id(ahead)
        readings = ahead.readings(request(), read_here)
        first = [next(readings)]
        lost = ahead._process.submit(os.kill, number, signal.SIGKILL)
        assert isinstance(lost.exception(), BrokenProcessPool)
        assert [seen(one) for one in (*first, *readings)] == expected


@pytest.mark.parametrize(
    "error",
    [
        BlockingIOError(11, "Resource temporarily unavailable"),
        EOFError("unexpected EOF"),  # of multiprocessing, when what it forks from is killed
        RuntimeError("can't start new thread"),
    ],
)
def test_where_no_process_can_be_had_all_is_read_here(
    monkeypatch: pytest.MonkeyPatch, expected: list[tuple[Any, ...]], error: Exception
) -> None:
    def refuse(*_: object) -> Future[Any]:
        raise error

    monkeypatch.setattr(Process, "submit", refuse)
    with ClipProcess(ModelArguments("pixels", None)) as ahead:
        assert [seen(one) for one in ahead.readings(request(), read_here)] == expected


def annotate(folder: Path, ahead: ClipProcess | None, **options: Any) -> ClipResult:
    outputs = ClipOutputs(folder / "a.mp4", folder / "a.csv", folder / "a.html")
    return annotate_clip(
        CLIP, outputs, EmotionRecognizer.load("pixels"), VideoOptions(end_s=2.0, **options),
        progress=lambda *_: None, stop=threading.Event(), beside=ahead,
    )  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"every_s": 0.5, "blur": True}, {"raw": True}])
def test_film_and_report_are_the_same_with_and_without_it(
    tmp_path: Path, ahead: ClipProcess, options: dict[str, Any]
) -> None:
    there = annotate(tmp_path / "there", ahead, **options)
    here = annotate(tmp_path / "here", None, **options)
    assert there.analysed_frames == here.analysed_frames
    assert there.frames_with_face == here.frames_with_face > 0
    assert seen_in(tmp_path / "there" / "a.csv") == seen_in(tmp_path / "here" / "a.csv")
    for name in ("a.mp4", "a.csv", "a.html"):
        assert (tmp_path / "there" / name).stat().st_size > 0
    assert frames_of(tmp_path / "there" / "a.mp4") == frames_of(tmp_path / "here" / "a.mp4")


def frames_of(film: Path) -> list[float]:
    with VideoFile(film) as video:
        return [time_s for _, time_s in video.ticks()]


@kills
def test_a_film_loses_nothing_when_it_dies_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ClipProcess(ModelArguments("pixels", None)) as ahead:
        number = process_id(ahead)
        submit, calls = ClipProcess.submit, list[str]()

        def killing(self: ClipProcess, name: str, *given: object) -> Future[Any] | None:
            if name == "more" and calls.count("more") == 1:
                os.kill(number, signal.SIGKILL)
            calls.append(name)
            return submit(self, name, *given)

        monkeypatch.setattr(ClipProcess, "submit", killing)
        killed = annotate(tmp_path / "killed", ahead)
    alone = annotate(tmp_path / "alone", None)
    assert killed.analysed_frames == alone.analysed_frames
    assert seen_in(tmp_path / "killed" / "a.csv") == seen_in(tmp_path / "alone" / "a.csv")
    assert frames_of(tmp_path / "killed" / "a.mp4") == frames_of(tmp_path / "alone" / "a.mp4")


def test_when_it_is_lost_as_the_run_is_stopped_nothing_is_read_again(
    tmp_path: Path, ahead: ClipProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, answers, read_again = threading.Event(), list[object](), list[object]()
    result_of = ClipProcess.result

    def losing(self: ClipProcess, call: Future[Any] | None) -> Any:
        answers.append(call)
        if len(answers) == 3:
            stop.set()
            raise ProcessLost
        return result_of(self, call)

    def reading(*given: Any, **options: Any) -> Iterator[FrameReadings]:
        read_again.append(given)
        return clip_readings(*given, **options)

    monkeypatch.setattr(ClipProcess, "result", losing)
    monkeypatch.setattr("emocam.video.pipeline.clip_readings", reading)
    result = annotate_clip(
        CLIP, ClipOutputs(tmp_path / "a.mp4", None, None), EmotionRecognizer.load("pixels"),
        VideoOptions(), progress=lambda *_: None, stop=stop, beside=ahead,
    )  # fmt: skip
    assert len(answers) == 3
    assert result.stopped
    assert result.outputs.film == tmp_path / "a.partial.mp4"
    assert not read_again


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_a_terminal_that_is_closed_does_not_end_it() -> None:
    with ClipProcess(ModelArguments("pixels", None)) as ahead:
        number = process_id(ahead)
        os.kill(number, signal.SIGHUP)
        assert ahead._process.submit(os.getpid).result() == number
