"""A display of its own for windows, with keys pressed by xdotool."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from emocam.types import ImageU8

SCREEN_WH = (1280, 960)


def start_display() -> tuple[str, subprocess.Popen[bytes]]:
    """Name of a new display, such as :99, that nobody looks at, and its server."""
    for program in ("Xvfb", "xdotool", "import"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    screen = f"{SCREEN_WH[0]}x{SCREEN_WH[1]}x24"
    read, write = os.pipe()
    server = subprocess.Popen(
        # -r: a key is pressed once, however late a busy machine lets it go.
        ["Xvfb", "-displayfd", str(write), "-screen", "0", screen, "-nolisten", "tcp", "-noreset",
         "-r"],
        pass_fds=[write], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    return f":{number}", server


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """Name of a display that nobody looks at."""
    name, server = start_display()
    yield name
    server.terminate()
    server.wait()


def xdo(display: str, *arguments: str) -> str:
    """Run xdotool; what it printed."""
    done = subprocess.run(
        ["xdotool", *arguments],
        env={**os.environ, "DISPLAY": display}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def place(display: str, window: str) -> tuple[int, int, int, int]:
    """Left, top, width and height of a window."""
    text = xdo(display, "getwindowgeometry", "--shell", window)
    told = dict(line.split("=") for line in text.splitlines())
    return int(told["X"]), int(told["Y"]), int(told["WIDTH"]), int(told["HEIGHT"])


def screenshot(display: str, window: str) -> ImageU8:
    """What a window shows, blue first."""
    x, y, width, height = place(display, window)
    # Of the whole display, whose size stays: of a window that shrinks meanwhile there is none.
    done = subprocess.run(
        ["import", "-silent", "-window", "root", "bmp:-"],
        env={**os.environ, "DISPLAY": display}, capture_output=True, check=True,
    )  # fmt: skip
    whole = cv2.imdecode(np.frombuffer(done.stdout, np.uint8), cv2.IMREAD_COLOR)
    return whole[y : y + height, x : x + width]
