from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from tests.cli.test_commands import fails_with_one_line, run
from tests.clips import write_clip
from tests.conftest import SAMPLES
from tests.waiting import WAIT_S

CLIP = SAMPLES / "webcam.mp4"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def film_of(path: Path) -> list[float]:
    capture, times = cv2.VideoCapture(str(path)), []
    while capture.grab():
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    return times


def start(*arguments: object, **options) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "emocam", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory) -> Path:
    """A second of the sample, as a film of its own."""
    path = tmp_path_factory.mktemp("clip") / "talk.mp4"
    capture = cv2.VideoCapture(str(CLIP))
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), codec, 25, (400, 300))
    for _ in range(25):
        writer.write(capture.read()[1])
    writer.release()
    return path


def test_all_three_by_default(capsys, tmp_path, short_clip):
    code, out, err = run(capsys, "video", short_clip, "-o", tmp_path / "new")
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "talk.csv", "talk.html", "talk.mp4",
    ]  # fmt: skip
    assert "a face in 25 of 25 analysed frames" in out
    assert len(film_of(tmp_path / "new" / "talk.mp4")) == 25
    rows = rows_of(tmp_path / "new" / "talk.csv")
    assert [int(row["frame"]) for row in rows] == list(range(25))
    assert {row["face"] for row in rows} == {"0"}
    assert {row["status"] for row in rows} == {"ok"}
    page = (tmp_path / "new" / "talk.html").read_text()
    assert 'src="talk.mp4"' in page
    assert err == ""


@pytest.mark.parametrize(
    ("flag", "ending"), [("--film", "mp4"), ("--table", "csv"), ("--report", "html")]
)
def test_only_what_is_named(capsys, tmp_path, short_clip, flag, ending):
    code, _, _ = run(capsys, "video", short_clip, flag, "-o", tmp_path, "--end", "0.2")
    assert code == 0
    assert [path.name for path in tmp_path.iterdir()] == [f"talk.{ending}"]


def test_the_ending_of_one_file_says_what_is_wanted(capsys, tmp_path, short_clip):
    target = tmp_path / "faces.jsonl"
    code, _, _ = run(capsys, "video", short_clip, "-o", target, "--end", "0.2")
    assert code == 0
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["frame"] for row in rows] == list(range(5))
    assert [path.name for path in tmp_path.iterdir()] == ["faces.jsonl"]


def test_a_default_kind_of_table_gives_way_to_the_name_of_one(
    capsys, tmp_path, monkeypatch, short_clip
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "emocam.toml").write_text("[video]\ntable-kind = 'jsonl'\n")
    code, _, _ = run(capsys, "video", short_clip, "-o", "x.csv")
    assert code == 0
    assert rows_of(tmp_path / "x.csv")


def test_a_part_analysed_now_and_then(capsys, tmp_path, short_clip):
    part = ["--start", "0.2s", "--end", "0:00.8", "--every", "0.2s"]
    code, _, _ = run(capsys, "video", short_clip, "-o", tmp_path, *part)
    assert code == 0
    times = [float(row["time_s"]) for row in rows_of(tmp_path / "talk.csv")]
    assert times == pytest.approx([0.2, 0.4, 0.6])
    film = film_of(tmp_path / "talk.mp4")
    assert len(film) == 15
    assert film[0] == 0


def test_blurred_film_hides_the_face(capsys, tmp_path, short_clip):
    sharpness = {}
    for name, more in (("open", []), ("hidden", ["--blur"])):
        target = tmp_path / f"{name}.mp4"
        run(capsys, "video", short_clip, "-o", target, "--end", "0.4", *more)
        capture = cv2.VideoCapture(str(target))
        frames = [capture.read()[1] for _ in range(10)]
        # between the eyes and the mouth, where the overlay draws nothing
        part = [cv2.cvtColor(frame[120:190, 165:235], cv2.COLOR_BGR2GRAY) for frame in frames]
        sharpness[name] = [cv2.Laplacian(image, cv2.CV_64F).var() for image in part]
    assert max(sharpness["hidden"]) < 0.2 * min(sharpness["open"])


def test_an_existing_result_is_kept_without_force(capsys, tmp_path, short_clip):
    (tmp_path / "talk.csv").write_text("mine")
    result = run(capsys, "video", short_clip, "-o", tmp_path)
    fails_with_one_line(result, 2, "talk.csv", "--force")
    assert [path.name for path in tmp_path.iterdir()] == ["talk.csv"]
    assert (tmp_path / "talk.csv").read_text() == "mine"
    code, _, _ = run(capsys, "video", short_clip, "-o", tmp_path, "--table", "--force")
    assert code == 0
    assert len(rows_of(tmp_path / "talk.csv")) == 25


def test_the_clip_itself_is_never_overwritten(capsys, short_clip):
    before = short_clip.read_bytes()
    result = run(capsys, "video", short_clip, "-o", short_clip.parent, "--force")
    fails_with_one_line(result, 2, "is a clip itself", "--output")
    assert short_clip.read_bytes() == before


def test_clips_of_the_same_name_do_not_meet(capsys, tmp_path):
    clips = [write_clip(tmp_path / folder / "a.avi", 3) for folder in ("x", "y")]
    code, _, _ = run(capsys, "video", tmp_path, "-o", tmp_path / "out", "--table")
    assert code == 0
    rows = {path.name: rows_of(path) for path in (tmp_path / "out").iterdir()}
    assert {name: each[0]["source"] for name, each in rows.items()} == {
        "a.avi.csv": str(clips[0]), "a.avi-2.csv": str(clips[1]),
    }  # fmt: skip


