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


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """Name of a display, such as :99, that nobody looks at."""
    for program in ("Xvfb", "xdotool", "import"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    screen = f"{SCREEN_WH[0]}x{SCREEN_WH[1]}x24"
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", screen, "-nolisten", "tcp", "-noreset"],
        pass_fds=[write], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


def xdo(display: str, *arguments: str) -> str:
    """Run xdotool; what it printed."""
    done = subprocess.run(
        ["xdotool", *arguments],
        env={**os.environ, "DISPLAY": display}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def screenshot(display: str, window: str = "root") -> ImageU8:
    """What a window, or the whole display, shows, blue first."""
    done = subprocess.run(
        ["import", "-silent", "-window", window, "bmp:-"],
        env={**os.environ, "DISPLAY": display}, capture_output=True, check=True,
    )  # fmt: skip
    return cv2.imdecode(np.frombuffer(done.stdout, np.uint8), cv2.IMREAD_COLOR)
