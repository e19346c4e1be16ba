"""Odd names, terminals and homes: as everywhere else, or one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SAMPLES
from tests.waiting import WAIT_S

if sys.platform == "win32":
    pytest.skip("names and environments of Unix", allow_module_level=True)


def run(
    folder: Path, *arguments: str | bytes, **environment: str | None
) -> subprocess.CompletedProcess[bytes]:
    """Run emocam with some of the environment changed, or taken away where it is None."""
    whole = {**os.environ, "PYTHONPATH": str(SAMPLES.parent), **environment}
    return subprocess.run(
        [sys.executable, "-m", "emocam", *arguments],
        cwd=folder, env={name: value for name, value in whole.items() if value is not None},
        capture_output=True, timeout=WAIT_S, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["ascii", "utf-8:strict"])
@pytest.mark.parametrize(
    "name", ["ünï π.jpg", os.fsdecode(b"\xff.jpg"), "two\nlines.jpg", "-x.jpg"]
)
def test_any_name_is_printed_on_any_output(inputs: Path, name: str, encoding: str) -> None:
    photo = inputs / name
    shutil.copy(inputs / "a.jpg", photo)
    done = run(
        inputs, "label", f"./{name}", "-o", f"./{name}.csv", "--model", "pixels", "--force",
        PYTHONIOENCODING=encoding,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert (inputs / f"{name}.csv").exists()


def test_a_clip_whose_name_is_no_utf8_has_film_table_and_report(inputs: Path) -> None:
    shutil.copy(inputs / "a.mp4", inputs / os.fsdecode(b"\xff.mp4"))
    done = run(inputs, "video", b"\xff.mp4", "-o", "odd", "--model", "pixels")
    assert done.returncode == 0, done.stderr
    assert {path.suffix for path in (inputs / "odd").iterdir()} == {".mp4", ".csv", ".html"}
    assert 'src="%FF.mp4"' in next((inputs / "odd").glob("*.html")).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command",
    ["label photos -o {}.csv", "explain a.jpg -o {}.png", "video a.mp4 -o {}.mp4",
     "train set --recipe pixels -o {}.safetensors", "evaluate set --model pixels --report {}.html"],
)  # fmt: skip
def test_too_long_a_name_is_one_line(inputs: Path, command: str) -> None:
    done = run(inputs, *command.format("x" * 300).split())
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1, done.stderr
    assert b"give it a shorter name" in done.stderr
    assert not list(inputs.glob("xxx*"))


@pytest.mark.parametrize(
    "environment",
    [
        {"HOME": None},
        {"HOME": "/nonexistent"},
        {"TMPDIR": "/nonexistent"},
        {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_it_works_in_poor_surroundings(
    inputs: Path, tmp_path: Path, environment: dict[str, str | None]
) -> None:
    done = run(
        inputs, "label", "photos", "-o", str(tmp_path / "t.csv"), "--jobs", "2", "--annotated",
        str(tmp_path / "ü"), "--gallery", str(tmp_path / "ü.html"), "--model", "pixels",
        **environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert len(list((tmp_path / "ü").iterdir())) == 4
