"""Frames of a film are encoded in a thread, in order, and errors reach the one who draws."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from emocam.errors import OutputError
from emocam.io import h264
from emocam.io.video_reader import VideoFile
from emocam.io.video_writer import FilmRecorder
from emocam.types import ImageU8
from emocam.video.film_thread import FilmThread


def gray(level: int) -> ImageU8:
    return np.full((48, 64, 3), level, np.uint8)


def test_all_frames_are_in_the_film_in_their_order(tmp_path: Path) -> None:
    film = tmp_path / "a.mp4"
    levels = range(20, 240, 20)
    with FilmRecorder(film, (64, 48), fps=25) as recorder, FilmThread(recorder) as thread:
        for number, level in enumerate(levels):
            thread.write(gray(level), number / 25)
    with VideoFile(film) as video:
        means = [frame.image_bgr.mean() for frame in video]
    np.testing.assert_allclose(means, levels, atol=4)


def write(film: FilmRecorder, frames: int, error: Exception | None = None) -> None:
    with film, FilmThread(film) as thread:
        for number in range(frames):
            thread.write(gray(100), number / 25)
        if error is not None:
            raise error


@pytest.mark.parametrize("frames", [3, 30])
def test_an_error_is_raised_here_and_nothing_is_written_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frames: int
) -> None:
    converted = []

    def fail_at_third(frame_bgr: ImageU8) -> object:
        converted.append(1)
        if len(converted) == 3:
            raise ValueError("no space left")
        return to_yuv(frame_bgr)

    to_yuv = h264._to_yuv
    monkeypatch.setattr(h264, "_to_yuv", fail_at_third)
    film = FilmRecorder(tmp_path / "a.mp4", (64, 48), fps=25)
    with pytest.raises(OutputError, match="no space left"):
        write(film, frames)
    assert len(converted) == 3
    assert not list(tmp_path.iterdir())


def test_no_frame_is_written_once_the_film_is_closed(tmp_path: Path) -> None:
    before = threading.active_count()
    film = FilmRecorder(tmp_path / "a.mp4", (64, 48), fps=25)
    with pytest.raises(KeyError):
        write(film, 4, KeyError())
    assert threading.active_count() == before
    assert not list(tmp_path.iterdir())
