"""The grab thread, stepped by a camera that gives what a list says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import count, pairwise

import cv2
import numpy as np
import pytest

from emocam.errors import SourceError
from emocam.io import camera as camera_module
from emocam.io.address import Address, parse_address
from emocam.io.backends import CameraSettings, EndOfFile, GarbledPicture, device_backends
from emocam.io.camera import LiveCamera
from emocam.types import Frame, ImageU8
from tests.conftest import SAMPLES
from tests.waiting import WAIT_S

ADDRESS = Address("camera", "0")


def picture(value: int, size_wh: tuple[int, int] = (64, 48)) -> ImageU8:
    return np.full((size_wh[1], size_wh[0], 3), value % 256, np.uint8)


class Scripted:
    """A capture that gives or raises what its script says, one entry a read."""

    backend = "SCRIPT"

    def __init__(self, script: Iterator[ImageU8 | Exception], pace_s: float = 0.001) -> None:
        self.script, self.pace_s = script, pace_s
        self.released = 0

    def read(self) -> ImageU8:
        time.sleep(self.pace_s)
        entry = next(self.script, None)
        if entry is None:
            raise EndOfFile("the end")
        if isinstance(entry, Exception):
            raise entry
        return entry

    def release(self) -> None:
        self.released += 1


def opener(*captures: Scripted) -> Callable[[Address], Scripted]:
    """Gives one capture after the other, the last for ever."""
    waiting = list(captures)

    def open_it(address: Address) -> Scripted:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return open_it


def endless() -> Iterator[ImageU8]:
    return (picture(number) for number in count())


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_module, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(camera_module, "LONGEST_WAIT_S", 0.04)


def until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end_s, "it did not come to pass"
        time.sleep(0.005)


def test_only_the_newest_frame_is_delivered():
    with LiveCamera(ADDRESS, opener=opener(Scripted(endless()))) as camera:
        first = camera.wait_newer(-1, WAIT_S)
        until(lambda: camera.newest().index > first.index + 5)
        later = camera.wait_newer(first.index, WAIT_S)
    assert later.index > first.index + 5
    assert later.time_s > first.time_s


def test_frames_carry_their_number_and_a_time_that_grows():
    with LiveCamera(ADDRESS, opener=opener(Scripted(endless()))) as camera:
        frames = [camera.wait_newer(-1, WAIT_S)]
        for _ in range(10):
            frames.append(camera.wait_newer(frames[-1].index, WAIT_S))
    indices = [frame.index for frame in frames]
    times = [frame.time_s for frame in frames]
    assert indices == sorted(set(indices))
    assert times == sorted(set(times))
    assert all(frame.image_bgr[0, 0, 0] == frame.index % 256 for frame in frames)


def test_no_newer_frame_is_none_after_the_time():
    going_on = threading.Event()

    def one_and_no_more() -> Iterator[ImageU8]:
        yield picture(1)
        going_on.wait(WAIT_S)

    with LiveCamera(ADDRESS, opener=opener(Scripted(one_and_no_more()))) as camera:
        assert camera.wait_newer(camera.newest().index, 0.01) is None
        going_on.set()


def test_a_lost_camera_is_opened_anew_and_the_gap_is_told():
    lost = Scripted(iter([picture(1), picture(2), SourceError("unplugged")]))
    with LiveCamera(ADDRESS, opener=opener(lost, Scripted(endless()))) as camera:
        until(lambda: camera.newest().index > 5)
        gaps = camera.take_gaps()
        assert camera.take_gaps() == []
        assert camera.fault == ""
    assert [gap.reason for gap in gaps] == ["unplugged"]
    assert gaps[0].frame == 2
    assert gaps[0].end_s > gaps[0].start_s
    assert lost.released >= 1


def test_while_it_is_lost_the_fault_says_so():
    lost = Scripted(iter([picture(1), *(SourceError("unplugged") for _ in range(1000))]))
    with LiveCamera(ADDRESS, opener=opener(lost)) as camera:
        until(lambda: "unplugged; trying again in" in camera.fault)
        assert camera.newest().index == 0


def test_the_wait_doubles_up_to_the_longest(monkeypatch: pytest.MonkeyPatch):
    waits = []
    lost = Scripted(iter([picture(1), *(SourceError("gone") for _ in range(1000))]))
    with LiveCamera(ADDRESS, opener=opener(lost)) as camera:
        wait = camera._ending.wait
        monkeypatch.setattr(camera._ending, "wait", lambda s: waits.append(s) or wait(s))
        until(lambda: len(waits) > 5)
    grown = [b / a for a, b in pairwise(waits)]
    assert set(grown) <= {1.0, 2.0}
    assert max(waits) == 0.04


def test_one_garbled_picture_is_counted_and_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(camera_module, "_GARBLED_S", WAIT_S)
    script = [picture(1), GarbledPicture("half a picture"), picture(2)]
    capture = Scripted(iter([*script, *(picture(n) for n in range(3, 200))]))
    with LiveCamera(ADDRESS, opener=opener(capture)) as camera:
        until(lambda: camera.newest().index > 3)
        assert camera.garbled == 1
        assert camera.take_gaps() == []


def test_garbled_pictures_without_end_are_a_fault(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(camera_module, "_GARBLED_S", 0.02)
    garbled = Scripted(iter([picture(1), *(GarbledPicture("half") for _ in range(10_000))]))
    with LiveCamera(ADDRESS, opener=opener(garbled, Scripted(endless()))) as camera:
        until(lambda: camera.newest().index > 3)
        assert [gap.reason for gap in camera.take_gaps()] == ["garbled pictures: half"]


def test_a_camera_that_repeats_itself_is_opened_anew_once_a_picture(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(camera_module, "_REPEATED_S", 0.02)
    opened = []

    def open_still(address: Address) -> Scripted:
        opened.append(address)
        return Scripted(picture(7) for _ in count())

    with LiveCamera(ADDRESS, opener=open_still) as camera:
        until(lambda: len(opened) == 2)
        index = camera.newest().index
        until(lambda: camera.newest().index > index + 50)
        assert "same picture" in camera.fault
    assert len(opened) == 2


def test_a_new_size_is_told():
    script = [picture(1), picture(2), *(picture(n, (32, 24)) for n in range(200))]
    with LiveCamera(ADDRESS, opener=opener(Scripted(iter(script)))) as camera:
        until(lambda: camera.newest().index > 4)
        assert camera.newest().image_bgr.shape == (24, 32, 3)
        reasons = [gap.reason for gap in camera.take_gaps()]
    assert reasons == ["the pictures changed from 64×48 to 32×24"]


def test_the_end_of_a_file_ends_it():
    with LiveCamera(ADDRESS, opener=opener(Scripted(iter([picture(1)])))) as camera:
        until(lambda: camera.ended)
        assert camera.wait_newer(0, WAIT_S) is None


def test_a_camera_that_gives_no_first_picture_is_an_error(monkeypatch: pytest.MonkeyPatch):
    wait_newer = LiveCamera.wait_newer

    def wait_for_the_reason(camera: LiveCamera, than: int, timeout_s: float) -> Frame | None:
        until(lambda: "nothing comes" in camera.fault)
        return wait_newer(camera, than, timeout_s)

    monkeypatch.setattr(camera_module, "_FIRST_PICTURE_S", 0.1)
    monkeypatch.setattr(LiveCamera, "wait_newer", wait_for_the_reason)
    dead = Scripted(SourceError("nothing comes") for _ in count())
    with (
        pytest.raises(SourceError, match="gave no picture: nothing comes"),
        LiveCamera(ADDRESS, opener=opener(dead)),
    ):
        pass
    assert dead.released >= 1
    assert not [one for one in threading.enumerate() if one.name == "camera"]


def test_next_camera_takes_the_one_that_opens(monkeypatch: pytest.MonkeyPatch):
    numbers = [Address("camera", text) for text in "0123"]
    monkeypatch.setattr(camera_module, "find_cameras", lambda: numbers)

    def open_some(address: Address) -> Scripted:
        if address.text == "1":
            raise SourceError("busy")
        return Scripted(endless())

    with LiveCamera(ADDRESS, opener=open_some) as camera:
        for text in ("2", "3", "0"):
            camera.next_camera()
            until(lambda text=text: camera.address.text == text)
            index = camera.newest().index
            until(lambda index=index: camera.newest().index > index)
            assert camera.newest().source == text  # readings of a frame bear its source
        reasons = [gap.reason for gap in camera.take_gaps()]
    assert reasons == [f"changed to camera {text}" for text in "230"]


def test_a_file_comes_at_its_own_pace_and_ends():
    address = parse_address(str(SAMPLES / "webcam.mp4"))
    start_s = time.monotonic()
    with LiveCamera(address) as camera:
        until(lambda: camera.newest().index >= 25)
        took_s = time.monotonic() - start_s
    assert took_s > 0.99  # 25 frames of a clip with 25 frames a second


@pytest.mark.parametrize("name", ["absent.mp4", "text.mp4"])
def test_a_file_that_is_no_video_is_an_error(tmp_path, name: str):
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(SourceError, match=name), LiveCamera(Address("path", str(tmp_path / name))):
        pass


def test_each_system_has_its_backends_and_a_fallback():
    assert device_backends("linux")[0] == cv2.CAP_V4L2
    assert device_backends("darwin")[0] == cv2.CAP_AVFOUNDATION
    assert device_backends("win32")[:2] == (cv2.CAP_MSMF, cv2.CAP_DSHOW)
    assert all(device_backends(name)[-1] == cv2.CAP_ANY for name in ("linux", "win32", "other"))


def test_a_camera_that_is_not_there_is_an_error_that_helps():
    address = Address("camera", "/dev/video97")
    with (
        pytest.raises(SourceError, match=r"camera /dev/video97.*connected.*doctor"),
        LiveCamera(address, CameraSettings((640, 480), 30)),
    ):
        pass


def wait_for_the_second_picture(scripted: Scripted) -> None:
    with LiveCamera(ADDRESS, opener=opener(scripted)) as camera:
        until(lambda: camera.ended)
        camera.wait_newer(0, WAIT_S)


def test_an_error_that_nobody_expected_reaches_who_waits():
    def broken() -> Iterator[ImageU8]:
        yield picture(1)
        raise RuntimeError("a driver's whim")

    with pytest.raises(SourceError, match=r"RuntimeError: a driver's whim"):
        wait_for_the_second_picture(Scripted(broken()))
