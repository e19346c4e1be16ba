"""A whole session as a user runs it, whose readings flow on and whose marks come in."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import SAMPLES
from tests.loopback_camera import LoopbackCamera, sample_pictures
from tests.waiting import WAIT_S


def bound() -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("127.0.0.1", 0))
    one.settimeout(WAIT_S)
    return one


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "emocam", "live", *map(str, arguments)]
    return subprocess.Popen(
        [*command, "--model", "pixels", "--no-window"], text=True, cwd=SAMPLES.parent,
        env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def logged(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def wait_for_rows(session: subprocess.Popen[str], log: Path, **least: int) -> None:
    """Until the log has so many rows of each status."""
    end_s = time.monotonic() + WAIT_S
    while any(log.read_text().count(f",{status},") < count for status, count in least.items()):
        assert session.poll() is None
        assert time.monotonic() < end_s, log.read_text()
        time.sleep(0.05)


def test_log_messages_and_marks_tell_the_same_on_one_clock(tmp_path: Path):
    log, pictures = tmp_path / "log.csv", sample_pictures(most=60)
    with bound() as receiver, bound() as free, LoopbackCamera(pictures, (400, 300)) as camera:
        port = free.getsockname()[1]
        free.close()
        session = start(
            camera.url, "--log", log, "--send", "jsonl:-",
            "--send", f"udp://127.0.0.1:{receiver.getsockname()[1]}",
            "--send", f"udp://127.0.0.1:{port + 1 if port < 65535 else port - 1}",
            "--marks-from", f"udp://127.0.0.1:{port}",
        )  # fmt: skip
        first = json.loads(receiver.recv(65536))
        assert abs(time.time() - first["unix_s"]) < WAIT_S
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
            sent = {"name": "stimulus", "monotonic_s": time.monotonic()}
            program.sendto(json.dumps(sent).encode(), ("127.0.0.1", port))
        wait_for_rows(session, log, ok=6, mark=1)
        session.terminate()
        out, err = session.communicate(timeout=WAIT_S)
    assert session.returncode == 0, err
    messages = [json.loads(line) for line in out.splitlines()]
    frames = [one for one in messages if one["type"] == "frame"]
    faces = {(one["frame"], face["face"]) for one in frames for face in one["faces"]}
    rows = logged(log)
    assert faces == {(int(r["frame"]), int(r["face"])) for r in rows if r["status"] == "ok"}
    assert len(faces) > 5
    (mark,) = (one for one in messages if one["type"] == "mark")
    (row,) = (row for row in rows if row["status"] == "mark")
    assert mark["name"] == row["reason"] == "stimulus"
    assert mark["monotonic_s"] == pytest.approx(sent["monotonic_s"], abs=1e-3)
    assert mark["time_s"] == pytest.approx(float(row["time_s"]), abs=1e-3)
    assert "marks: stimulus" in err
    assert f"jsonl:-: {len(messages)} messages sent" in err
    assert "could not be sent" in err  # to where nobody listens


def test_a_reader_of_the_pipe_that_leaves_ends_nothing(tmp_path: Path):
    log = tmp_path / "log.csv"
    with (
        LoopbackCamera(sample_pictures(most=60), (400, 300)) as camera,
        start(camera.url, "--log", log, "--send", "jsonl:-") as session,
    ):
        assert session.stdout is not None
        session.stdout.readline()
        session.stdout.close()
        wait_for_rows(session, log, ok=len(logged(log)) + 6)
        session.terminate()
        assert session.stderr is not None
        err = session.stderr.read()
        assert session.wait(WAIT_S) == 0
    assert "jsonl:- gets nothing: Broken pipe" in err


def test_the_address_of_the_web_socket_is_told_and_works():
    from websockets.sync.client import connect

    with (
        LoopbackCamera(sample_pictures(most=60), (400, 300)) as camera,
        start(camera.url, "--duration", 20, "--send", "ws://127.0.0.1:0") as session,
    ):
        assert session.stderr is not None
        line = session.stderr.readline()
        assert line.startswith("emocam: readings are at ws://127.0.0.1:")
        with connect(line.split()[-1]) as client:
            assert json.loads(client.recv(timeout=WAIT_S))["type"] == "frame"
        session.terminate()
        session.communicate(timeout=WAIT_S)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--send", "http://127.0.0.1:9"], "--send takes one of osc://HOST:PORT"),
        (["--marks", "a,,b"], "--marks takes 1 to 9 names"),
        (["--marks-from", "udp://0.0.0.0:9"], "--marks-from takes udp://127.0.0.1:PORT"),
        (["--camera-size", "640x480"], "a region is screen:800x600+100+50"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_opened(arguments: list[str], said: str):
    session = start("screen", *arguments)
    out, err = session.communicate(timeout=WAIT_S)
    assert (session.returncode, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
