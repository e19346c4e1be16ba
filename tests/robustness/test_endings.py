"""However a command ends: results are complete or absent, the exit code is right, nothing stays."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SAMPLES, write_dataset
from tests.robustness.bad_photos import PHOTO
from tests.robustness.waiting import finished_photos, read_terminal, wait_for
from tests.waiting import WAIT_S

if sys.platform == "win32":
    pytest.skip("signals of Unix", allow_module_level=True)


def start(place: Path, *arguments: object, stderr: Any = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "emocam", *map(str, arguments)],
        cwd=place,
        env={
            **os.environ,
            "PYTHONPATH": str(SAMPLES.parent),
            "TERM": "xterm",
            "XDG_CACHE_HOME": str(place.parent / "cache"),
        },  # no step is kept from another run
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        # A shell that runs the tests in the background has them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(150):
        shutil.copy(PHOTO, folder / f"{number:03d}.jpg")
    return folder


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
    ids=["Ctrl-C", "SIGTERM", "kill -9"],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stopped_run_of_photos_has_no_table_and_goes_on(
    photos: Path, tmp_path: Path, number: int, code: int, jobs: int
) -> None:
    label = ("label", photos, "-o", "t.csv", "--jobs", jobs)
    running = start(tmp_path, *label)
    wait_for(lambda: finished_photos(tmp_path / "t.csv.progress"))
    running.send_signal(number)
    _, err = running.communicate(timeout=WAIT_S)
    assert running.returncode == code, err
    assert "Traceback" not in err
    assert not (tmp_path / "t.csv").exists()
    assert (tmp_path / "t.csv.progress").exists()
    assert not list(tmp_path.glob(".partial*"))
    again = start(tmp_path, *label)
    _, err = again.communicate(timeout=WAIT_S)
    assert again.returncode == 0, err
    assert len((tmp_path / "t.csv").read_text().splitlines()) >= 151


def test_sigterm_while_training_leaves_nothing(tmp_path: Path) -> None:
    write_dataset(tmp_path / "set", ("happy", "sad", "angry"), 60)
    ours, theirs = os.openpty()
    running = start(tmp_path, "train", "set", "-o", "m.safetensors", stderr=theirs)
    os.close(theirs)
    said = read_terminal(ours, b"visual words")  # the first step's bar
    running.terminate()
    said += read_terminal(ours)
    running.communicate(timeout=WAIT_S)
    os.close(ours)
    assert running.returncode == 143, said
    assert b"Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_reader_that_leaves_a_pipe_is_no_error_of_ours(tmp_path: Path) -> None:
    line = f"{sys.executable} -m emocam live {SAMPLES / 'webcam.mp4'} --realtime --no-window"
    done = subprocess.run(
        f"{line} | head -n 1", shell=True, cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(SAMPLES.parent)}, timeout=WAIT_S, check=False,
    )  # fmt: skip
    assert "face" in done.stdout
    assert done.stderr == ""
