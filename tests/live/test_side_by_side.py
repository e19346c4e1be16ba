"""Several cameras in one session: put together, apart in ids, on one clock, in one table."""

from __future__ import annotations

import csv
import itertools
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.errors import SourceError, UsageError
from emocam.io.address import parse_address
from emocam.live.options import LiveOptions
from emocam.live.side_by_side import (
    CameraGroup,
    FollowerGroup,
    NumberedFollower,
    pairs,
    put_together,
)
from emocam.readings import FrameReadings
from emocam.types import Face, Frame
from tests.live.senders.conftest import frame, reading, until
from tests.live.test_flow import start
from tests.loopback_camera import LoopbackCamera, sample_pictures
from tests.waiting import WAIT_S


def picture(value: int, height: int = 40, width: int = 60) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def frames(*pictures: np.ndarray, times_s: tuple[float, ...] = (1.0,) * 9) -> list[Frame]:
    return [Frame(one, 0, at_s) for one, at_s in zip(pictures, times_s, strict=False)]


class TestPutTogether:
    def test_two_of_one_size_stand_side_by_side(self):
        whole, (left, right) = put_together(frames(picture(10), picture(200)))
        assert whole.shape == (40, 120, 3)
        assert (whole[20, 30, 0], whole[20, 90, 0]) == (10, 200)
        assert (left.left, right.left, right.scale) == (0, 60, 1.0)

    def test_a_smaller_one_is_brought_to_the_same_height(self):
        whole, (_, right) = put_together(frames(picture(10), picture(200, 20, 20)))
        assert whole.shape == (40, 120, 3)
        assert (right.left, right.top, right.scale) == (70, 0, 2.0)
        assert right.face(Face((5, 5, 15, 15))).xyxy == (80, 10, 100, 30)
        assert right.face(Face((0, 0, 1, 1))).xyxy == (70, 0, 72, 2)

    def test_three_and_four_fill_two_rows(self):
        whole, places = put_together(frames(*(picture(50 * n) for n in range(4))))
        assert whole.shape == (80, 120, 3)
        assert [(one.left, one.top) for one in places] == [(0, 0), (60, 0), (0, 40), (60, 40)]
        assert put_together(frames(*(picture(9) for _ in range(3))))[0].shape == (80, 120, 3)

    def test_large_pictures_are_made_smaller(self):
        whole, _ = put_together(frames(picture(1, 1080, 1920), picture(2, 1080, 1920)))
        assert whole.shape == (540, 1920, 3)

    def test_a_camera_that_is_behind_is_darkened(self):
        whole, _ = put_together(frames(picture(200), picture(200), times_s=(1.0, 9.0)))
        assert whole[20, 30, 0] < 100
        assert whole[20, 90, 0] == 200


class Capture:
    """A source of one grey value that counts upward."""

    backend = "test"

    def __init__(self, value: int):
        self.value = value

    def read(self):
        time.sleep(0.01)
        return picture(self.value)

    def release(self):
        pass


@pytest.fixture
def group():
    addresses = [parse_address("1"), parse_address("2")]
    with CameraGroup(addresses, opener=lambda one: Capture(100 * int(one.text))) as made:
        yield made


class TestCameraGroup:
    def test_frames_are_those_of_all_and_each_is_newer(self, group):
        last = -1
        for _ in range(5):
            newer = group.wait_newer(last, WAIT_S)
            assert newer is not None
            assert newer.index > last
            assert newer.image_bgr[20, [30, 90], 0].tolist() == [100, 200]
            last = newer.index
        assert (newer.source, group.fault, group.ended) == ("1 + 2", "", False)

    def test_all_are_on_one_clock(self, group):
        group.wait_newer(3, WAIT_S)
        times = [member.newest().time_s for member in group.members]
        assert abs(times[0] - times[1]) < WAIT_S
        assert abs(group.members[0].clock_s - group.members[1].clock_s) < 0.5
        assert max(times) <= group.clock_s

    def test_there_is_no_next_camera(self, group):
        with pytest.raises(SourceError, match="where one alone is shown"):
            group.next_camera()

    def test_if_one_can_not_be_opened_the_others_are_given_free(self):
        opened = []

        class Freed(Capture):
            def release(self):
                opened.append("released")

        def opener(address):
            if address.text == "2":
                raise SourceError("can't open camera 2")
            return Freed(1)

        addresses = [parse_address("1"), parse_address("2")]
        with pytest.raises(SourceError, match="camera 2"), CameraGroup(addresses, opener=opener):
            pass
        assert opened == ["released"]


