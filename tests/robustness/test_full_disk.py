"""A disk that is full, or fills while a command writes: one line, and results whole or absent."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SAMPLES
from tests.robustness.test_every_ending import is_whole
from tests.robustness.writers import COMMANDS
from tests.waiting import WAIT_S

if sys.platform == "win32":
    pytest.skip("small disks are mounted", allow_module_level=True)

_AS_ROOT = ["sudo", "-n"] if os.geteuid() and shutil.which("sudo") else []
_PAGE_KB = 4
_OF_OURS = re.compile(r"\.progress|\.emocam-sorted")  # what a further run goes on from
# Room for a part of what is written, in kB, where that is more than two pages.
_PART_KB = {
    "label: table": 40,
    "label: SQLite": 44,
    "label: annotated": 220,
    "label: gallery": 12,
    "label: sorted": 150,
    "video: all": 40,
    "live: film": 8,
    "teach": 4,
    "train": 24,
    "evaluate": 60,
    "compare": 60,
    "dataset": 60,
    "dataset: copy": 40,
    "explain": 60,
    "study": 60,
}


class SmallDisk:
    """A file system with so much room, mounted over a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def mount(self, room_kb: int) -> None:
        self._mount("tmpfs", f"size={room_kb + _PAGE_KB}k")
        # A file system of no size would have no limit.
        (self.folder / "filler").write_bytes(bytes(_PAGE_KB << 10))

    def grow(self) -> None:
        self._mount("none", "remount,size=64m")

    def _mount(self, kind: str, options: str) -> None:
        command = [*_AS_ROOT, "mount", "-t", "tmpfs", "-o", options, kind, str(self.folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root may mount a small disk")

    def unmount(self) -> None:
        subprocess.run([*_AS_ROOT, "umount", "-l", str(self.folder)], check=False)

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file() and path.name != "filler"]


@pytest.fixture
def disk(inputs: Path) -> Iterator[SmallDisk]:
    small = SmallDisk(inputs / "out")
    yield small
    small.unmount()
    small.folder.rmdir()
    for path in inputs.glob("t.csv*"):
        path.unlink()


def run(inputs: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emocam", *command.split()], cwd=inputs,
        env={**os.environ, "PYTHONPATH": str(SAMPLES.parent)},
        capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "room_kb"), [*((name, 0) for name in COMMANDS), *_PART_KB.items()], ids=str
)
def test_it_is_one_line_and_no_half_result(
    inputs: Path, disk: SmallDisk, name: str, room_kb: int
) -> None:
    disk.mount(room_kb)
    done = run(inputs, COMMANDS[name])
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("emocam: ")
    assert "out/" in done.stderr  # where
    assert ".partial" not in done.stderr
    assert "space left" in done.stderr or "full" in done.stderr or "MB are left" in done.stderr
    assert "make room" in done.stderr or "complete" in done.stderr
    left = [path for path in disk.files() if not _OF_OURS.search(str(path))]
    assert [path for path in left if ".partial" in str(path) or not is_whole(path)] == []
    assert room_kb or left == []


@pytest.mark.parametrize(
    ("name", "room_kb", "key"),
    [("label: annotated", 220, "photos"), ("study", 60, "sessions")],
)
def test_with_room_again_the_same_command_goes_on(
    inputs: Path, disk: SmallDisk, name: str, room_kb: int, key: str
) -> None:
    disk.mount(room_kb)
    assert run(inputs, COMMANDS[name]).returncode == 1
    disk.grow()
    done = run(inputs, f"{COMMANDS[name]} --json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told[key] == (4 if name.startswith("label") else 1)
    assert all((inputs / path).exists() for path in told["made"])


def test_what_stood_there_stays(inputs: Path, disk: SmallDisk) -> None:
    disk.mount(8)
    old = disk.folder / "e.png"
    old.write_bytes(b"old")
    done = run(inputs, f"{COMMANDS['explain']} --force")
    assert done.returncode == 1
    assert old.read_bytes() == b"old"


def test_a_live_film_is_kept_while_there_is_room_to_complete_it(
    inputs: Path, disk: SmallDisk
) -> None:
    disk.mount(2000)
    done = run(inputs, COMMANDS["live: film"])
    assert done.returncode == 1
    assert done.stderr == "emocam: out/r.mp4 ends here, complete: 1 MB are left on its disk\n"
    assert is_whole(disk.folder / "r.mp4")
