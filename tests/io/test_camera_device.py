from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from emocam.io import backends, camera_device
from emocam.io.camera_device import why_not_open
from tests.cli.test_commands import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="as Linux has devices")


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """Stands in for /dev/video0."""
    path = tmp_path / "video0"
    path.write_bytes(b"")
    return path


@pytest.fixture
def busy(node: Path) -> Iterator[int]:
    """Number of a process that has it open."""
    code = (
        f"import sys; held = open({str(node)!r}, 'rb'); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        yield holder.pid
        holder.stdin.close()


def deny(node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may run as root, who is never denied.
    access = os.access
    monkeypatch.setattr(
        camera_device.os, "access", lambda path, mode: path != node and access(path, mode)
    )


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    assert why_not_open(tmp_path / "video9") == "no such device is connected"


def test_a_device_that_nobody_holds_gives_no_reason(node: Path) -> None:
    with node.open("rb"):  # this process itself is none of the others
        assert why_not_open(node) == ""


def test_a_busy_device_names_who_has_it(node: Path, busy: int) -> None:
    assert f"(process {busy}) uses it" in why_not_open(node)


def test_a_denied_device_says_what_mends_it(node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deny(node, monkeypatch)
    assert "usermod -aG video" in why_not_open(node)


class Refusing:
    """What OpenCV makes of a device whose `open` fails: a capture that is not open."""

    def __init__(self, place: object, *_: object) -> None:
        assert not isinstance(place, int)

    def isOpened(self) -> bool:
        return False

    def release(self) -> None:
        pass


@pytest.mark.parametrize("denied", [False, True])
def test_live_says_why_a_camera_does_not_open(
    capsys, node: Path, busy: int, monkeypatch: pytest.MonkeyPatch, denied: bool
) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Refusing)
    monkeypatch.setattr(
        backends,
        "why_not_open",
        lambda given: why_not_open(node if given.name == "video7" else given),
    )
    if denied:
        deny(node, monkeypatch)
    code, _, err = run(capsys, "live", "/dev/video7", "--no-window")
    assert code == 1
    assert err.startswith("emocam: can't open camera /dev/video7: ")
    assert ("usermod" if denied else f"process {busy}") in err
    assert err.count("\n") == 1
