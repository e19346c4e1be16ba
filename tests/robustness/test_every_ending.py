"""Commands with results, ended in every way while they work: results are whole or absent."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import cv2
import pytest

from emocam.recognition.model_file import load_model_file
from tests.conftest import SAMPLES, write_dataset
from tests.robustness.bad_photos import PHOTO
from tests.robustness.waiting import wait_for
from tests.waiting import WAIT_S

if sys.platform == "win32":
    pytest.skip("signals of Unix", allow_module_level=True)

# As the installed script runs it. With `-m`, Python gives itself up to SIGINT after a Ctrl-C that
# came amid some imports, whatever exit code it was given. A file tells that it opened an input.
_EMOCAM = """
import os, sys
from emocam.cli import main

def tell(event, arguments):
    if event == "open" and os.path.abspath(str(arguments[0])).startswith(os.environ["INPUT"]):
        os.close(os.open(os.environ["AT_WORK"], os.O_CREAT))

sys.addaudithook(tell)
main(sys.argv[1:])
"""

# The command, what shows that it is at work (a file that it makes, or `<` and one that it reads),
# and its results. `video` keeps what it has so far under names with `.partial`, `live` ends as if
# it were asked to, and a SQLite table of `label` grows in view: with the log beside it, it is whole
# at any time.
COMMANDS = {
    "label": ("label photos -o t.csv --jobs 1 --annotated drawn", "t.csv.progress", ["t.csv"]),
    "label to SQLite": ("label photos -o t.sqlite --jobs 2", "t.sqlite.progress", ["t.sqlite"]),
    "video": (
        "video webcam.mp4 -o out", "out/.partial-*/.partial-*.mp4*",
        ["out/webcam.csv", "out/webcam.html", "out/webcam.mp4"],
    ),
    "a table of a clip": ("video webcam.mp4 -o t.csv", ".partial-*", ["t.csv"]),
    "live": (
        "live webcam.mp4 --realtime --no-window --model pixels --log l.csv --record r.mp4",
        ".partial-r.mp4*", ["r.mp4"],
    ),
    "study": ("study plan.csv -o results --jobs 1", "results/.progress", ["results/study.html"]),
    "teach": ("teach webcam.mp4 --marks marks.csv -o me.json", "<marks.csv", ["me.json"]),
    "train": ("train set -o m.safetensors", "<set", ["m.safetensors"]),
    "evaluate": ("evaluate set --report r.html --figure f.png", "<set", ["r.html", "f.png"]),
    "compare": ("compare set --report r.html", "<set", ["r.html"]),
    "dataset": ("dataset set --report r.html --balance-to even", "<set", ["r.html"]),
    "explain": ("explain a.jpg -o e.png", "<a.jpg", ["e.png"]),
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
    if path.suffix == ".safetensors":
        return bool(load_model_file(path).card)
    return path.stat().st_size > 0


@pytest.mark.parametrize("number", _CODES, ids=["Ctrl-C", "SIGTERM", "kill -9"])
@pytest.mark.parametrize("name", COMMANDS)
def test_results_are_whole_or_absent(
    place: Path, tmp_path_factory: pytest.TempPathFactory, name: str, number: signal.Signals
) -> None:
    command, sign, results = COMMANDS[name]
    at_work = tmp_path_factory.mktemp("sign") / "at work"
    before = set(place.rglob("*"))
    running = subprocess.Popen(
        [sys.executable, "-c", _EMOCAM, *command.split()], cwd=place, text=True,
        env={
            **os.environ, "PYTHONPATH": str(SAMPLES.parent),
            "AT_WORK": str(at_work), "INPUT": str(place / sign.lstrip("<")),
            "XDG_CACHE_HOME": str(at_work.parent),  # no step of training is kept from another run
        },
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A shell that runs the tests in the background has them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip

    def is_at_work() -> bool:
        return at_work.exists() if sign.startswith("<") else any(place.glob(sign))

    try:
        wait_for(lambda: running.poll() is not None or is_at_work())
        # At another point of its work in each run: what is asked for holds at all of them.
        with suppress(subprocess.TimeoutExpired):
            running.wait(random.uniform(0, 0.5))
        running.send_signal(number)
        _, err = running.communicate(timeout=WAIT_S)
    finally:
        running.kill()
    # The signal alone ends what has left nothing to do but the end of Python.
    is_over = running.returncode in (0, -number) and all((place / one).exists() for one in results)
    is_over &= not (place / "t.sqlite.progress").exists()
    polite = name == "live" and number is not signal.SIGKILL
    assert is_over or running.returncode == (0 if polite else _CODES[number]), err
    assert "Traceback" not in err
    assert "unexpected" not in err
    if name in ("video", "a table of a clip") and not is_over and number is not signal.SIGKILL:
        # Half of these looks whole. The others are opened below: they may be finished where the
        # signal falls into a command's last steps.
        assert not any((place / one).exists() for one in results)
    made = [path for path in place.rglob("*") if path not in before and path.is_file()]
    hidden = [path for path in made if any(".partial-" in part for part in path.parts)]
    assert not hidden or number is signal.SIGKILL, hidden  # which leaves no time to clean up
    kept = [path for path in made if path not in hidden and not _OF_SQLITE.search(str(path))]
    assert [path for path in kept if not is_whole(path)] == []
