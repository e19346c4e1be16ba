"""The virtual camera: pyvirtualcam itself, with a device that only the test has."""

from __future__ import annotations

import threading
from typing import ClassVar

import numpy as np
import pytest

from emocam.errors import SetupError
from emocam.live import virtual_camera as module
from emocam.live.sinks import LiveSinks
from emocam.live.view import LiveView
from emocam.live.virtual_camera import VirtualCamera, check_virtual_camera
from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS
from emocam.types import Frame
from tests.live.senders.conftest import until
from tests.waiting import WAIT_S

pyvirtualcam = pytest.importorskip("pyvirtualcam")


class Device:
    """In the place of v4l2loopback or OBS."""

    made: ClassVar[list[Device]] = []
    may_go = threading.Event()
    fault = ""

    def __init__(self, *, width, height, fps, fourcc, device, **_):
        if self.fault == "absent":
            raise RuntimeError("no device found")
        self.size_wh, self.got, self.is_closed = (width, height), [], False
        Device.made.append(self)

    def send(self, frame):
        self.may_go.wait(WAIT_S)
        if self.fault:
            raise RuntimeError(self.fault)
        self.got.append(np.array(frame))

    def device(self):
        return "/dev/video9"

    def native_fourcc(self):
        return None

    def close(self):
        self.is_closed = True


@pytest.fixture(autouse=True)
def _device(monkeypatch):
    monkeypatch.setattr("pyvirtualcam.camera.BACKENDS", {"test": Device})
    Device.made, Device.fault = [], ""
    Device.may_go.set()


def picture(value: int, width: int = 64) -> np.ndarray:
    return np.full((48, width, 3), value, np.uint8)


def test_pictures_come_to_the_device_and_it_is_closed():
    with VirtualCamera((64, 48)) as camera:
        assert camera.take_news() == ["other programs can choose the camera /dev/video9"]
        camera.show(picture(7))
        until(lambda: Device.made[0].got)
    assert np.array_equal(Device.made[0].got[0], picture(7).ravel())
    assert Device.made[0].is_closed


def test_a_slow_device_gets_the_newest_and_holds_up_nobody():
    with VirtualCamera((64, 48)) as camera:
        Device.may_go.clear()
        for value in range(20):
            camera.show(picture(value))
        Device.may_go.set()
        until(lambda: Device.made[0].got and Device.made[0].got[-1][0] == 19)
    assert len(Device.made[0].got) <= 2


def test_pictures_of_another_size_are_fitted():
    with VirtualCamera((64, 48)) as camera:
        camera.show(picture(200, width=32))
        until(lambda: Device.made[0].got)
    got = Device.made[0].got[0].reshape(48, 64, 3)
    assert got[24, 32].tolist() == [200] * 3
    assert got[24, 0].tolist() == [0] * 3


def test_a_device_that_fails_is_told():
    with VirtualCamera((64, 48)) as camera:
        camera.take_news()
        Device.fault = "unplugged"
        camera.show(picture(7))
        until(lambda: camera.take_news() == ["the virtual camera takes no more: unplugged"])
        camera.show(picture(8))


@pytest.mark.parametrize(
    ("system", "mends"), [("linux", "sudo modprobe v4l2loopback"), ("win32", "install OBS")]
)
def test_without_a_device_it_says_what_makes_one(system: str, mends: str, monkeypatch):
    monkeypatch.setattr(module.sys, "platform", system)
    Device.fault = "absent"
    with pytest.raises(SetupError, match=mends):
        VirtualCamera((64, 48)).__enter__()


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r'pip install "emocam\[virtual-camera\]"'):
        check_virtual_camera()


def test_others_see_no_rates_and_no_help():
    with VirtualCamera((320, 240)) as camera:
        view = LiveView(EMOTIONS, LiveSinks(virtual_camera=camera))
        assert view.is_seen
        view.controls.press("h")
        frame = Frame(np.full((240, 320, 3), 90, np.uint8), 0, 0.0)
        view.show(frame, FrameReadings(), now_s=0.0, fps=30.0, numbers="camera 30/s")
        until(lambda: Device.made[0].got)
    assert set(Device.made[0].got[0]) == {90}
