"""Below Python: what the kernel is asked for.

Nothing is written beside what a command was asked for and the caches that `emocam doctor` lists,
and nobody is spoken to but this computer.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import write_dataset
from tests.loopback_camera import LoopbackCamera, sample_pictures
from tests.robustness.bad_photos import PHOTO
from tests.robustness.clips import make_clip
from tests.robustness.traced import STRACE, Traced, read_trace
from tests.waiting import WAIT_S

ROOT = Path(__file__).parents[2]
HERE = frozenset({"127.0.0.1", "::1", "0.0.0.0"})  # the last is where a socket of ours begins


def can_trace() -> bool:
    if shutil.which("strace") is None:
        return False
    # A container may forbid it.
    return subprocess.run([*STRACE, "/dev/null", "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_trace(), reason="needs strace, and may need permission")

# The command, and the names in the working folder that it may make. CAMERA is one on this computer.
COMMANDS = [
    ("label a.jpg b.jpg -o t.csv --jobs 2 --gallery g.html --annotated drawn --sort-into sorted",
     {"t.csv", "t.csv.progress", "g.html", "drawn", "sorted"}),
    ("video a.mp4 -o results --blur --every 0.1s", {"results"}),
    ("live a.mp4 --realtime --no-window --model pixels --log l.csv --record r.mp4 "
     "--send udp://127.0.0.1:9 --send jsonl:- --marks-from udp://127.0.0.1:0",
     {"l.csv", "r.mp4"}),
    ("live a.mp4 --realtime --browser --model pixels --duration 1", set()),
    ("study plan.csv -o results --films --jobs 2", {"results"}),
    ("teach a.mp4 --marks marks.csv -o me.json", {"me.json"}),
    ("teach CAMERA --no-window --labels neutral -o me.json", {"me.json"}),
    ("train set -o m.safetensors", {"m.safetensors"}),
    ("evaluate set --model pixels --report r.html", {"r.html"}),
    ("compare set --report r.html", {"r.html"}),
    ("dataset set --report r.html --balance-to balanced", {"r.html", "balanced"}),
    ("explain a.jpg -o e.png", {"e.png"}),
    ("doctor http://127.0.0.1:9/x", set()),
]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("temp", "work"):
        (tmp_path / name).mkdir()
    work = tmp_path / "work"
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(PHOTO, work / name)
    make_clip(work / "a.mp4", 8)
    write_dataset(work / "set", ("happy", "sad"), 20)
    (work / "plan.csv").write_text("file,participant\na.mp4,ann\n")
    (work / "marks.csv").write_text("label,start,end\nhappy,0,0.3\n")
    return tmp_path


def run(place: Path, home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(home), "TMPDIR": str(place / "temp"), "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    return subprocess.run(
        command, cwd=place / "work", env=environment, capture_output=True, text=True,
        timeout=WAIT_S, check=False,
    )  # fmt: skip


def trace(place: Path, home: Path, command: str) -> Traced:
    told = place / "trace.txt"
    emocam = [sys.executable, "-m", "emocam", *command.split()]
    done = run(place, home, *STRACE, str(told), *emocam)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    with told.open(errors="replace") as lines:
        return read_trace(lines, place / "work")


def listed_caches(place: Path, home: Path) -> list[Path]:
    """The folders that `emocam doctor` names."""
    done = run(
        place, home, sys.executable, "-m", "emocam", "doctor", "--json", "http://127.0.0.1:9/"
    )
    checks = {check["name"]: check["found"] for check in json.loads(done.stdout)["checks"]}
    return [Path(path) for path in re.findall(r": (/[^ ;]*)", checks["caches"])]


@pytest.mark.parametrize(("command", "allowed"), COMMANDS, ids=[c.split()[0] for c, _ in COMMANDS])
def test_the_kernel_is_asked_for_nothing_else(
    place: Path, home: Path, command: str, allowed: set[str]
) -> None:
    work = place / "work"
    with ExitStack() as stack:
        if "CAMERA" in command:
            pictures = sample_pictures(most=60)
            camera = stack.enter_context(LoopbackCamera(pictures, (400, 300), fps=10))
            command = command.replace("CAMERA", camera.url)
        traced = trace(place, home, command)
    assert all((work / name).exists() for name in allowed if "progress" not in name)
    assert traced.addresses <= HERE
    assert traced.places or traced.addresses  # the tracer sees something
    homes = [place / "temp", *listed_caches(place, home)]
    for path in traced.places:
        if path.is_relative_to(work):
            name = path.relative_to(work).parts[0]
            name = re.sub(r"-(wal|shm|journal)$", "", name).removeprefix(".partial-")
            is_moved = re.fullmatch(r"\.tmp\w{6}", name) and not path.exists()  # of safetensors
            assert name in allowed or is_moved, path
        else:
            assert any(path.is_relative_to(one) for one in homes) or _is_nowhere(path, home), path
    assert not list((place / "temp").iterdir())


def _is_nowhere(path: Path, home: Path) -> bool:
    """Devices that keep nothing, and folders that hold the caches."""
    return path.parts[1] in ("dev", "proc") or (path.is_relative_to(home) and path.is_dir())


def test_what_a_trace_says_is_understood() -> None:
    lines = [
        '7 openat(AT_FDCWD</w>, "kept.csv", O_WRONLY|O_CREAT|O_CLOEXEC, 0666) = 3</w/kept.csv>',
        '7 openat(AT_FDCWD</w>, "read.csv", O_RDONLY|O_CLOEXEC) = 3</w/read.csv>',
        '7 openat(AT_FDCWD</w>, "/x/denied", O_WRONLY|O_CREAT, 0666) = -1 EACCES (denied)',
        '7 rename(".partial-a", "a")      = 0',
        '7 symlink("/elsewhere/b", "b") = 0',
        '7 unlinkat(5</tmp/d>, "f", 0) = 0',
        '7 connect(3<socket:[1]>, {sa_family=AF_INET, sin_port=htons(80), '
        'sin_addr=inet_addr("192.0.2.1")}, 16) = -1 EINPROGRESS (Operation now in progress)',
        '7 connect(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="/tmp/.X11"}, 16) = 0',
    ]  # fmt: skip
    places, addresses = read_trace(lines, Path("/w"))
    assert places == {Path(p) for p in ("/w/kept.csv", "/w/.partial-a", "/w/a", "/w/b", "/tmp/d/f")}
    assert addresses == {"192.0.2.1"}


def test_it_finds_what_python_does_not_tell(tmp_path: Path) -> None:
    told = tmp_path / "trace.txt"
    code = (
        "import ctypes; c = ctypes.CDLL(None)\n"
        "c.fopen(b'secret', b'w')\n"
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.7', 9))"
    )
    subprocess.run([*STRACE, told, sys.executable, "-c", code], cwd=tmp_path, check=True)
    with told.open() as lines:
        places, addresses = read_trace(lines, tmp_path)
    assert tmp_path / "secret" in places
    assert addresses == {"127.0.0.7"}
