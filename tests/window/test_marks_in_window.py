"""Marks by the keys of a real window: in its picture, in the log and in the film."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.loopback_camera import LoopbackCamera, sample_pictures
from tests.waiting import SEEN_S
from tests.window.test_live_window import NOTICE, ROOT, SIZE_WH, Session

pytestmark = pytest.mark.window


def test_a_key_marks_picture_log_and_film(display: str, tmp_path: Path):
    log, film = tmp_path / "log.csv", tmp_path / "film.mp4"
    command = [
        sys.executable, "-m", "emocam", "live", "--model", "pixels", "--marks", "baseline,film",
        "--log", str(log), "--record", str(film),
    ]  # fmt: skip
    with (
        LoopbackCamera(sample_pictures(most=60), SIZE_WH, fps=15) as camera,
        subprocess.Popen(
            [*command, camera.url],
            cwd=ROOT,
            env={**os.environ, "DISPLAY": display},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,  # fmt: skip
    ):
        running = Session(display, camera, process, tmp_path)
        running.wait_for_window()
        running.wait_for_picture()
        before = running.look()[NOTICE].astype(int)
        running.press("2")
        running.wait_for(lambda look: abs(look[NOTICE].astype(int) - before).mean() > 8)
        running.press("7")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SEEN_S)
    assert process.returncode == 0, err
    with log.open(newline="") as file:
        marks = [row for row in csv.DictReader(file) if row["status"] == "mark"]
    assert marks[0]["reason"] == "film"
    assert float(marks[0]["time_s"]) > 0
    assert marks[0]["source"] == camera.url
    assert "marked: film" in err
    assert "marks: film" in out
    assert film.stat().st_size > 1000
