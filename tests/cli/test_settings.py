"""Defaults from an `emocam.toml`."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.cli.test_commands import fails_with_one_line, run
from tests.conftest import SAMPLES


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder below one with the sample photos."""
    shutil.copytree(SAMPLES / "photos", tmp_path / "photos")
    (tmp_path / "below/here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "below/here")
    return tmp_path


def test_the_nearest_file_above_gives_defaults_seen_from_its_folder(capsys, folder):
    (folder / "emocam.toml").write_text('[label]\noutput = "unused.csv"\n')
    (folder / "below/emocam.toml").write_text(
        'certainty = 0.0\n[label]\noutput = "kept.jsonl"\njobs = 1\ncertainty = 1\n'
    )
    code, _, err = run(capsys, "label", "../../photos")
    assert code == 0
    assert err == "emocam: defaults from ../emocam.toml: certainty, output, jobs\n"
    rows = (folder / "below/kept.jsonl").read_text().splitlines()
    assert [json.loads(row)["emotion"] for row in rows] == ["unsure"] * 3


def test_the_command_line_wins(capsys, folder):
    (folder / "emocam.toml").write_text('certainty = 1\n[label]\njobs = 1\noutput = "unused.csv"\n')
    result = run(capsys, "label", "../../photos", "-o", "x.csv", "--certainty", 0, "--quiet")
    assert result == (0, "", "")
    assert "unsure" not in (folder / "below/here/x.csv").read_text()
    assert not (folder / "unused.csv").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[label", ["emocam.toml", "can't be read"]),
        ("[labels]\n", ["[labels] is no command", "evaluate"]),
        ("colour = 1\n", ["no command has an option 'colour'"]),
        ("[video]\njobs = 1\n", ["[video] has no 'jobs'", "table-kind"]),
        ("[video]\nclips = 'x.mp4'\n", ["[video] has no 'clips'"]),
        ("[live]\nsources = [true]\n", ["sources should be a text or a number, got True"]),
        ("[video]\nblur = 'yes'\n", ["blur should be true or false, got 'yes'"]),
        ("[label]\njobs = true\n", ["jobs should be a text or a number"]),
        ("[label]\njobs = [1]\n", ["jobs should be a text or a number"]),
        ("certainty = 7\n", ["--certainty", "from ../../emocam.toml"]),
    ],
    ids=lambda value: value.strip() if isinstance(value, str) else "",
)
def test_a_faulty_file_is_one_line(capsys, folder, content, words):
    (folder / "emocam.toml").write_text(content)
    code, out, err = run(capsys, "label", "../../photos", "--quiet")
    fails_with_one_line((code, out, err), 2, *words)


def test_help_and_completion_work_beside_a_faulty_file(capsys, folder):
    (folder / "emocam.toml").write_text("[")
    assert run(capsys, "--help")[0] == 0
    assert run(capsys, "--version")[0] == 0


def test_doctor_shows_it(capsys, folder):
    def settings() -> dict[str, str]:
        # A source that can't be opened ends the look at cameras at once.
        out = run(capsys, "doctor", "no-such.mp4", "--json")[1]
        return json.loads(out)["checks"][0]

    assert settings()["found"] == "no emocam.toml here or in a folder above"
    (folder / "emocam.toml").write_text('[live]\nsources = [2, 3]\ncamera-size = "320x240"\n')
    assert settings() == {
        "name": "settings",
        "status": "ok",
        "found": "../../emocam.toml: live (sources = ['2', '3'], camera_size = 320x240)",
        "fix": "",
    }
    (folder / "emocam.toml").write_text("[live]\nsauce = 2\n")
    assert settings()["status"] == "fault"
    assert "[live] has no 'sauce'" in settings()["found"]
