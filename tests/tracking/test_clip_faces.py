from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.detection.detector import FaceDetector
from emocam.detection.pyramid import made_gray
from emocam.io.video_reader import VideoFile
from emocam.recognition.prediction import Prediction
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.tracking.clip_faces import FoundFaces, find_faces, read_faces
from emocam.tracking.clip_pictures import clip_pictures
from emocam.tracking.scene_cut import CutFinder
from emocam.types import Face
from tests.conftest import SAMPLES
from tests.io.test_video_reader import write_h264


def photo(name: str) -> np.ndarray:
    return cv2.resize(cv2.imread(str(SAMPLES / "photos" / name)), (400, 400))


def write(path: Path, images: list[np.ndarray], fps: float = 10) -> Path:
    size_wh = images[0].shape[1], images[0].shape[0]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, size_wh)
    for image in images:
        writer.write(image)
    writer.release()
    return path


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer.load("pixels")


def looks(
    clip: Path,
    recognizer: EmotionRecognizer,
    *,
    every_s: float = 0.0,
    each: bool = False,
    **options,
):
    with VideoFile(clip) as video:
        pictures = clip_pictures(video, every_s=every_s)
        found = find_faces(
            pictures, recognizer.model.size, every_s=every_s, all_crops=each, **options
        )
        return list(read_faces(found, recognizer, 4, each=each))


def test_a_cut_gives_new_numbers(tmp_path, recognizer):
    clip = write(tmp_path / "clip.avi", [photo("obama.jpg")] * 5 + [photo("biden.jpg")] * 5)
    seen = [[face.id for face in look.faces] for look in looks(clip, recognizer)]
    assert seen == [[0]] * 5 + [[1]] * 5


@pytest.mark.parametrize("before_cut", [5, 6])
def test_a_cut_between_two_searches_gives_new_numbers_in_time(tmp_path, recognizer, before_cut):
    images = [photo("obama.jpg")] * before_cut + [photo("biden.jpg")] * 5
    clip = write(tmp_path / "clip.avi", images, fps=30)
    seen = [[face.id for face in look.faces] for look in looks(clip, recognizer)]
    assert seen == [[0]] * before_cut + [[1]] * 5


def test_every_second_picture_is_searched_and_faces_move_evenly_between(
    tmp_path, recognizer, monkeypatch
):
    searches = []
    search_near = FaceDetector.search_near

    def count(detector: FaceDetector, *given: object) -> list[Face]:
        searches.append(given)
        return search_near(detector, *given)

    monkeypatch.setattr(FaceDetector, "search_near", count)
    face = photo("obama.jpg")
    images = [np.roll(face, 4 * n, axis=1) for n in range(10)]
    clip = write(tmp_path / "clip.avi", images, fps=30)
    lefts = [look.faces[0].xyxy[0] for look in looks(clip, recognizer)]
    assert len(lefts) == 10
    assert len(searches) == 5  # of frames 2, 4, 6, 8 and the last
    for before, between, after in zip(lefts[0:8:2], lefts[1:8:2], lefts[2:9:2], strict=True):
        assert between == pytest.approx((before + after) / 2, abs=0.5)
    assert lefts[8] - lefts[0] == pytest.approx(32, abs=12)


def test_faces_between_two_searches_have_the_mean_of_the_readings_around_them(
    tmp_path, recognizer, monkeypatch
):
    read = []
    predict = EmotionRecognizer.predict_crops

    def count(reader: EmotionRecognizer, crops: np.ndarray) -> Prediction:
        read.append(len(crops))
        return predict(reader, crops)

    monkeypatch.setattr(EmotionRecognizer, "predict_crops", count)
    images = [cv2.convertScaleAbs(photo("obama.jpg"), alpha=1 - 0.08 * n) for n in range(9)]
    clip = write(tmp_path / "clip.avi", images, fps=30)
    seen = looks(clip, recognizer)
    assert sum(read) == 5  # of frames 0, 2, 4, 6 and 8
    rows = np.concatenate([look.probabilities for look in seen])
    np.testing.assert_allclose(rows[1:8:2], (rows[0:7:2] + rows[2:9:2]) / 2, atol=1e-6)
    read.clear()
    each = looks(clip, recognizer, each=True)
    assert sum(read) == 9
    assert [look.faces for look in each] == [look.faces for look in seen]
    np.testing.assert_allclose(
        np.concatenate([look.probabilities for look in each[0::2]]), rows[0::2], atol=1e-6
    )


def test_a_face_that_was_taken_out_around_a_frame_is_hidden_there(recognizer):
    one, other = Face((0, 0, 9, 9), 1.0, 0), Face((20, 0, 29, 9), 1.0, 1)
    crop = np.random.default_rng(0).integers(0, 256, (48, 48)).astype(np.uint8)
    sightings = [
        FoundFaces(0, 0.0, (one,), (crop,)),
        FoundFaces(1, 0.04, (one, other), (), is_between=True),
        FoundFaces(2, 0.08, (one,), (crop,)),
    ]
    between = list(read_faces(sightings, recognizer, 32))[1]
    assert (between.faces, between.hidden) == ((one,), (other,))


