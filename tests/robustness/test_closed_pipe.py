"""Standard output that is a closed pipe, is full or missing: results are whole, no traceback."""

from __future__ import annotations

import os
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
    pytest.skip("pipes of Unix", allow_module_level=True)

# What only prints; the first with an exit code of its own.
PRINTS = {
    "doctor": "doctor http://127.0.0.1:9/x",
    "doctor: JSON": "doctor --json http://127.0.0.1:9/x",
    "help": "--help",
    "help of a command": "label --help",
    "version": "--version",
    "welcome": "",
    "completion": "--show-completion bash",
    "teach: show": "teach me.json --show",
    "live: messages": "live a.mp4 --realtime --no-window --model pixels --send jsonl:-",
    "label: JSON": f"{COMMANDS['label: table']} --json",
    "evaluate: JSON": "evaluate set --model pixels --json",
    "compare: JSON": "compare set --model pixels --json",
    "dataset: JSON": "dataset set --json",
    "explain: JSON": f"{COMMANDS['explain']} --json",
    "study: JSON": f"{COMMANDS['study']} --json",
}


@pytest.fixture(scope="module")
def inputs(inputs: Path) -> Path:
    run(inputs, "teach a.mp4 --marks marks.csv -o me.json")
    return inputs


@pytest.fixture
def place(inputs: Path) -> Iterator[Path]:
    yield inputs
    shutil.rmtree(inputs / "out", ignore_errors=True)
    for made in inputs.glob("t.csv*"):
        made.unlink()


def run(
    folder: Path, command: str, closing: str = "", stdout: int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Run a command line in a shell that closes streams before."""
    environment = {**os.environ, "PYTHONPATH": str(SAMPLES.parent)}
    environment.pop("PYTHONUNBUFFERED", None)  # users have buffers, which are written at the end
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {closing}', "sh", sys.executable, "-m", "emocam",
         *command.split()],
        cwd=folder, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True,
        timeout=WAIT_S, check=False,
    )  # fmt: skip


def made(folder: Path) -> list[Path]:
    return [path for path in (folder / "out").rglob("*") if path.is_file()]


# What kind of table it is makes no difference to what is printed.
@pytest.mark.parametrize(
    "name", [one for one in {**COMMANDS, **PRINTS} if not one.endswith(("SQLite", "lines", "quet"))]
)
def test_a_reader_that_has_left_is_no_error_of_ours(place: Path, name: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run(place, {**COMMANDS, **PRINTS}[name], stdout=writing)
    os.close(writing)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert [path for path in made(place) if not is_whole(path)] == []
    if name in COMMANDS and name != "train":  # which prints before it is at work
        assert made(place)


@pytest.mark.parametrize("name", ["help of a command", "version", "explain", "evaluate: JSON"])
def test_a_full_disk_behind_standard_output_is_one_line(place: Path, name: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("has no device that is full")
    done = run(place, {**COMMANDS, **PRINTS}[name], ">/dev/full")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "standard output" in done.stderr
    assert "make room" in done.stderr


@pytest.mark.parametrize("closing", [">&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize("name", ["version", "label: annotated", "video: all", "live: film"])
def test_streams_that_are_missing_change_nothing(place: Path, name: str, closing: str) -> None:
    done = run(place, {**COMMANDS, **PRINTS}[name], closing)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert [path for path in made(place) if not is_whole(path)] == []
    assert name == "version" or made(place)


def test_a_session_for_a_pipe_alone_ends_with_its_reader(place: Path) -> None:
    """Nobody would see that it goes on, and nothing would ever end it."""
    shutil.copy(SAMPLES / "webcam.mp4", place)
    line = f"{sys.executable} -m emocam live webcam.mp4 --realtime --no-window --send jsonl:-"
    done = subprocess.run(
        ["sh", "-c", f"({line}; echo code $? >&2) | head -n 1"], cwd=place, text=True,
        env={**os.environ, "PYTHONPATH": str(SAMPLES.parent)},
        capture_output=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    assert done.stdout.count("\n") == 1
    assert done.stderr.splitlines()[-1] == "code 1"
    assert "frames (" not in done.stderr  # the summary of a session that went on to its end
