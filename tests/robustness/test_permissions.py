"""What may not be read or written: one line, the right exit code, and nothing left behind."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest

import emocam
from emocam.recognition.model_file import find_model
from tests.cli.test_commands import run
from tests.conftest import write_dataset
from tests.robustness.bad_photos import PHOTO
from tests.robustness.clips import make_clip
from tests.robustness.test_bad_photos import contents, rows_of

if sys.platform == "win32":
    pytest.skip("permissions of Unix", allow_module_level=True)

_NOBODY = 65534
_NEEDED = (cv2.data.haarcascades, emocam.__file__, find_model())


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    shutil.copy(PHOTO, folder / "a.jpg")
    make_clip(folder / "a.mp4", 8)
    write_dataset(folder / "set", ("happy", "sad"), 2)
    (folder / "marks.csv").write_text("label,start,end\nhappy,0,0.3\n")
    (folder / "plan.csv").write_text("file,participant\na.mp4,ann\n")
    return folder


@pytest.fixture
def read_only(good: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder in which nothing can be written, not even by root."""
    place = tmp_path / "closed"
    place.mkdir()
    if os.geteuid():
        place.chmod(0o500)
        yield place
        place.chmod(0o700)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may neither mount nor be denied")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize(
    "command",
    [
        "label a.jpg -o closed/t.csv",
        "label a.jpg -o closed/t.sqlite",
        "label a.jpg -o t.csv --annotated closed/drawn",
        "label a.jpg -o t.csv --gallery closed/g.html",
        "label a.jpg -o t.csv --sort-into closed/sorted",
        "video a.mp4 -o closed/f.mp4",
        "video a.mp4 -o closed/all",
        "live a.mp4 --realtime --no-window --model pixels --log closed/l.csv",
        "live a.mp4 --realtime --no-window --model pixels --record closed/r.mp4",
        "explain a.jpg -o closed/e.png",
        "evaluate set --model pixels --report closed/r.html",
        "evaluate set --model pixels --figure closed/f.png",
        "dataset set --report closed/r.html",
        "dataset set --balance-to closed/balanced",
        "train set --recipe pixels --size 16 -o closed/m.safetensors",
        "study plan.csv -o closed/results",
        "teach a.mp4 --marks marks.csv -o closed/me.json",
    ],
)
def test_a_folder_that_is_read_only(
    capsys, good: Path, read_only: Path, in_this_process: None, monkeypatch, command: str
) -> None:
    here = read_only.parent
    shutil.copytree(good, here, dirs_exist_ok=True)
    monkeypatch.chdir(here)
    before = contents(here)
    code, _, err = run(capsys, *shlex.split(command))
    assert code == 1, err
    assert "can't write" in err or "can't sort into" in err
    assert "closed" in err
    assert all(line.startswith("emocam: ") for line in err.splitlines()), err
    assert "unexpected" not in err
    assert not list(read_only.iterdir())
    left = set(contents(here)) - set(before)
    assert not [path for path in left if ".partial" in path]


@pytest.fixture
def open_folder(good: Path, monkeypatch) -> Iterator[Path]:
    """A folder that everybody may use."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "here"
        shutil.copytree(good, folder)
        for path in (Path(name), folder):
            path.chmod(0o777)
        monkeypatch.chdir(folder)
        yield folder


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root is never denied: files are read as nobody then."""
    if os.geteuid():
        yield
        return
    os.seteuid(_NOBODY)
    try:
        if not all(os.access(path, os.R_OK, effective_ids=True) for path in _NEEDED):
            pytest.skip("nobody may read where Python's packages or emocam are")
        yield
    finally:
        os.seteuid(0)


def test_photos_and_folders_that_may_not_be_read(
    capsys, open_folder: Path, in_this_process: None
) -> None:
    (open_folder / "photos" / "locked").mkdir(parents=True)
    for name in ("a.jpg", "denied.jpg", "locked/b.jpg"):
        shutil.copy(PHOTO, open_folder / "photos" / name)
    assert run(capsys, "label", "photos", "-o", "before.csv")[0] == 0  # loads all that is needed
    (open_folder / "photos" / "denied.jpg").chmod(0)
    (open_folder / "photos" / "locked").chmod(0)
    try:
        with as_nobody():
            code, _, err = run(capsys, "label", "photos", "-o", "t.csv")
    finally:
        (open_folder / "photos" / "locked").chmod(0o755)
    assert code == 1, err
    assert all(line.startswith("emocam: ") for line in err.splitlines()), err
    rows = {Path(row["source"]).name: row for row in rows_of(open_folder / "t.csv")}
    assert rows["a.jpg"]["status"] == "ok"
    assert rows["denied.jpg"]["status"] == "unreadable"
    assert "ermission" in rows["denied.jpg"]["reason"]
    assert "locked" in err


@pytest.mark.parametrize(
    ("command", "denied", "code"),
    [
        ("video a.mp4 --table -o {out}", "a.mp4", 1),
        ("live a.mp4 --realtime --no-window --model pixels", "a.mp4", 1),
        ("evaluate set.zip --model pixels", "set.zip", 1),
        ("evaluate votes.csv --model pixels", "votes.csv", 1),
        ("label a.jpg --model m.safetensors -o {out}.csv", "m.safetensors", 1),
        ("label a.jpg --profile me.json -o {out}.csv", "me.json", 1),
        ("explain a.jpg -o {out}.png", "a.jpg", 1),
        ("study plan.csv -o {out}", "plan.csv", 2),
        ("teach a.mp4 --marks marks.csv -o {out}.json", "marks.csv", 2),
    ],
)
def test_a_file_that_may_not_be_read(
    capsys, open_folder: Path, in_this_process: None, command: str, denied: str, code: int
) -> None:
    path = open_folder / denied
    if not path.exists():
        path.write_bytes(b"x")
    run(capsys, *shlex.split(command.format(out="before")))  # loads all that is needed
    path.chmod(0)
    with as_nobody():
        got, _, err = run(capsys, *shlex.split(command.format(out="out")))
    assert got == code, err
    assert denied in err
    assert all(line.startswith("emocam: ") for line in err.splitlines()), err
    assert "unexpected" not in err
    assert "ermission" in err or "may not" in err
    assert not [one for one in open_folder.iterdir() if one.name.startswith((".partial", "out."))]
