from __future__ import annotations

import json
import os

import pytest

from emocam import doctor
from emocam.cli import main
from emocam.detection import detector as detect
from emocam.doctor import check_film, check_model, check_source, check_speed, check_wheels
from emocam.errors import SetupError
from emocam.io.address import parse_address
from tests.loopback_camera import LoopbackCamera, sample_pictures


def test_several_opencv_packages_are_a_fault_with_the_command_that_fixes_it():
    (check,) = check_wheels(["opencv-contrib-python", "opencv-python-headless"])
    assert check.status == "fault"
    assert check.fix.startswith("pip uninstall -y opencv-contrib-python opencv-python-headless &&")


def test_one_that_opens_no_windows_is_a_warning():
    assert check_wheels(["opencv-contrib-python-headless"])[0].status == "warning"


def test_the_one_of_this_environment_is_named():
    (check,) = check_wheels()
    assert check.status == "ok"
    assert "opencv" in check.found


def test_without_cascades_it_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    def lacks(*_: object) -> None:
        raise SetupError("OpenCV 5.0 has no Haar cascade 'x'; run: pip")

    monkeypatch.setattr(detect, "FaceDetector", lacks)
    check = doctor.check_opencv()
    assert (check.status, check.found) == ("fault", "OpenCV 5.0 has no Haar cascade 'x'")
    assert "pip install" in check.fix


def test_the_model_is_read_and_its_card_told():
    recognizer, check = check_model("pixels")
    assert recognizer is not None
    assert "recipe pixels" in check.found
    assert check_model("absent")[1].status == "fault"


def test_a_stream_is_tried():
    with LoopbackCamera(sample_pictures(most=5), (320, 240)) as camera:
        check = check_source(parse_address(camera.url))
        assert (check.status, check.found) == ("ok", "FFMPEG, 320×240")
        camera.set_fault("refuse")
        check = check_source(parse_address(camera.url))
    assert check.status == "fault"
    assert check.fix


def test_films_and_speed_are_really_tried():
    assert check_film().status in ("ok", "warning")
    recognizer, _ = check_model("pixels")
    assert recognizer is not None
    assert "full search" in check_speed(recognizer, seconds=0.2).found


def test_json_and_exit_code(capsys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "_SPEED_S", 0.1)
    monkeypatch.setattr(os, "environ", {**os.environ, "DISPLAY": ""})
    with pytest.raises(SystemExit) as end:
        main(["doctor", "http://127.0.0.1:9/none", "--json", "--model", "pixels"])
    answer = json.loads(capsys.readouterr().out)
    assert (answer["works"], end.value.code) == (False, 1)
    states = {check["name"]: check["status"] for check in answer["checks"]}
    assert states["model"] == "ok"
    assert states["stream http://127.0.0.1:9/none"] == "fault"
    assert all(check["fix"] for check in answer["checks"] if check["status"] != "ok")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["clip.mp4"], "--realtime"),
        (["0", "--camera-size", "big"], "1280x720"),
        (["0", "--log", "log.txt"], ".csv"),
        (["0", "--record", "film.avi"], ".mp4"),
    ],
)
def test_wrong_usage_of_live_is_one_line_and_code_2(capsys, arguments: list[str], said: str):
    with pytest.raises(SystemExit) as end:
        main(["live", *arguments])
    error = capsys.readouterr().err
    assert end.value.code == 2
    assert said in error
    assert len(error.strip().splitlines()) == 1


def test_a_camera_that_is_not_there_is_one_line_and_code_1(capsys):
    with pytest.raises(SystemExit) as end:
        main(["live", "/dev/video97", "--no-window"])
    error = capsys.readouterr().err
    assert end.value.code == 1
    assert "can't open camera /dev/video97" in error
    assert len(error.strip().splitlines()) == 1
