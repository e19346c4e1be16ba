"""`emocam teach` from files and in plain lines, and what reads with the profile."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.cli import main
from emocam.io.tables import HEAD_COLUMNS
from emocam.io.video_reader import VideoFile
from tests.conftest import SAMPLES

WEBCAM = SAMPLES / "webcam.mp4"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(one) for one in arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    with VideoFile(WEBCAM) as clip:
        return [frame.image_bgr for number, frame in enumerate(clip) if number % 30 == 0]


@pytest.fixture
def folder(tmp_path: Path, frames: list[np.ndarray]) -> Path:
    """Two labels of the model and one own, two pictures each; and a few that are none."""
    where = tmp_path / "faces"
    for number, label in enumerate(("Neutral", "sadness", "tongue out")):
        (where / label).mkdir(parents=True)
        for n in range(2):
            cv2.imwrite(str(where / label / f"{n}.png"), frames[2 * number + n])
    return where


def test_a_folder_is_learnt_and_read_with(capsys, folder: Path, tmp_path: Path):
    profile = tmp_path / "me.json"
    code, out, err = run(capsys, "teach", folder, "-o", profile)
    assert (code, err) == (0, "")
    assert "neutral 2, sad 2, tongue out 2" in out
    assert "labels of its own: tongue out" in out
    assert "read right when left out" in out
    table = tmp_path / "labels.csv"
    code, out, _ = run(capsys, "label", folder, "-o", table, "--profile", profile, "--jobs", 1)
    assert code == 0
    assert "6 of 6 faces read with the profile\n" in out
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert len(rows) == 6
    for row in rows:
        assert int(row["cluster"]) >= 7
        shares = [float(value) for name, value in list(row.items())[len(HEAD_COLUMNS) :]]
        assert sum(shares) == pytest.approx(1, abs=0.01)
        assert 0 <= float(row["tongue out"]) <= 1


def test_what_can_not_be_learnt_is_named(capsys, folder: Path, tmp_path: Path):
    cv2.imwrite(str(folder / "Neutral" / "blank.png"), np.full((200, 200, 3), 80, np.uint8))
    (folder / "Neutral" / "broken.jpg").write_bytes(b"no picture")
    code, out, err = run(capsys, "teach", folder, "-o", tmp_path / "me.json")
    assert code == 1
    assert "blank.png: no face found" in err
    assert "broken.jpg" in err
    assert "neutral 2" in out


def test_a_profile_is_not_overwritten_but_added_to(capsys, folder: Path, tmp_path: Path):
    profile = tmp_path / "me.json"
    run(capsys, "teach", folder, "-o", profile)
    code, _, err = run(capsys, "teach", folder, "-o", profile)
    assert code == 2
    assert "--add adds to it" in err
    _, out, _ = run(capsys, "teach", folder, "-o", profile, "--add")
    assert "neutral 2, sad 2, tongue out 2" in out  # a photo that it holds already counts once
    (folder / "sadness" / "1.png").unlink()
    code, out, _ = run(capsys, "teach", folder, "-o", profile, "--anew", "--json")
    assert json.loads(out)["taught"] == {"neutral": 2, "sad": 1, "tongue out": 2}
    _, out, _ = run(capsys, "teach", profile, "--show", "--json")
    told = json.loads(out)
    assert told["left_out"]["of"] == 4
    assert told["own_labels"] == ["tongue out"]
    code, _, err = run(capsys, "teach", folder, "-o", tmp_path / "no.json", "--add")
    assert code == 2
    assert "there is no profile" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["teach", "nowhere/"], "nowhere"),
        (["teach", "."], "no photos to learn from"),
        (["teach", "me.json"], "--show"),
        (["teach", "--show", "absent.json"], "not a profile of emocam"),
        (["teach", "--show", "."], "--show tells about a profile"),
        (["teach", ".", "-o", "me.txt"], "a profile ends in .json"),
        (["teach", ".", "--labels", "happy"], "--labels asks the camera"),
        (["teach", ".", "--marks", "marks.csv"], "--marks says what a clip shows"),
        (["teach", str(SAMPLES / "photos/obama.jpg")], "faces/happy/obama.jpg"),
        (["teach", "x", "--add", "--anew"], "one of them"),
        (["teach", str(WEBCAM)], "--marks"),
        (["teach", str(WEBCAM), "--marks", "absent.csv"], "no file of marks"),
        (["label", ".", "--profile", "absent.json"], "not a profile of emocam"),
        (["video", str(WEBCAM), "--profile", "absent.json"], "not a profile of emocam"),
        (["explain", str(SAMPLES / "photos/obama.jpg"), "--profile", "absent.json"],
         "not a profile of emocam"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_on_one_line(capsys, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert code in (1, 2)
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ("", "columns start, end and label"),
        ("start,end,name\n1,2,sad\n", "label is missing"),
        ("start,end,label\n1,x,sad\n", "line 2"),
        ("start,end,label\n2,1,sad\n", "line 2: the end is not after the start"),
        ("start,end,label\n1,2,unsure\n", "line 2"),
    ],
)
def test_marks_that_can_not_be_read_are_refused(capsys, tmp_path: Path, marks: str, said: str):
    path = tmp_path / "marks.csv"
    path.write_text(marks)
    code, _, err = run(capsys, "teach", WEBCAM, "--marks", path, "-o", tmp_path / "me.json")
    assert code == 2
    assert said in err


def test_a_mark_beyond_the_end_of_a_clip_is_called_that(capsys, tmp_path: Path):
    marks = tmp_path / "marks.csv"
    marks.write_text("start,end,label\n0,0.5,neutral\n90,95,happy\n")
    code, _, err = run(capsys, "teach", WEBCAM, "--marks", marks, "-o", tmp_path / "me.json")
    assert code == 1
    assert "90–95 s (happy): the clip has no picture there" in err


def test_a_clip_is_learnt_by_its_marks(capsys, tmp_path: Path):
    marks, profile = tmp_path / "marks.csv", tmp_path / "me.json"
    marks.write_text("start;end;label\n0:00;0:02;neutral\n4;5.5;talking\n")
    code, out, err = run(capsys, "teach", WEBCAM, "--marks", marks, "-o", profile)
    assert (code, err) == (0, "")
    assert "neutral 3, talking 3" in out
    code, out, _ = run(
        capsys, "video", WEBCAM, "--end", "2", "--every", "0.5s", "--profile", profile,
        "-o", tmp_path / "readings.csv",
    )  # fmt: skip
    assert code == 0
    assert "the profile's face in 4 of them" in out
    rows = list(csv.DictReader((tmp_path / "readings.csv").read_text().splitlines()))
    assert "talking" in rows[0]
    assert all(int(row["cluster"]) >= 7 for row in rows)


def test_guided_by_plain_lines(capsys, tmp_path: Path):
    profile = tmp_path / "me.json"
    code, out, _ = run(
        capsys, "teach", WEBCAM, "--realtime", "--no-window", "--labels", "neutral", "-o", profile
    )
    assert code == 0
    assert "look neutral: hold it" in out
    assert list(json.loads(profile.read_text())["taught"]) == ["neutral"]
