"""The documentation's commands are run as they stand there, on stand-ins of the files they name."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from emocam.cli.commands import load_commands
from emocam.cli.shortcuts import choose_command
from emocam.io.video_writer import FilmRecorder
from emocam.recognition.labels import EMOTIONS
from tests.conftest import SAMPLES, write_dataset, zip_folder
from tests.docs.pages import PAGES, ROOT, blocks, command_lines
from tests.waiting import WAIT_S

RUN = [ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in (
    "live", "video", "photos", "training", "command-line", "how-faces-are-read",
))]  # fmt: skip
# Parsed only: what needs a camera, a network or a cluster. tests/live, tests/robustness and
# tests/label go through these with a loopback camera and a local cluster.
NEEDS_MORE = ("emocam 0", "emocam live 0", "emocam live 1", "://", "emocam live screen")
EXIT_CODES = {"emocam": {2}, "emocam doctor": {0, 1}}  # no command; no camera here


def lines(page: Path) -> list[str]:
    return [line for line in command_lines(page)
            if line != "emocam live" and not any(part in line for part in NEEDS_MORE)]  # fmt: skip


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the commands name, small."""
    folder = tmp_path_factory.mktemp("stand-ins")
    shutil.copytree(SAMPLES / "photos", folder / "samples/photos")
    for name in ("photos", "holiday", "scans"):
        shutil.copytree(SAMPLES / "photos", folder / name)
    shutil.copy(SAMPLES / "photos/obama.jpg", folder / "photo.jpg")
    clip = folder / "samples/webcam.mp4"
    shorten(clip, frames=12, fps=25)
    for name in ("clip.mp4", "talks/a.mp4", "takes/b.mov"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(clip, folder / name)
    shorten(folder / "interview.mp4", frames=60, fps=0.5)
    dataset = write_dataset(folder / "fer", EMOTIONS, 20)
    zip_folder(dataset, folder / "fer2013.zip")
    return folder


def shorten(path: Path, frames: int, fps: float) -> None:
    """The first frames of the sample clip at a rate."""
    clip = cv2.VideoCapture(str(SAMPLES / "webcam.mp4"))
    with FilmRecorder(path, (400, 300), fps=fps) as film:
        for number in range(frames):
            film.write(clip.read()[1], number / fps)


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_a_pages_commands_run_in_order(page: Path, stand_ins: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(stand_ins, tmp_path / "here")
    environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
    for line in lines(page):
        result = subprocess.run(
            [sys.executable, "-m", "emocam", *shlex.split(line, comments=True)[1:]],
            cwd=folder, capture_output=True, text=True, check=False, timeout=WAIT_S,
            env=environment | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert result.returncode in EXIT_CODES.get(line, {0}), (line, result.stderr)
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("page", "line"),
    [(page, line) for page in PAGES for line in command_lines(page)],
    ids=lambda value: value.stem if isinstance(value, Path) else value,
)
def test_every_command_has_arguments_that_exist(page: Path, line: str) -> None:
    commands = load_commands()
    words = shlex.split(line.partition(" | ")[0], comments=True)[1:]
    if not words:
        return
    name, *arguments = choose_command(words, commands)
    commands[name].make_context(name, arguments)


def test_the_settings_of_the_page_are_taken(tmp_path: Path) -> None:
    (settings,) = blocks(ROOT / "docs/command-line.md", "toml")
    (tmp_path / "emocam.toml").write_text(settings, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "emocam", "doctor", "no-such.mp4"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    told = result.stdout.splitlines()[0]
    assert told.startswith("ok       settings: emocam.toml: ")
    for part in ("camera_size = 1280x720", "blur = True", "sources = ['1']", "certainty = 0.5"):
        assert part in told
