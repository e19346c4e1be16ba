"""The public names, used as somebody else's program would."""

from __future__ import annotations

import csv
import doctest
import importlib
import inspect
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

import emocam
from emocam import EmotionRecognizer, Face, Follower, FrameReadings, Reading
from emocam.detection.crop import crop_faces
from emocam.errors import PictureError, SourceError, UsageError
from emocam.recognition.labels import EMOTIONS
from tests.cli.test_commands import run
from tests.conftest import SAMPLES

CLIP = SAMPLES / "webcam.mp4"
PHOTO = SAMPLES / "photos" / "obama.jpg"


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer.load()


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return cv2.imread(str(PHOTO))


def reading(left: int = 10, face: int = 0) -> Reading:
    row = (0.7,) + (0.05,) * 6
    return Reading(Face((left, 10, left + 40, 50), 0.9, face), EMOTIONS[0], 0.7, 2, row, EMOTIONS)


def test_there_are_fewer_than_twenty_names_and_each_is_documented():
    names = [name for name in emocam.__all__ if name != "__version__"]
    assert len(names) < 20
    assert all(inspect.getdoc(getattr(emocam, name)) for name in names)


def test_a_prompt_completes_them():
    code = "import emocam; print(sorted(emocam.__all__) == dir(emocam))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_importing_it_loads_neither_opencv_nor_numpy():
    code = "import sys, emocam; print(sorted({'cv2', 'numpy', 'sklearn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "module",
    [
        "emocam.dataframes",
        "emocam.label.photo_readings",
        "emocam.live.live_readings",
        "emocam.video.clip_readings",
    ],
)
def test_the_examples_give_what_they_say(module: str, monkeypatch):
    pytest.importorskip("pandas")
    monkeypatch.chdir(SAMPLES.parent)
    result = doctest.testmod(importlib.import_module(module))
    assert (result.failed, result.attempted > 0) == (0, True)


class TestFrameReadings:
    def test_it_is_used_like_its_readings(self):
        one, two = reading(), reading(100, 1)
        readings = FrameReadings((one, two), 3, 0.12, "clip.mp4")
        assert (len(readings), list(readings), readings[1]) == (2, [one, two], two)
        assert readings[np.argmax(readings.probabilities[:, 0])] is one
        assert readings.largest is one
        assert not FrameReadings()
        assert FrameReadings().largest is None
        assert readings.probabilities.shape == (2, 7)

    def test_what_a_slice_leaves_out_is_hidden(self):
        one, two = reading(), reading(100, 1)
        part = FrameReadings((one, two), 3, 0.12, raw=(one, two), opacity=(1.0, 0.5))[1:]
        assert (list(part), part.raw, part.opacity) == ([two], (two,), (0.5,))
        assert part.hidden == (one.face,)
        assert set(part.heads) == {one.face, two.face}
        assert (part.index, part.time_s) == (3, 0.12)

    def test_raw_and_opacity_have_one_a_reading(self):
        with pytest.raises(ValueError, match="opacity has one a reading or none: 1, got 2"):
            FrameReadings((reading(),), opacity=(1.0, 0.5))

    def test_rows_are_the_tables(self):
        with_face = FrameReadings((reading(face=4),), 3, 0.12, "clip.mp4")
        row, none = emocam.rows([with_face, FrameReadings((), 4, 0.16, "clip.mp4")])
        assert (row["source"], row["frame"], row["time_s"], row["face"]) == ("clip.mp4", 3, 0.12, 4)
        assert (row["status"], row["emotion"], row["x1"]) == ("ok", EMOTIONS[0], 10)
        assert (none["frame"], none["status"]) == (4, "no_face")
        assert emocam.rows(with_face) == [row]


class TestRecognizer:
    def test_boxes_of_a_detector_of_ones_own_read_as_found_ones(self, recognizer, picture):
        found = recognizer.read(picture)
        assert len(found) == 1
        again = recognizer.read_faces(picture, [found[0].face.xyxy])
        assert again[0].probabilities == found[0].probabilities
        assert len(recognizer.read_faces(picture, [])) == 0

    def test_crops_read_as_in_the_picture(self, recognizer, picture):
        found = recognizer.read(picture)
        crops = np.stack(crop_faces(picture, found.faces, 48))
        assert recognizer.read_crops(crops)[0].probabilities == found[0].probabilities
        assert len(recognizer.read_crops(crops[:0])) == 0

    def test_crops_of_another_shape_are_turned_down(self, recognizer):
        with pytest.raises(ValueError, match=r"crops are uint8 of shape \(n, 48, 48\)"):
            recognizer.read_crops(np.zeros((48, 48), np.uint8))