class Told:
    """In the place of a follower."""

    alone, turned_down = False, 3

    def __init__(self, *faces: int):
        self.faces = faces

    def follow_frame(self, one: Frame, newcomers=None, read_until_s=None) -> FrameReadings:
        return frame(one.index, *(reading(face) for face in self.faces))

    def readings_at(self, time_s: float) -> FrameReadings:
        hidden = (Face((0, 0, 5, 5), id=-1),)
        readings = tuple(reading(face) for face in self.faces)
        return FrameReadings(readings, hidden=hidden, time_s=time_s)


def test_ids_of_several_cameras_never_meet():
    ids = [
        {one.face.id for one in NumberedFollower(Told(0, 1, 2), k, 3).readings_at(0.0)}
        for k in range(3)
    ]
    assert ids[0] == {0, 3, 6}
    assert all(not one & other for one, other in itertools.combinations(ids, 2))


def test_readings_are_shown_where_their_camera_is_shown(group):
    followers = FollowerGroup(group, [Told(0), Told(0)])
    group.wait_newer(-1, WAIT_S)
    shown = followers.readings_at(1.0)
    assert [one.face.id for one in shown] == [0, 1]
    assert [one.face.xyxy for one in shown] == [(10, 20, 50, 60), (70, 20, 110, 60)]
    assert [one.xyxy for one in shown.hidden] == [(0, 0, 5, 5), (60, 0, 65, 5)]
    assert shown.opacity == (1.0, 1.0)
    assert followers.turned_down == 6
    assert pairs(group, followers) == list(zip(group.members, followers.members, strict=True))


def test_a_source_named_twice_is_told():
    one = parse_address("http://127.0.0.1:9/")
    with pytest.raises(UsageError, match="a source is named twice"):
        LiveOptions(one, others=(one,)).check()


def last_s(log: Path, source: str) -> float:
    """Time of the last reading of a source in a log; 0 before the first."""
    if not log.exists():
        return 0.0
    rows = [line.split(",") for line in log.read_text().splitlines()]
    times = [float(row[2]) for row in rows if row[0] == source and "ok" in row]
    return times[-1] if times else 0.0


def test_a_session_of_two_cameras_has_one_table_and_one_film(tmp_path: Path):
    log, film, pictures = tmp_path / "log.csv", tmp_path / "film.mp4", sample_pictures(most=60)
    with (
        LoopbackCamera(pictures, (400, 300)) as one,
        LoopbackCamera(pictures, (320, 240)) as other,
    ):
        session = start(one.url, other.url, "--log", log, "--record", film)
        until(lambda: last_s(log, one.url) > 0 and last_s(log, other.url) > 0)
        session.terminate()
        out, err = session.communicate(timeout=WAIT_S)
    assert session.returncode == 0, err
    with log.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["status"] == "ok"]
    faces = {source: {int(r["face"]) for r in rows if r["source"] == source}
             for source in (one.url, other.url)}  # fmt: skip
    assert {face % 2 for face in faces[one.url]} == {0}
    assert {face % 2 for face in faces[other.url]} == {1}
    widths = {source: max(int(r["x2"]) for r in rows if r["source"] == source) for source in faces}
    assert widths[other.url] <= 320  # in the pixels of its own camera
    capture = cv2.VideoCapture(str(film))
    assert (capture.get(3), capture.get(4)) == (800, 300)
    capture.release()
    assert "face 0" in out
    assert "face 1" in out


def test_a_camera_that_is_lost_stops_no_other(tmp_path: Path):
    log = tmp_path / "log.csv"
    with (
        LoopbackCamera(sample_pictures(most=60), (400, 300)) as one,
        LoopbackCamera(sample_pictures(most=60), (320, 240)) as other,
        start(one.url, other.url, "--log", log) as session,
    ):
        until(lambda: last_s(log, one.url) > 0 and last_s(log, other.url) > 0)
        other.set_fault("refuse")
        until(lambda: other.refused > 0)
        lost_s = last_s(log, other.url)
        until(lambda: last_s(log, one.url) > lost_s + 1)
        session.terminate()
        session.communicate(timeout=WAIT_S)
        assert session.returncode == 0
    assert last_s(log, one.url) > last_s(log, other.url) + 1
