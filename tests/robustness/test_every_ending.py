"""Commands with results, ended in every way while they work: results are whole or absent."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import cv2
import pytest

from tests.conftest import SAMPLES, write_dataset
from tests.robustness.bad_photos import PHOTO
from tests.robustness.test_endings import wait_for

if sys.platform == "win32":
    pytest.skip("signals of Unix", allow_module_level=True)

# As the installed script runs it. With `-m`, Python gives itself up to SIGINT after a Ctrl-C that
# came amid some imports, whatever exit code it was given.
_EMOCAM = "import sys; from emocam.cli import main; main(sys.argv[1:])"

# The command, what shows that it is at work, and its results. `video` keeps what it has so far
# under names with `.partial`, `live` ends as if it were asked to, and a SQLite table of `label`
# grows in view: with the log beside it, it is whole at any time.
COMMANDS = {
    "label": ("label photos -o t.csv --jobs 1 --annotated drawn", "t.csv.progress", ["t.csv"]),
    "label to SQLite": ("label photos -o t.sqlite --jobs 2", "t.sqlite.progress", ["t.sqlite"]),
    "video": ("video webcam.mp4 -o out", "out/.partial-*/.partial-*.mp4*", []),
    "a table of a clip": ("video webcam.mp4 -o t.csv", ".partial-*", ["t.csv"]),
    "live": (
        "live webcam.mp4 --realtime --no-window --model pixels --log l.csv --record r.mp4",
        ".partial-r.mp4*", ["r.mp4"],
    ),
    "study": ("study plan.csv -o results --jobs 1", "results/.progress", ["results/study.html"]),
    "teach": ("teach webcam.mp4 --marks marks.csv -o me.json", "", ["me.json"]),
    "train": ("train set -o m.safetensors", "", ["m.safetensors"]),
    "evaluate": ("evaluate set --report r.html --figure f.png", "", ["r.html", "f.png"]),
    "compare": ("compare set --report r.html", "", ["r.html"]),
    "dataset": ("dataset set --report r.html --balance-to even", "", ["r.html"]),
    "explain": ("explain a.jpg -o e.png", "", ["e.png"]),
}  # fmt: skip
_OF_SQLITE = re.compile(r"\.progress|-(shm|wal)$")
_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for number in range(40):
        shutil.copy(PHOTO, tmp_path / "photos" / f"{number}.jpg")
    shutil.copy(PHOTO, tmp_path / "a.jpg")
    shutil.copy(SAMPLES / "webcam.mp4", tmp_path)
    write_dataset(tmp_path / "set", ("happy", "sad", "angry"), 30)
    (tmp_path / "plan.csv").write_text("file,participant\nwebcam.mp4,ann\n")
    (tmp_path / "marks.csv").write_text("label,start,end\nhappy,0,6\nneutral,7,12\n")
    return tmp_path


def is_whole(path: Path) -> bool:
    """Whether a result can be read to its end."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return all(None not in row and None not in row.values() for row in rows)
    if path.suffix == ".sqlite":
        with closing(sqlite3.connect(path)) as table:
            return table.execute("pragma integrity_check").fetchone() == ("ok",)
    if path.suffix == ".html":
        return path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    if path.suffix == ".json":
        return bool(json.loads(path.read_text(encoding="utf-8")))
    if path.suffix in (".png", ".jpg"):
        return cv2.imread(str(path)) is not None
    if path.suffix == ".mp4":
        return bool(cv2.VideoCapture(str(path)).read()[0])
    return path.stat().st_size > 0


@pytest.mark.parametrize("number", _CODES, ids=["Ctrl-C", "SIGTERM", "kill -9"])
@pytest.mark.parametrize("name", COMMANDS)
def test_results_are_whole_or_absent(place: Path, name: str, number: signal.Signals) -> None:
    command, sign, results = COMMANDS[name]
    before = set(place.rglob("*"))
    running = subprocess.Popen(
        [sys.executable, "-c", _EMOCAM, *command.split()], cwd=place, text=True,
        env={**os.environ, "PYTHONPATH": str(SAMPLES.parent)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A shell that runs the tests in the background has them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        wait_for(lambda: running.poll() is not None or (not sign or any(place.glob(sign))))
        try:
            # Where nothing shows that it works it is stopped a while after its start.
            running.wait(0.3 if sign else 1.5)
        except subprocess.TimeoutExpired:
            running.send_signal(number)
        _, err = running.communicate(timeout=120)
    finally:
        running.kill()
    ended_by_itself = running.returncode == 0
    polite = name == "live" and number is not signal.SIGKILL
    assert running.returncode in (0, *(() if polite else (_CODES[number],))), err
    assert "Traceback" not in err
    assert "unexpected" not in err
    for result in results:
        if not ended_by_itself and "progress" not in sign and number is not signal.SIGKILL:
            assert not (place / result).exists(), result
    made = [path for path in place.rglob("*") if path not in before and path.is_file()]
    hidden = [path for path in made if any(".partial-" in part for part in path.parts)]
    assert not hidden or number is signal.SIGKILL, hidden  # which leaves no time to clean up
    kept = [path for path in made if path not in hidden and not _OF_SQLITE.search(str(path))]
    assert [path for path in kept if not is_whole(path)] == []
