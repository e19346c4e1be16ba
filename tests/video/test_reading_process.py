"""A process beside the clip's own finds and reads the same faces, and may be lost."""

from __future__ import annotations

import csv
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from emocam.detection.detector import SearchPicture, search_picture
from emocam.io.video_reader import VideoFile
from emocam.processes import Process
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import Box, Face, ImageU8
from emocam.video import reading_process
from emocam.video.model_process import ModelArguments
from emocam.video.outputs import ClipOutputs
from emocam.video.pipeline import VideoOptions, annotate_clip
from emocam.video.reading_process import ReadingProcess
from tests.conftest import SAMPLES

CLIP = SAMPLES / "webcam.mp4"
COLUMNS = ("frame", "face", "x1", "y1", "x2", "y2", "emotion", "cluster")


@pytest.fixture
def picture() -> SearchPicture:
    with VideoFile(CLIP) as clip:
        return search_picture(next(iter(clip)).image_bgr)


@pytest.fixture
def beside() -> Iterator[ReadingProcess]:
    with ReadingProcess(ModelArguments("pixels", None)) as process:
        yield process


def boxes(faces: Sequence[Face]) -> list[Box]:
    """What sums that are rounded otherwise, as in a process with other threads, leave alone."""
    return [face.xyxy for face in faces]


def process_id(beside: ReadingProcess) -> int:
    """Of the process that is in use, and of no other."""
    beside.wait_started()
    return beside._process.submit(os.getpid).result()


def test_it_finds_and_reads_what_this_process_would(
    beside: ReadingProcess, picture: SearchPicture
) -> None:
    assert process_id(beside) != os.getpid()
    recognizer = EmotionRecognizer.load("pixels")
    found = boxes(recognizer.detector.search(picture))
    assert found
    assert boxes(beside.search(picture)()) == found
    crops = np.random.default_rng(0).integers(0, 255, (3, 48, 48)).astype(np.uint8)
    there, here = beside.predict_crops(crops), recognizer.predict_crops(crops)
    np.testing.assert_allclose(there.probabilities, here.probabilities, atol=1e-5)
    np.testing.assert_array_equal(there.clusters, here.clusters)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
def test_when_it_is_killed_its_work_is_done_here(
    beside: ReadingProcess, picture: SearchPicture
) -> None:
    found = boxes(beside.search(picture)())
    assert found
    number = process_id(beside)
    lost = beside._process.submit(os.kill, number, signal.SIGKILL)  # before what comes next
    waiting = beside.search(picture)
    assert boxes(waiting()) == found
    assert lost.exception() is not None
    assert boxes(beside.search(picture)()) == found
    assert len(beside.predict_crops(np.zeros((2, 48, 48), np.uint8)).clusters) == 2


def test_where_no_process_can_be_had_all_is_done_here(
    monkeypatch: pytest.MonkeyPatch, picture: SearchPicture
) -> None:
    def refuse(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(Process, "submit", refuse)
    with ReadingProcess(ModelArguments("pixels", None)) as beside:
        found = EmotionRecognizer.load("pixels").detector.search(picture)
        assert boxes(beside.search(picture)()) == boxes(found)


def test_an_error_there_is_raised_here(beside: ReadingProcess) -> None:
    with pytest.raises(ValueError, match="unpack") as raised:
        beside.search(SearchPicture(np.zeros((99, 99, 3), np.uint8), 1, 32.0, (99, 99)))()
    assert "reading_worker.py" in str(raised.value.__cause__)  # the traceback of that process


def rows(tmp_path: Path, name: str, beside: ReadingProcess | None) -> list[tuple[str, ...]]:
    """Where and when the table of a second of the clip has which faces and expressions."""
    outputs = ClipOutputs(None, tmp_path / f"{name}.csv", None)
    annotate_clip(
        CLIP, outputs, EmotionRecognizer.load("pixels"), VideoOptions(end_s=1.0),
        progress=lambda *_: None, stop=threading.Event(), beside=beside,
    )  # fmt: skip
    assert outputs.table is not None
    return seen_in(outputs.table)


def seen_in(table: Path) -> list[tuple[str, ...]]:
    with table.open(newline="") as file:
        return [tuple(row[column] for column in COLUMNS) for row in csv.DictReader(file)]


def test_a_clip_gives_the_same_table_with_and_without_it(
    tmp_path: Path, beside: ReadingProcess
) -> None:
    assert rows(tmp_path, "beside", beside) == rows(tmp_path, "alone", None)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
def test_a_clip_loses_nothing_when_it_dies_on_the_way(
    tmp_path: Path, beside: ReadingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    call = reading_process.ReadingProcess.submit

    def killing(self: ReadingProcess, name: str, *pictures: ImageU8) -> object:
        calls.append(name)
        if len(calls) == 2:
            os.kill(process_id(self), signal.SIGKILL)
        return call(self, name, *pictures)

    monkeypatch.setattr(reading_process.ReadingProcess, "submit", killing)
    assert rows(tmp_path, "killed", beside) == rows(tmp_path, "alone", None)
    assert len(calls) > 2