def test_a_follower_keeps_ids_and_finds_what_single_pictures_show(recognizer):
    capture, follower, ids, emotions = cv2.VideoCapture(str(CLIP)), Follower(recognizer), [], []
    for number in range(50):
        readings = follower.follow(capture.read()[1], number / 25)
        assert (readings.index, readings.time_s) == (number, number / 25)
        ids += [one.face.id for one in readings]
        emotions += [one.emotion for one in readings.raw]
    assert ids == [0] * 49  # what is found once may be no face
    assert len(emotions) == 49


def test_a_follower_wants_pictures(recognizer):
    with pytest.raises(ValueError, match="a picture is uint8"):
        Follower(recognizer).follow(np.zeros((10, 10), np.uint8), 0.0)


def test_time_that_goes_back_starts_anew(recognizer):
    capture, follower = cv2.VideoCapture(str(CLIP)), Follower(recognizer)
    frames = [capture.read()[1] for _ in range(4)]
    before = [follower.follow(frame, 10 + n / 25) for n, frame in enumerate(frames)][-1]
    after = [follower.follow(frame, n / 25) for n, frame in enumerate(frames)][-1]
    assert before[0].face.id != after[0].face.id


def test_a_clip_reads_as_the_command_reads_it(capsys, recognizer, tmp_path: Path):
    table = tmp_path / "clip.csv"
    assert run(capsys, "video", CLIP, "-o", table, "--end", "0.6", "--every", "0.1s")[0] == 0
    with table.open(newline="") as file:
        wanted = list(csv.DictReader(file))
    results = list(emocam.read_video(CLIP, recognizer, every_s=0.1, end_s=0.6))
    given = emocam.rows(readings for _, readings in results)
    assert all(frame.index == readings.index for frame, readings in results)
    assert len(given) == len(wanted) > 4
    for row, want in zip(given, wanted, strict=True):
        for name in ("frame", "x1", "emotion", "face"):
            assert str(row[name]) == want[name]
        assert row["certainty"] == pytest.approx(float(want["certainty"]), abs=2e-4)  # rounded


