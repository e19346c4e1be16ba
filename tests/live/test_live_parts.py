"""What decides in a live session, stepped by hand: no camera, no window, no clock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from emocam.errors import OutputError, UsageError
from emocam.io.address import parse_address
from emocam.io.camera import Gap
from emocam.io.tables import open_table
from emocam.io.video_writer import FilmRecorder
from emocam.live.controls import KEYS, Controls
from emocam.live.film import LiveFilm
from emocam.live.log import Log, dated_path, save_picture
from emocam.live.options import LiveOptions
from emocam.live.session import LiveSession
from emocam.live.sinks import LiveSinks
from emocam.live.stats import LatencyHistogram, Summary
from emocam.live.threads import RecognitionThread
from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS
from emocam.signals import end_on_signals
from emocam.types import Face, Frame, Reading
from tests.live.senders.conftest import until

from av.error import InvalidDataError  # isort: skip -- cv2 is imported before it

NEUTRAL = EMOTIONS.index("neutral")
SAD = EMOTIONS.index("sad")


def shares(**given: float) -> np.ndarray:
    """Probabilities of the seven: those given, the rest shared evenly."""
    rest = (1 - sum(given.values())) / (len(EMOTIONS) - len(given))
    return np.array([given.get(label, rest) for label in EMOTIONS], dtype=np.float32)


def reading(label: str, face: int = 0, size: int = 50) -> Reading:
    row = shares(**{label: 0.7})
    box = Face((10, 10, 10 + size, 10 + size), id=face)
    return Reading(box, label, 0.7, 1, tuple(float(p) for p in row), EMOTIONS)


def analysis(number: int, time_s: float, *readings: Reading, raw: str = "") -> FrameReadings:
    raws = tuple(replace(one, emotion=raw or one.emotion) for one in readings)
    return FrameReadings(readings, number, time_s, "0", raw=raws)


class TestControls:
    def test_every_key_of_the_help_does_something(self):
        for key, _, _ in KEYS:
            controls = Controls()
            before = repr(controls)
            assert controls.press(key) or repr(controls) != before

    def test_a_switch_goes_on_and_off(self):
        controls = Controls()
        assert controls.press("b") == ""
        assert controls.overlay.blur
        controls.press("b")
        assert not controls.overlay.blur

    @pytest.mark.parametrize("key", ["q", "escape", "closed"])
    def test_three_ways_to_quit(self, key: str):
        assert Controls().press(key) == "quit"

    def test_an_unknown_key_does_nothing(self):
        controls = Controls()
        assert controls.press("7") == "mark 7"
        assert controls.press("0") == ""
        assert controls == Controls()

    def test_help_lists_the_keys_only_while_it_is_on(self):
        controls = Controls()
        assert controls.help_lines == []
        controls.press("h")
        assert len(controls.help_lines) == len(KEYS)


class TestSummary:
    def test_time_in_each_emotion_and_switches_as_shown_and_raw(self):
        summary = Summary()
        shown = ["happy"] * 30 + ["sad"] * 31
        for number, label in enumerate(shown):
            raw = "happy" if number % 2 else "sad"
            summary.add(analysis(number, number / 30, reading(label), raw=raw))
        assert summary.switches == 1
        assert summary.raw_switches == 60
        assert summary.emotions[0] == pytest.approx({"happy": 1.0, "sad": 1.0})
        assert summary.switches_per_minute == pytest.approx(30)
        assert summary.readings_per_second == pytest.approx(30.5, abs=0.1)

    def test_a_time_without_the_face_is_not_counted(self):
        summary = Summary()
        for time_s in (0.0, 0.1, 9.0, 9.1):
            summary.add(analysis(0, time_s, reading("happy")))
        assert summary.emotions[0]["happy"] == pytest.approx(0.2)

    def test_frames_without_a_face_are_analysed_but_not_read(self):
        summary = Summary()
        summary.add(analysis(0, 0.0))
        summary.add(analysis(1, 0.1, reading("sad")))
        assert (summary.analyses, summary.read) == (2, 1)

    def test_the_lines_name_each_face_and_the_gaps(self):
        summary = Summary(frames=60, drawn=58, seconds=2.0)
        for number in range(60):
            readings = reading("happy"), reading("neutral", face=4)
            summary.add(analysis(number, number / 30, *readings))
        summary.add_gaps([Gap(1.0, 3.5, "unplugged", 7)])
        text = "\n".join(summary.lines())
        assert "60 frames (30.0/s), 58 drawn, 2 superseded" in text
        assert "face 0: happy 2.0 s" in text
        assert "face 4: neutral 2.0 s" in text
        assert "1 gap, 2.5 s" in text
        assert "from camera to screen" in text

    def test_without_a_picture_nothing_is_said_of_drawing(self):
        summary = Summary(frames=60, garbled=3, seconds=2.0)
        assert summary.lines()[0] == "2.0 s: 60 frames (30.0/s), 3 garbled"
        assert "from camera to reading" in summary.lines()[1]

    def test_quantiles_come_from_the_distribution(self):
        times = LatencyHistogram()
        for ms in range(100):
            times.add(ms / 1000)
        assert times.quantile(0.5) == pytest.approx(50, abs=1)
        assert times.quantile(0.95) == pytest.approx(95, abs=1)
        times.add(1e9)
        assert times.quantile(1.0) == pytest.approx(10_000, abs=1)
        assert LatencyHistogram().quantile(0.95) == 0


class TestLog:
    def test_rows_are_in_the_file_while_it_is_open(self, tmp_path: Path):
        path = tmp_path / "log.jsonl"
        with Log(open_table(path, EMOTIONS, live=True)) as log:
            log.add([analysis(0, 0.0), analysis(1, 0.1), analysis(2, 0.2)], [])
            log.add([analysis(3, 0.3, reading("sad"), reading("sad", face=1))], [])
            log.add([analysis(4, 0.4)], [Gap(0.4, 2.9, "unplugged", 5)])
            until(lambda: len(path.read_text().splitlines()) == 5)
            rows = [json.loads(line) for line in path.read_text().splitlines()]
        kinds = [(row["status"], row["frame"], row["face"]) for row in rows]
        assert kinds == [
            ("no_face", 0, None),
            ("ok", 3, 0),
            ("ok", 3, 1),
            ("gap", 5, None),
            ("no_face", 4, None),
        ]
        assert rows[3]["reason"] == "unplugged (2.5 s)"
        assert rows[3]["time_s"] == 0.4

    def test_a_slow_disk_holds_up_nobody_and_a_full_one_is_told(self, tmp_path: Path):
        table, goes_on = open_table(tmp_path / "log.csv", EMOTIONS, live=True), threading.Event()

        def write(_rows: object) -> None:
            goes_on.wait()
            raise OutputError("the disk is full")

        table.write = write
        log = Log(table).__enter__()
        log.add([analysis(0, 0.0)])
        log.add([analysis(1, 0.1, reading("sad"))])  # although the first one is not written
        goes_on.set()
        with pytest.raises(OutputError, match="disk is full"):
            log.__exit__()


def test_readings_wait_for_who_takes_them_however_many_they_are():
    """A window that is dragged takes none for as long as that lasts."""
    follower = SimpleNamespace(
        alone=True, follow_frame=lambda frame, *_: analysis(frame.index, frame.time_s)
    )
    detection = SimpleNamespace(take=lambda alone: [])
    thread = RecognitionThread(StillCamera(), follower, detection)
    for number in range(1000):
        thread.take_in(Frame(np.zeros((4, 4, 3), np.uint8), number, number / 25))
    assert [one.index for one in thread.take()] == list(range(1000))


class TestPictures:
    def test_a_picture_is_kept_as_it_is(self, tmp_path: Path):
        image = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
        path = dated_path(tmp_path / "new", ".png")
        save_picture(image, path)
        kept = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
        assert np.array_equal(kept, image)
        assert path.name.startswith("emocam-20")

    def test_a_place_that_can_not_be_written_is_an_error(self, tmp_path: Path):
        (tmp_path / "file").write_text("")
        with pytest.raises(OutputError, match="can't write"):
            save_picture(np.zeros((4, 4, 3), np.uint8), tmp_path / "file" / "picture.png")

    def test_a_film_that_can_not_be_written_is_an_error_and_given_up(self, tmp_path: Path):
        (tmp_path / "file").write_text("")
        film = LiveFilm()
        film.start(tmp_path / "file" / "film.mp4")
        film.write(np.zeros((48, 64, 3), np.uint8), 0.0, 25, is_new=True)
        with pytest.raises(OutputError, match="can't write"):
            film.stop()
        assert film.path is None

    @pytest.mark.parametrize("error", [ValueError("no codec"), InvalidDataError(1, "bad")])
    def test_whatever_ends_its_thread_is_an_error_of_the_film(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
    ):
        def write(*_: object) -> None:
            raise error

        monkeypatch.setattr(FilmRecorder, "write", write)
        film = LiveFilm()
        film.start(tmp_path / "film.mp4")
        film.write(np.zeros((48, 64, 3), np.uint8), 0.0, 25, is_new=True)
        with pytest.raises(OutputError, match=r"film.mp4: .*(no codec|bad)"):
            film.stop()

    def test_a_film_that_is_still_written_is_not_called_recorded(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        goes_on, write = threading.Event(), FilmRecorder.write

        def slow(self: FilmRecorder, picture: np.ndarray, time_s: float) -> None:
            goes_on.wait()
            write(self, picture, time_s)

        monkeypatch.setattr("emocam.live.film._FINISH_S", 0.05)
        monkeypatch.setattr(FilmRecorder, "write", slow)
        film = LiveFilm()
        film.start(tmp_path / "film.mp4")
        for number in range(30):  # more than wait for the encoder
            film.write(np.zeros((48, 64, 3), np.uint8), number / 25, 25, is_new=True)
        with pytest.raises(OutputError, match="still being written"):
            film.stop()
        assert film.left_out > 10
        assert not (tmp_path / "film.mp4").exists()
        goes_on.set()
        until((tmp_path / "film.mp4").exists)

    def test_pictures_that_a_film_left_out_are_said(self, tmp_path: Path):
        said: list[str] = []
        reporter = SimpleNamespace(note=said.append, line=said.append)
        session = LiveSession(
            LiveOptions(parse_address("0")), StillCamera(), MovingReader(), reporter, LiveSinks()
        )
        film = session.view.film
        film.start(tmp_path / "film.mp4")
        film.write(np.zeros((48, 64, 3), np.uint8), 0.0, 25, is_new=True)
        film.left_out = 7
        session._stop_film()
        path = tmp_path / "film.mp4"
        assert said == [f"recorded {path} without 7 pictures: encoding was too slow"]

    def test_a_film_survives_a_change_of_size(self, tmp_path: Path):
        film, path = LiveFilm(), tmp_path / "film.mp4"
        film.write(np.zeros((48, 64, 3), np.uint8), 0.0, 25, is_new=True)  # not started: nothing
        film.start(path)
        for number in range(10):
            side = 48 if number < 5 else 96
            image = np.full((side, side, 3), 20 * number, np.uint8)
            film.write(image, number / 25, 25, is_new=True)
            film.write(image, number / 25 + 0.01, 25, is_new=False)  # too soon after
        assert film.stop() == path
        assert film.stop() is None
        capture = cv2.VideoCapture(str(path))
        shapes = []
        while (got := capture.read())[0]:
            shapes.append(got[1].shape)
        assert shapes == [(48, 48, 3)] * 10


class TestOptions:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"address": parse_address("clip.mp4")}, "--realtime"),
            ({"address": parse_address("0"), "realtime": True}, "is live already"),
            ({"log": Path("log.txt")}, "csv"),
            ({"log": Path("-")}, "never standard output"),
            ({"record": Path("-")}, "never standard output"),
            ({"duration_s": 0.0}, "--duration"),
            ({"record": Path("film.avi")}, "ends in .mp4"),
            ({"model": "absent"}, "absent"),
        ],
    )
    def test_what_does_not_fit_is_said_before_a_camera_opens(self, changes: dict, said: str):
        given = {"address": parse_address("0"), **changes}
        with pytest.raises(UsageError, match=said):
            LiveOptions(**given).check()

    @pytest.mark.parametrize("name", ["log", "record"])
    def test_a_result_is_not_overwritten_without_force(self, tmp_path: Path, name: str):
        path = tmp_path / ("log.csv" if name == "log" else "film.mp4")
        path.write_text("kept")
        address = parse_address("0")
        with pytest.raises(UsageError, match="--force"):
            LiveOptions(address, **{name: path}).check()
        LiveOptions(address, force=True, **{name: path}).check()


class StillCamera:
    """Gives a new grey picture whenever it is asked; its clock stands."""

    address, garbled, ended, fault, clock_s = parse_address("0"), 0, False, "", 0.1

    def newest(self) -> Frame:
        return self.wait_newer(-1, 0.0)

    def wait_newer(self, than: int, timeout_s: float) -> Frame:
        return Frame(np.full((240, 320, 3), 90, np.uint8), than + 1, 0.1)

    def take_gaps(self) -> list[Gap]:
        return []


class MovingReader:
    """Has seen its face elsewhere whenever it is asked."""

    def __init__(self) -> None:
        self.recognizer = SimpleNamespace(labels=EMOTIONS)
        self.turned_down = 0
        self.left = 0

    def readings_at(self, time_s: float) -> FrameReadings:
        self.left += 20
        face = Face((self.left, 60, self.left + 80, 140), id=0)
        return FrameReadings((replace(reading("happy"), face=face),), time_s=time_s)


class PressingScreen:
    """Keeps what it shows, and has some keys pressed, one a picture."""

    def __init__(self, *keys: str) -> None:
        self.pictures: list[np.ndarray] = []
        self._keys = iter(keys)

    def show(self, frame_bgr: np.ndarray) -> str:
        self.pictures.append(frame_bgr)
        return next(self._keys)


def test_a_paused_picture_stands_still_although_a_reading_comes_late():
    screen = PressingScreen("", "space", "", "", "q")
    options, silent = LiveOptions(parse_address("0")), SimpleNamespace()
    session = LiveSession(options, StillCamera(), MovingReader(), silent, LiveSinks(screen))
    session.run(threading.Event())
    first, second, third, fourth, fifth = screen.pictures
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)  # it says now that it is paused
    assert np.array_equal(third, fourth)
    assert np.array_equal(third, fifth)


def test_what_was_learnt_can_be_read_before_the_owner_is_greeted():
    said: list[str] = []
    reporter = SimpleNamespace(note=said.append, line=said.append)
    session = LiveSession(
        LiveOptions(parse_address("0")), StillCamera(), MovingReader(), reporter, LiveSinks()
    )
    session._say("learnt: that was sad")
    session._say_next("the profile is in use")
    assert said == ["learnt: that was sad", "the profile is in use"]
    assert session._notice(2.2) == "learnt: that was sad"
    assert session._notice(3.2) == session._notice(5.2) == "the profile is in use"
    assert session._notice(6.5) == ""


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_the_first_ends_politely_the_second_at_once(self, number: int):
        before = signal.getsignal(number)
        with end_on_signals() as ending:
            os.kill(os.getpid(), number)
            assert ending.wait(5)
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
        assert signal.getsignal(number) is before

    @pytest.mark.skipif(os.name == "nt", reason="there is no hang-up")
    @pytest.mark.parametrize(("handler", "ends"), [(signal.SIG_IGN, False), (signal.SIG_DFL, True)])
    def test_a_closed_terminal_ends_it_but_for_nohup(self, handler, ends: bool):
        before = signal.signal(signal.SIGHUP, handler)
        try:
            with end_on_signals() as ending:
                os.kill(os.getpid(), signal.SIGHUP)
                assert ending.wait(0.5) is ends
            assert signal.getsignal(signal.SIGHUP) is handler
        finally:
            signal.signal(signal.SIGHUP, before)


def test_a_session_loads_no_video_library_before_it_films():
    code = "import sys, emocam.cli.live, emocam.live.run; print('av' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
