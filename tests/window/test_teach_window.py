"""A guided session in a real window."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.loopback_camera import LoopbackCamera, sample_pictures
from tests.waiting import SEEN_S
from tests.window.conftest import screenshot, xdo
from tests.window.test_live_window import ROOT, until

pytestmark = pytest.mark.window


def find_window(display: str, process: subprocess.Popen[str]) -> str:
    search = ("search", "--all", "--pid", str(process.pid), "--name", "^emocam teach$")
    try:
        return xdo(display, *search).splitlines()[0]
    except (subprocess.CalledProcessError, IndexError):
        return ""


def test_labels_are_caught_and_kept_when_enter_is_pressed(display: str, tmp_path: Path):
    profile = tmp_path / "me.json"
    camera = LoopbackCamera(sample_pictures(most=60), (640, 480), fps=15)
    command = [sys.executable, "-m", "emocam", "teach", camera.url, "-o", str(profile)]
    with camera, subprocess.Popen(
        [*command, "--labels", "neutral,tongue out"],
        cwd=ROOT, env={**os.environ, "DISPLAY": display, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        until(lambda: find_window(display, process) != "" or process.poll() is not None)
        window = find_window(display, process)
        # Below the picture stands the strip of what was caught, which nothing else is as dark as.
        until(lambda: screenshot(display, window)[-10:].mean() < 60)
        xdo(display, "windowfocus", "--sync", window, "key", "2")
        assert process.stdout is not None
        said = ""
        while "done: " not in said:  # neutral comes after the one that was chosen
            line = process.stdout.readline()
            assert line, process.communicate()
            said += line
        assert "tongue out: hold it" in said
        xdo(display, "windowfocus", "--sync", window, "key", "Return")
        out, err = process.communicate(timeout=SEEN_S)
    assert process.returncode == 0, (out, err)
    taught = json.loads(profile.read_text())["taught"]
    assert list(taught) == ["neutral", "tongue out"]
    assert all(1 <= count <= 3 for count in taught.values())  # by how fast the machine reads
