"""No command writes beside what it was asked for, and none speaks to another computer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import write_dataset
from tests.robustness.bad_photos import PHOTO
from tests.robustness.clips import make_clip
from tests.waiting import WAIT_S

ROOT = Path(__file__).parents[2]

# The command, and the names in the working folder that it may leave behind.
COMMANDS = [
    ("label a.jpg -o t.csv --jobs 1", {"t.csv", "t.csv.progress"}),
    ("label a.jpg -o t.csv --jobs 2", {"t.csv", "t.csv.progress"}),
    ("label a.jpg -o t.sqlite --jobs 1 --gallery g.html --annotated drawn --sort-into sorted",
     {"t.sqlite", "t.sqlite.progress", "g.html", "drawn", "sorted"}),
    ("video a.mp4 -o results", {"results"}),
    ("video a.mp4 --blur --film -o b.mp4", {"b.mp4"}),
    ("live a.mp4 --realtime --no-window", set()),
    ("live a.mp4 --realtime --no-window --log l.csv --record r.mp4", {"l.csv", "r.mp4"}),
    ("live a.mp4 --realtime --browser --duration 1", set()),
    ("explain a.jpg -o e.png", {"e.png"}),
    ("evaluate set --model pixels", set()),
    ("evaluate set --model pixels --report r.html --figure f.png", {"r.html", "f.png"}),
    ("dataset set", set()),
    ("train set --recipe pixels --size 16 -o m.safetensors", {"m.safetensors"}),
    ("train set -o m.safetensors", {"m.safetensors"}),
    ("doctor", set()),
    ("--version", set()),
    ("label nowhere.jpg", set()),
]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, home: Path) -> Path:
    for name in ("temp", "work"):
        (tmp_path / name).mkdir()
    (tmp_path / "home").symlink_to(home)
    work = tmp_path / "work"
    shutil.copy(PHOTO, work / "a.jpg")
    make_clip(work / "a.mp4", 8)
    write_dataset(work / "set", ("happy", "sad"), 20)
    return tmp_path


@pytest.mark.parametrize(("command", "allowed"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_nothing_is_kept_or_sent_that_was_not_asked_for(
    place: Path, command: str, allowed: set[str]
) -> None:
    work, notes = place / "work", place / "notes.jsonl"
    before = {path.name for path in work.iterdir()}
    watched = Path(__file__).with_name("watched.py")
    done = subprocess.run(
        [sys.executable, str(watched), str(notes), *command.split()],
        cwd=work,
        env={
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(place / "home"), "TMPDIR": str(place / "temp"),
            "XDG_CACHE_HOME": str(place / "home" / ".cache"),
        },
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    told = [json.loads(line) for line in notes.read_text().splitlines()]
    assert {path.name for path in work.iterdir()} - before <= allowed
    homes = ((place / one).resolve() for one in ("home", "temp"))
    kept = [path for one in homes for path in one.rglob("*") if path.is_file()]
    assert not [path for path in kept if not _is_listed_cache(path)]
    outside = [what for kind, what in told if kind == "write" and not _is_own(what, work, place)]
    assert not outside
    sockets = [(kind, what) for kind, what in told if kind.startswith(("socket", "urllib"))]
    assert not [one for one in sockets if not _is_local(*one)], sockets


def _is_listed_cache(path: Path) -> bool:
    """Matplotlib's list of fonts or a step of training: `emocam doctor` and the docs name both."""
    parts = path.parts[path.parts.index(".cache") + 1 :] if ".cache" in path.parts else ()
    return parts[:1] in (("matplotlib",), ("emocam",))


def _is_own(what: str, work: Path, place: Path) -> bool:
    """Whether a write stays with the results, in the temporary folder or at no file at all."""
    path = (work / what).resolve()
    homes = (work, place / "temp", (place / "home").resolve(), Path("/dev"), Path("/proc"))
    return what.isdigit() or ":memory:" in what or any(path.is_relative_to(one) for one in homes)


def _is_local(kind: str, what: str) -> bool:
    # A Unix socket has a path, or none; a name to look up would leave the machine.
    return "127.0.0.1" in what or "localhost" in what or what.startswith(("/", "b'", "'", "None"))
