"""However a window ends, what its session keeps is complete."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from tests.loopback_camera import LoopbackCamera, sample_pictures
from tests.waiting import SEEN_S
from tests.window.conftest import start_display, xdo
from tests.window.test_live_window import until
from tests.window.test_window import ask_to_close

pytestmark = pytest.mark.window

GONE = "the display is gone, and the session with it"
Ending = Callable[[str, str, subprocess.Popen[bytes]], object]


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        (lambda display, window, server: server.kill(), 1, GONE),
        (lambda display, window, server: server.terminate(), 1, GONE),
        (lambda display, window, server: xdo(display, "windowkill", window), 1, GONE),
        (lambda display, window, server: ask_to_close(display, int(window)), 0, "recorded "),
    ],
    ids=["a killed display", "a display that ends", "xkill", "a closed window"],
)
def test_log_and_film_are_complete(tmp_path: Path, end: Ending, code: int, said: str) -> None:
    log, film = tmp_path / "log.csv", tmp_path / "film.mp4"
    display, server = start_display()
    with (
        server,
        LoopbackCamera(sample_pictures(most=60), (400, 300)) as camera,
        subprocess.Popen(
            [sys.executable, "-m", "emocam", "live", camera.url, "--model", "pixels",
             "--log", log, "--record", film],
            env={**os.environ, "DISPLAY": display}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as session,
    ):  # fmt: skip
        # Taken from a large log: the window was drawn to many times by then.
        until(lambda: log.exists() and log.read_text().count(",ok,") > 10)
        search = ("search", "--all", "--pid", str(session.pid), "--name", "^emocam$")
        end(display, xdo(display, *search).splitlines()[0], server)
        _, err = session.communicate(timeout=SEEN_S)
        server.terminate()
    assert session.returncode == code, err
    lines = err.splitlines()
    assert all(line.startswith("emocam: ") for line in lines), err
    assert said in lines[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "log.csv"]
    capture = cv2.VideoCapture(str(film))
    assert capture.read()[0]
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(None not in row and None not in row.values() for row in rows)
