"""What a new user meets: `emocam` alone, a file in place of a command, completion, colours."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from PIL import Image

from emocam.cli.commands import load_command
from emocam.cli.shortcuts import choose_command
from tests.cli.test_commands import COMMANDS, fails_with_one_line, run
from tests.conftest import SAMPLES

# Processes of an earlier test would look for photos in its working folder.
IN_HERE = ("--jobs", 1)
_COLOR = re.compile(rb"\x1b\[[0-9;]*[34][0-9][0-9;]*m")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with the sample photos."""
    shutil.copytree(SAMPLES / "photos", tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_emocam_alone_says_in_ten_lines_what_it_can_do(capsys):
    code, out, err = run(capsys)
    assert (code, err) == (2, "")
    assert len(out.splitlines()) <= 10
    assert max(map(len, out.splitlines())) <= 100
    for command in ("live", "video", "label", "explain", "doctor"):
        assert f"emocam {command}" in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_ends_with_an_example_that_parses(command):
    found = load_command(command)
    assert found.epilog.startswith(f"Example: emocam {command}")
    found.make_context(command, shlex.split(found.epilog)[3:])


def test_a_photo_in_place_of_a_command_is_read(capsys, folder):
    code, out, err = run(capsys, "photos/obama.jpg")
    assert code == 0
    assert err.startswith("emocam: running: emocam label photos/obama.jpg --output ")
    assert "1 face: 1 happy" in out
    assert (folder / "emocam-output/obama.csv").exists()
    assert (folder / "emocam-output/obama/obama.jpg").exists()
    # Another photo afterwards is no other run of the same table.
    assert run(capsys, "photos/biden.jpg")[0] == 0
    assert run(capsys, "photos/obama.jpg")[0] == 0
    assert run(capsys, "photos", "-o", "mine.csv", *IN_HERE)[0] == 0
    assert (folder / "mine.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.mp4", "--blur"], "running: emocam video nowhere.mp4 --blur"),
        (["a b.MOV"], "running: emocam video 'a b.MOV'"),
        (["0", "--camera-size", "x"], "running: emocam live 0 --camera-size x"),
        (["http://127.0.0.1:9/x", "--duration", "-1"], "running: emocam live http://127.0.0.1:9/x"),
        (["nowhere.zip"], "running: emocam dataset nowhere.zip"),
    ],
    ids=str,
)
def test_a_source_in_place_of_a_command_chooses_it(capsys, folder, arguments, said):
    code, _, err = run(capsys, *arguments)
    assert code in (1, 2)
    assert err.startswith(f"emocam: {said}")


def test_a_moving_gif_is_a_clip_and_a_still_one_a_photo(folder):
    still = Image.new("RGB", (64, 64))
    still.save("still.gif")
    still.save("moves.gif", save_all=True, append_images=[Image.new("RGB", (64, 64), "red")])
    (folder / "broken.gif").write_bytes(b"GIF89a")
    for name, command in (("still", "label"), ("moves", "video"), ("broken", "label")):
        assert choose_command([f"{name}.gif"], COMMANDS)[0] == command


def test_what_needs_several_commands_or_none_is_said(capsys, folder):
    both = run(capsys, "photos", "clip.mp4")
    fails_with_one_line(both, 2, "emocam label photos", "emocam video clip.mp4")
    (folder / "photos/clip.mp4").touch()
    fails_with_one_line(run(capsys, "photos"), 2, "emocam label photos", "emocam video photos")
    (folder / "empty").mkdir()
    fails_with_one_line(run(capsys, "empty"), 2, "neither a photo nor a clip in empty")
    fails_with_one_line(run(capsys, "nonsense"), 2, "No such command 'nonsense'")
    fails_with_one_line(run(capsys, "vidoe", "clip.mp4"), 2, "No such command 'vidoe'")


def test_quiet_prints_errors_and_json_only(capsys, folder):
    assert run(capsys, "photos/obama.jpg", "--quiet") == (0, "", "")
    assert run(capsys, "--quiet", "label", "photos", "-o", "a.csv", *IN_HERE) == (0, "", "")
    code, out, err = run(capsys, "label", "photos", "-o", "b.csv", "--json", "--quiet", *IN_HERE)
    assert (code, err) == (0, "")
    assert out.startswith('{"photos": 3')
    fails_with_one_line(run(capsys, "label", "nowhere", "--quiet"), 2, "nowhere")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_options(shell):
    def complete(line: str) -> str:
        words = {
            "COMP_WORDS": line,
            "COMP_CWORD": str(line.count(" ")),
            "_TYPER_COMPLETE_ARGS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        return subprocess.run(
            [sys.executable, "-m", "emocam"],
            env=os.environ | words | {"_EMOCAM_COMPLETE": f"complete_{shell}"},
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    assert "video" in complete("emocam vi")
    assert "--blur" in complete("emocam video --bl")
    assert "sqlite" in complete("emocam video --table-kind sq")


@pytest.mark.parametrize("wish", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_no_color_is_heeded_in_a_terminal(wish):
    pty = pytest.importorskip("pty")  # not on Windows
    ours, theirs = pty.openpty()
    plain = {key: os.environ[key] for key in os.environ if key not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "emocam", "video", "--help"],
        stdout=theirs, stderr=theirs, env=plain | {"TERM": "xterm-256color"} | wish,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 4096):
            written += piece
    except OSError:  # how the end of a terminal is told on Linux
        pass
    os.close(ours)
    assert process.wait() == 0
    assert b"Annotate recorded videos" in written
    assert bool(_COLOR.search(written)) == (not wish)