def test_now_and_then_means_by_the_clock(tmp_path, recognizer):
    clip = write(tmp_path / "clip.avi", [photo("obama.jpg")] * 21, fps=30)
    times = [look.time_s for look in looks(clip, recognizer, every_s=0.25)]
    assert times == pytest.approx([0, 0.25, 0.5], abs=0.02)


def test_a_face_keeps_its_number_from_one_seldom_look_to_the_next(tmp_path, recognizer):
    clip = write(tmp_path / "clip.avi", [photo("obama.jpg")] * 10, fps=1)
    seen = looks(clip, recognizer, every_s=3)
    assert [(look.time_s, [face.id for face in look.faces]) for look in seen] == [
        (time_s, [0]) for time_s in (0, 3, 6, 9)
    ]


def test_faces_read_together_are_read_as_if_alone(recognizer):
    crops = np.random.default_rng(0).integers(0, 256, (100, 48, 48)).astype(np.uint8)
    faces = [Face((0, 0, 9, 9), 1.0, number) for number in range(3)]
    sightings, done = [], 0
    for index in range(60):  # frames with none to three faces
        count = index % 4
        part = slice(done, done + count)
        sightings.append(FoundFaces(index, index / 25, tuple(faces[:count]), tuple(crops[part])))
        done += count
    found = list(read_faces(sightings, recognizer, 32))
    assert [look.index for look in found] == list(range(60))
    assert [look.faces for look in found] == [one.faces for one in sightings]
    alone = recognizer.model.predict(crops[:done])
    together = np.concatenate([look.probabilities for look in found if look])
    np.testing.assert_allclose(together, alone.probabilities, atol=1e-5)
    np.testing.assert_array_equal(np.concatenate([look.clusters for look in found]), alone.clusters)


def test_the_largest_face_alone(tmp_path, recognizer):
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[:, :400] = photo("obama.jpg")
    picture[200:, 400:] = cv2.resize(photo("biden.jpg"), (200, 200))
    clip = write(tmp_path / "clip.avi", [picture] * 3)
    both, one = looks(clip, recognizer), looks(clip, recognizer, largest=True)
    assert [len(look.faces) for look in both] == [2, 2, 2]
    assert [len(look.faces) for look in one] == [1, 1, 1]
    assert all(look.faces[0].xyxy[0] < 400 for look in one)
    assert one[0].probabilities.shape == (1, 7)


def test_frames_without_faces_are_looks_too(tmp_path, recognizer):
    clip = write(tmp_path / "clip.avi", [np.full((120, 160, 3), 80, np.uint8)] * 3)
    assert [(look.index, look.faces) for look in looks(clip, recognizer)] == [
        (0, ()), (1, ()), (2, ()),
    ]  # fmt: skip


def test_light_and_movement_are_no_cuts():
    cuts = CutFinder()
    face = made_gray(photo("obama.jpg"))
    for number in range(6):
        moved = np.roll(face, 12 * number, axis=1)
        assert not cuts.is_cut(moved)
    assert not cuts.is_cut((moved * 0.4).astype(np.uint8))
    assert not cuts.is_cut(np.zeros_like(face))
    assert not cuts.is_cut(face)
    assert cuts.is_cut(made_gray(photo("astronaut.jpg")))


@pytest.mark.parametrize(("all_images", "most"), [(False, 6), (True, 10)])
def test_pictures_that_nobody_looks_at_are_not_converted(tmp_path, all_images, most, monkeypatch):
    clip = write_h264(tmp_path / "clip.mp4", [n / 25 for n in range(10)])
    converted = []
    later = VideoFile.later

    def counting(video: VideoFile):
        picture = later(video)
        return lambda: converted.append(video) or picture()

    monkeypatch.setattr(VideoFile, "later", counting)
    with VideoFile(clip) as video:
        pictures = clip_pictures(video, all_images=all_images)
        assert len(list(find_faces(pictures, 48, all_crops=all_images))) == 10
    assert len(converted) == most


def test_many_frames_at_once_read_as_each_alone(tmp_path, recognizer):
    images = [photo("obama.jpg"), photo("biden.jpg"), np.full((400, 400, 3), 80, np.uint8)]
    clip = write(tmp_path / "clip.avi", images * 7)
    with VideoFile(clip) as video:
        pictures = {frame.index: frame.image_bgr for frame in video}
    seen = looks(clip, recognizer)
    assert [look.index for look in seen] == list(range(21))
    for look in seen:
        assert len(look.faces) == len(look.probabilities) == len(look.clusters)
        if look.faces:
            alone = recognizer.predict(pictures[look.index], look.faces)
            assert look.probabilities == pytest.approx(alone.probabilities, abs=1e-4)
            assert (look.clusters == alone.clusters).all()
    assert sum(len(look.faces) for look in seen) >= 13