@pytest.mark.parametrize("call", ["read_video(CLIP)", "read_live(CLIP, realtime=True)"])
@pytest.mark.parametrize(
    "use", ["next(some)", "Thread(target=list, args=[some], daemon=True).start(); sleep(0.5)"]
)
def test_what_is_unfinished_when_python_ends_is_no_crash(call: str, use: str):
    code = f"""
from threading import Thread
from time import sleep
from emocam import EmotionRecognizer, read_live, read_video
CLIP = {str(CLIP)!r}
EmotionRecognizer.load()
some = {call}
{use}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_times_of_a_clip_that_make_no_sense_are_told(recognizer):
    for times in ({"every_s": -1}, {"start_s": -1}, {"start_s": 2, "end_s": 1}, {"end_s": 0}):
        with pytest.raises(ValueError, match="times are seconds from 0"):
            next(emocam.read_video(CLIP, recognizer, **times))


def test_reading_a_clip_may_end_early(recognizer):
    before = threading.active_count()
    clip = emocam.read_video(CLIP, recognizer)
    next(clip)
    clip.close()
    assert threading.active_count() == before


def test_what_is_no_clip_or_photo_is_told(recognizer, tmp_path: Path):
    with pytest.raises(SourceError, match="there is no video file"):
        next(emocam.read_video(tmp_path / "absent.mp4", recognizer))
    with pytest.raises(UsageError, match="there is no file or folder"):
        next(emocam.read_photos([tmp_path / "absent.jpg"], recognizer))
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    with pytest.raises(PictureError, match=r"broken\.jpg: "):
        next(emocam.read_photos(tmp_path / "broken.jpg", recognizer))


def test_photos_come_with_their_readings(recognizer, picture):
    ((frame, readings),) = emocam.read_photos([PHOTO], recognizer)
    assert frame.image_bgr.shape == picture.shape
    assert (readings.source, readings.time_s, len(readings)) == (os.fspath(PHOTO), None, 1)


def test_one_photo_or_a_folder_of_them_needs_no_list(recognizer):
    ((frame, _),) = emocam.read_photos(str(PHOTO), recognizer)
    assert frame.source == str(PHOTO)
    names = [Path(frame.source).name for frame, _ in emocam.read_photos(PHOTO.parent, recognizer)]
    assert names == ["astronaut.jpg", "biden.jpg", "obama.jpg"]


def test_boxes_may_be_rows_of_an_array(recognizer, picture):
    box = recognizer.read(picture)[0].face.xyxy
    rows = np.array([box, box], np.float32) + 0.2
    assert [one.face.xyxy for one in recognizer.read_faces(picture, rows)] == [box, box]
    assert len(recognizer.read_faces(picture, rows[:0])) == 0
    for wrong in (rows[0], rows[:, :3], [(0, 0, float("nan"), 9)]):
        with pytest.raises(ValueError, match="left, top, right, bottom in pixels, got"):
            recognizer.read_faces(picture, wrong)
    with pytest.raises(ValueError, match="outside the picture"):
        recognizer.read_faces(picture, rows + 5000)


def test_threads_may_share_a_recognizer(recognizer):
    pictures = [cv2.imread(str(path)) for path in sorted(PHOTO.parent.glob("*.jpg"))]
    alone = [recognizer.read(one).rows() for one in pictures]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda one: recognizer.read(one).rows(), pictures * 4))
    assert together == alone * 4


def test_a_recognizer_that_has_read_can_be_pickled(recognizer, picture):
    before = recognizer.read(picture).rows()
    assert pickle.loads(pickle.dumps(recognizer)).read(picture).rows() == before


def test_what_is_no_picture_is_a_value_error_that_says_so(recognizer, picture):
    readings = recognizer.read(picture)
    for wrong, said in (
        (None, "NoneType, which cv2.imread gives"),
        ("photo.jpg", "got str"),
        (picture[:0], "without pixels"),
        (picture[..., 0], r"uint8 of shape \(\d+, \d+\)"),
    ):
        for use in (
            recognizer.read,
            partial(recognizer.read_faces, faces=[(0, 0, 9, 9)]),
            partial(emocam.Follower(recognizer).follow, time_s=0.0),
            partial(emocam.draw, readings=readings),
            lambda it: emocam.Profile.learn(recognizer, {"happy": [it]}),
        ):
            with pytest.raises(ValueError, match=said):
                use(wrong)


def test_certainty_is_a_probability():
    with pytest.raises(ValueError, match="from 0 to 1, got 50"):
        emocam.EmotionRecognizer.load(certainty=50)


def test_opencvs_pictures_fit_the_type_hints(tmp_path: Path):
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(
        "import cv2\n"
        "from emocam import EmotionRecognizer, Follower, Frame, Profile, draw, train\n"
        "recognizer = EmotionRecognizer.load()\n"
        "frame_bgr = cv2.imread('photo.jpg')\n"
        "assert frame_bgr is not None\n"
        "readings = recognizer.read(frame_bgr)\n"
        "gray = cv2.cvtColor(cv2.resize(frame_bgr, (48, 48)), cv2.COLOR_BGR2GRAY)\n"
        "recognizer.read_crops(gray[None])\n"
        "recognizer.read_faces(frame_bgr, [(1, 2, 3, 4)])\n"
        "Follower(recognizer).follow(frame_bgr, time_s=0.0)\n"
        "Profile.learn(recognizer, {'happy': [frame_bgr]})\n"
        "train([gray], ['happy'])\n"
        "Frame(frame_bgr)\n"
        "draw(frame_bgr, readings[readings.probabilities[:, 0].argmax()])\n"
    )
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", program],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_printing_shows_no_arrays(recognizer, picture):
    profile = emocam.Profile.learn(recognizer, {"happy": [picture]})
    for one in (emocam.Frame(picture), recognizer.read(picture), profile):
        assert "array" not in repr(one)


def test_draw_gives_a_new_picture_and_can_blur(recognizer, picture):
    readings, before = recognizer.read(picture), picture.copy()
    plain, blurred = (emocam.draw(picture, readings, blur=blur) for blur in (False, True))
    assert np.array_equal(picture, before)
    x1, y1, x2, y2 = readings[0].face.xyxy
    middle = np.s_[y1 + 20 : y2 - 20, x1 + 20 : x2 - 20]
    assert np.array_equal(plain[middle], picture[middle])
    assert (
        cv2.Laplacian(blurred[middle], cv2.CV_64F).var()
        < 0.2 * cv2.Laplacian(picture[middle], cv2.CV_64F).var()
    )


def test_draw_takes_one_reading_as_it_takes_several(recognizer, picture):
    readings = recognizer.read(picture)
    assert np.array_equal(emocam.draw(picture, readings[0]), emocam.draw(picture, readings))