def test_a_clip_that_fails_does_not_stop_the_next(capsys, tmp_path):
    good = write_clip(tmp_path / "good.avi", 3)
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"")
    result = run(capsys, "video", bad, tmp_path / "gone.mp4", good, "-o", tmp_path / "out")
    code, out, err = result
    assert code == 1
    assert "good.avi: a face in 0 of 3 analysed frames\n  faces less than 32 pixels wide" in out
    lines = err.splitlines()
    assert len(lines) == 2
    assert "bad.mp4 is empty" in lines[0]
    assert "gone.mp4" in lines[1]
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == ["good"] * 3
    assert [row["status"] for row in rows_of(tmp_path / "out" / "good.csv")] == ["no_face"] * 3
    assert "less than 32 pixels wide" in (tmp_path / "out" / "good.html").read_text()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--start", "5", "--end", "3"], ["--end 3"]),
        (["--every", "often"], ["'often'"]),
        (["--faces", "two"], ["two"]),
        (["-o", "x.csv", "--film"], ["x.csv", "folder"]),
        (["-o", "-"], ["name one instead of '-'"]),
        (["-o", "film.mov"], ["film.mov", "a film ends in .mp4"]),
        (["-o", "x.xlsx", "--table"], ["x.xlsx", ".csv, .jsonl"]),
        (["-o", "x.sqlite", "--table-kind", "jsonl"], ["--table-kind jsonl", "x.sqlite"]),
        (["--film", "--table-kind", "jsonl"], ["--table-kind jsonl", "add --table"]),
    ],
)
def test_wrong_usage_is_one_line(capsys, tmp_path, monkeypatch, short_clip, more, words):
    monkeypatch.chdir(tmp_path)
    fails_with_one_line(run(capsys, "video", short_clip, *more), 2, *words)
    assert list(tmp_path.iterdir()) == []


def test_no_video_is_one_line_in_all(tmp_path):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(bytes(range(256)) * 40)
    # A process of its own, since OpenCV and FFmpeg write past Python's standard error.
    with start("video", clip, "-o", tmp_path / "out") as process:
        out, err = process.communicate()
    fails_with_one_line((process.returncode, out, err), 1, str(clip))
    assert not list((tmp_path / "out").iterdir())


def test_a_part_behind_the_end_is_said(capsys, tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", 10)
    code, _, err = run(capsys, "video", clip, "-o", tmp_path / "out", "--start", "1:00")
    assert code == 1
    said = "has no picture that can be decoded in this part; it lasts 0.4 s"
    assert err == f"emocam: {clip} {said}\n"


def test_half_a_clip_says_how_much_there_is(capsys, tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", 100)
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 2])
    code, _, err = run(capsys, "video", clip, "-o", tmp_path / "out")
    assert code == 0
    frames = len(film_of(tmp_path / "out" / "clip.mp4"))
    said = f"{frames} of about 100 frames"
    assert said in err
    assert said in (tmp_path / "out" / "clip.html").read_text()
    last = rows_of(tmp_path / "out" / "clip.csv")[-1]
    assert (last["status"], last["reason"]) == ("truncated", said)


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_leaves_finished_results_marked_as_partial(tmp_path):
    # Never ends by itself in the time of this test: the sample many times over.
    clip = tmp_path / "long.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 25, (400, 300))
    image = cv2.VideoCapture(str(CLIP)).read()[1]
    for _ in range(1500):
        writer.write(image)
    writer.release()
    out = tmp_path / "out"
    with start("video", clip, "-o", out, "--every", "0.4s") as process:
        films = lambda: list(out.glob(".partial-*/.partial-*.mp4*"))  # noqa: E731
        ends = time.monotonic() + 180
        while not (films() and films()[0].stat().st_size > 0):
            assert process.poll() is None
            assert time.monotonic() < ends
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 130
    assert ".partial" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert sorted(path.name for path in out.iterdir()) == [
        "long.partial.csv", "long.partial.html", "long.partial.mp4",
    ]  # fmt: skip
    frames = len(film_of(out / "long.partial.mp4"))
    assert 0 < frames < 1500
    assert len(rows_of(out / "long.partial.csv")) == -(-frames // 10)
    assert "Stopped before" in (out / "long.partial.html").read_text()
    assert 'long.partial.mp4"' in (out / "long.partial.html").read_text()
    assert str(out / "long.partial.mp4") in said


def test_an_ending_in_capitals_says_the_same(capsys, tmp_path, short_clip):
    code, _, err = run(capsys, "video", short_clip, "-o", tmp_path / "OUT.MP4", "--end", "0.2")
    assert (code, err) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["OUT.MP4"]
    assert len(film_of(tmp_path / "OUT.MP4")) == 5


def test_readings_go_on_as_the_clip_plays(tmp_path, short_clip):
    process = start(
        "video", short_clip, "--realtime", "--send", "jsonl:-", "-o", tmp_path / "a.csv"
    )
    out, err = process.communicate()
    assert process.returncode == 0, err
    messages = [json.loads(line) for line in out.splitlines()]
    assert [one["frame"] for one in messages] == list(range(25))
    rows = rows_of(tmp_path / "a.csv")
    told = [(str(one["frame"]), one["faces"][0]["emotion"]) for one in messages]
    assert told == [(row["frame"], row["emotion"]) for row in rows]
    assert "25 messages sent" in err
    assert "a face in 25 of 25" in err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--realtime"], "--send and --realtime go together"),
        (["--send", "udp://127.0.0.1:9"], "--send and --realtime go together"),
        (["--send", "udp://127.0.0.1"], "needs a port"),
        ([CLIP, "--realtime", "--send", "udp://127.0.0.1:9"], "plays one clip, got 2"),
    ],
)
def test_what_does_not_fit_sending(capsys, tmp_path, short_clip, options, expected):
    result = run(capsys, "video", short_clip, *options, "-o", tmp_path / "new")
    fails_with_one_line(result, 2, expected)
