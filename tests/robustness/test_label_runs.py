"""Whole runs of `emocam label` in real processes: workers that crash, runs that are killed."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.robustness.waiting import finished_photos, wait_for

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "samples" / "photos"

# Loaded by every Python process of a run: reading a marked photo ends the process as a fault in a
# decoder's C code would.
_CRASH = """
import os, numpy, cv2
from PIL import Image
real = cv2.imdecode
def imdecode(data, flags):
    if b"CRASH" in bytes(data[-16:]):
        os.abort()
    return real(data, flags)
cv2.imdecode = imdecode
"""


# The same, but so slow that photos are committed on the way, and without an end for a marked one.
_SLOW = """
import time, numpy, cv2
from PIL import Image
real = cv2.imdecode
def imdecode(data, flags):
    time.sleep(3600 if b"WAITS" in bytes(data[-16:]) else 0.1)
    return real(data, flags)
cv2.imdecode = imdecode
"""


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "emocam", "label", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def run(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=environment(**more), capture_output=True, text=True, check=False
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Thirty photos, three of them with a face."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(27):
        noise = np.random.default_rng(number).integers(0, 255, (90, 120, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"n{number:02d}.jpg")
    for path in SAMPLES.glob("*.jpg"):
        shutil.copy(path, folder)
    return folder


@pytest.mark.parametrize(("jobs", "scratch"), [("1", "s"), ("2", "s"), ("2", "s" * 100)])
def test_a_photo_that_crashes_the_reader_is_named_and_the_others_are_read(
    photos: Path, tmp_path: Path, jobs: str, scratch: str
) -> None:
    # A long path for temporary files is none for the socket through which processes are forked.
    (tmp_path / scratch).mkdir()
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(_CRASH)
    with (photos / "n07.jpg").open("ab") as file:
        file.write(b"CRASH")
    done = run(
        photos, "-o", tmp_path / "t.csv", "--jobs", jobs, "--json",
        PYTHONPATH=f"{tmp_path / 'hook'}{os.pathsep}{ROOT}", TMPDIR=str(tmp_path / scratch),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["statuses"] == {"no_face": 26, "ok": 3, "unreadable": 1}
    [bad] = [row for row in rows(tmp_path / "t.csv") if row["status"] == "unreadable"]
    assert (Path(bad["source"]).name, bad["reason"]) == ("n07.jpg", "the reader crashed on it")


@pytest.fixture
def killed(photos: Path, tmp_path: Path) -> Path:
    """The table of a run that was killed half-way."""
    last = max(photos.iterdir())
    last.write_bytes(last.read_bytes() + b"WAITS")
    (tmp_path / "sitecustomize.py").write_text(_SLOW)
    output = tmp_path / "t.csv"
    process = subprocess.Popen(
        command(photos, "-o", output, "--jobs", "2"),
        env=environment(MARK=str(tmp_path), PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}"),
    )
    progress = output.with_name("t.csv.progress")
    wait_for(lambda: process.poll() is not None or finished_photos(progress))
    process.kill()
    process.wait()
    return output


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_a_killed_run_goes_on_to_the_table_of_one_process(
    photos: Path, tmp_path: Path, killed: Path
) -> None:
    wait_for(lambda: _workers(str(tmp_path)) == [])  # they end with the run
    finished = finished_photos(killed.with_name("t.csv.progress"))
    assert finished > 0
    goes_on = run(photos, "-o", killed, "--json")
    assert (goes_on.returncode, goes_on.stderr) == (0, "")
    assert json.loads(goes_on.stdout)["read"] == 30 - finished
    run(photos, "-o", tmp_path / "whole.csv", "--jobs", "1")
    assert killed.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def _workers(mark: str) -> list[str]:
    """Processes that were started with this mark and have not ended."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"MARK={mark}\0".encode() in (process / "environ").read_bytes()
            command_line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if marked and "resource_tracker" not in command_line:
            found.append(command_line)
    return found


def test_a_full_disk_is_one_clear_line(photos: Path, tmp_path: Path) -> None:
    import resource

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    done = subprocess.run(
        command(photos, "-o", tmp_path / "t.csv"),
        env=environment(),
        preexec_fn=small_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "t.csv").exists()
    goes_on = run(photos, "-o", tmp_path / "t.csv")
    assert (goes_on.returncode, len(rows(tmp_path / "t.csv"))) == (0, 30)
