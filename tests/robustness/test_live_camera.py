"""A real network camera on loopback that fails in every way; the session goes on."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emocam.errors import SourceError
from emocam.io import backends as capture_module
from emocam.io import camera as camera_module
from emocam.io.address import parse_address
from emocam.io.camera import LiveCamera
from emocam.io.video_writer import FilmRecorder
from tests.loopback_camera import LoopbackCamera, read_stamp, sample_pictures
from tests.waiting import WAIT_S

ROOT = Path(__file__).parents[2]
LIVE = [sys.executable, "-m", "emocam", "live", "--model", "pixels"]


@pytest.fixture(scope="module")
def pictures() -> list:
    return sample_pictures(most=60)


@pytest.fixture
def loopback(pictures: list) -> Iterator[LoopbackCamera]:
    with LoopbackCamera(pictures, (400, 300)) as served:
        yield served


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_module, "READ_TIMEOUT_S", 0.5)
    monkeypatch.setattr(camera_module, "FIRST_WAIT_S", 0.1)
    monkeypatch.setattr(camera_module, "LONGEST_WAIT_S", 0.2)
    monkeypatch.setattr(camera_module, "_GARBLED_S", 0.3)
    monkeypatch.setattr(camera_module, "_REPEATED_S", 0.5)


def until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end_s, "it did not come to pass"
        time.sleep(0.01)


def test_frames_are_the_newest_and_never_go_back(loopback: LoopbackCamera):
    numbers = []
    with LiveCamera(parse_address(loopback.url)) as camera:
        frame = camera.newest()
        for missed in (0, 0, 0, 5, 0, 0):
            # Who is busy meanwhile gets the newest afterwards, not the next.
            until(lambda least=frame.index + missed: camera.newest().index > least)
            frame = camera.wait_newer(frame.index, WAIT_S)
            numbers.append(read_stamp(frame.image_bgr).number)
    assert numbers == sorted(set(numbers))
    assert numbers[3] - numbers[2] > 5


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("drop", "gives no more pictures"),
        ("freeze", "gives no more pictures"),
        ("refuse", "gives no more pictures"),
        ("garbage", "garbled pictures"),
        ("half", "garbled pictures"),
        ("repeat", "frozen: the same picture"),
    ],
)
def test_after_each_fault_it_comes_back(loopback: LoopbackCamera, fault: str, reason: str):
    with LiveCamera(parse_address(loopback.url)) as camera:
        until(lambda: camera.newest().index > 3)
        gaps = camera.take_gaps()  # where this machine was too busy to give pictures

        def is_told() -> bool:
            # Of pictures that go on after opening anew only the gap tells.
            gaps.extend(camera.take_gaps())
            return reason in camera.fault or any(reason in gap.reason for gap in gaps)

        loopback.set_fault(fault)
        until(is_told)
        loopback.set_fault("")
        until(lambda: camera.fault == "")
        index = camera.newest().index
        until(lambda: camera.newest().index > index + 3)
        gaps += camera.take_gaps()
    told = next(gap for gap in gaps if reason in gap.reason)
    assert told.end_s > told.start_s


def test_a_stream_that_changes_its_size_is_followed_and_told(loopback: LoopbackCamera):
    with LiveCamera(parse_address(loopback.url)) as camera:
        until(lambda: camera.newest().index > 3)
        loopback.size_wh = (160, 120)
        until(lambda: camera.newest().image_bgr.shape == (120, 160, 3))
        reasons = [gap.reason for gap in camera.take_gaps()]
        assert "the pictures changed from 400×300 to 160×120" in reasons
        until(lambda: camera.fault == "")


def test_who_refuses_from_the_start_is_an_error(loopback: LoopbackCamera):
    loopback.set_fault("refuse")
    with (
        pytest.raises(SourceError, match=r"can't open stream .* is it running"),
        LiveCamera(parse_address(loopback.url)),
    ):
        pass


def test_a_session_without_a_window_goes_through_a_gap_and_ends_cleanly(
    loopback: LoopbackCamera, tmp_path: Path
):
    log, film = tmp_path / "log.jsonl", tmp_path / "film.mp4"
    command = [*LIVE, loopback.url, "--no-window", "--log", str(log), "--record", str(film)]
    said = tmp_path / "said.txt"
    with said.open("w") as file, subprocess.Popen(
        command, cwd=ROOT, stdout=file, stderr=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        until(lambda: log.exists() and log.read_text().count('"ok"') > 5)
        loopback.set_fault("refuse")
        until(lambda: loopback.refused > 0)
        loopback.set_fault("")
        until(lambda: '"ok"' in log.read_text().partition('"gap"')[2])
        until(lambda: "face 0 " in said.read_text())
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, err
    assert "gives no more pictures; pictures again after" in err
    assert "readings of" in said.read_text()
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    read = [row for row in rows if row["status"] == "ok"]
    assert {row["source"] for row in rows} == {loopback.url}
    times = [row["time_s"] for row in read]
    assert times == sorted(times)
    assert times[0] > 0
    with LiveCamera(parse_address(str(film))) as played:
        assert played.newest().image_bgr.shape == (300, 400, 3)
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_ctrl_c_is_a_clean_end(loopback: LoopbackCamera, tmp_path: Path):
    log = tmp_path / "log.csv"
    with subprocess.Popen(
        [*LIVE, loopback.url, "--no-window", "--log", str(log)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        until(lambda: log.exists() and log.read_text().count(",ok,") > 0)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, err) == (0, "")
    assert "readings of" in out


def test_in_a_browser_the_page_is_served_here_and_ends_with_the_session(loopback: LoopbackCamera):
    with subprocess.Popen(
        [*LIVE, loopback.url, "--browser"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said = process.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/\S+", said)
        assert address is not None, said
        with urllib.request.urlopen(address[0], timeout=WAIT_S) as page:
            assert "emocam" in page.read().decode()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0
    assert "readings of" in out
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address[0], timeout=WAIT_S)


def test_a_file_as_if_it_were_live_ends_with_the_file(pictures: list, tmp_path: Path):
    clip = tmp_path / "clip.mp4"
    with FilmRecorder(clip, (400, 300), fps=25) as film:
        for number in range(200):
            film.write(pictures[number % len(pictures)], number / 25)
    done = subprocess.run(
        [*LIVE, str(clip), "--realtime", "--no-window"],
        cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    seconds, frames = re.search(r"^([\d.]+) s: (\d+) frames", done.stdout, re.MULTILINE).groups()
    assert 20 < int(frames) <= 200  # those before the model was loaded are not counted
    assert float(seconds) == pytest.approx(int(frames) / 25, abs=1.0)
