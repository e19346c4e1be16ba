"""Faces in real photos, near where they were, and none where there are none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.detection import haar, search_model
from emocam.detection.detector import FaceDetector, percentiles
from emocam.detection.haar import load_cascade
from emocam.errors import SetupError
from emocam.io.photos import read_photo
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.tracking.tracker import overlap
from emocam.types import Box, ImageU8

SAMPLES = Path(__file__).parents[2] / "samples" / "photos"
ASTRONAUT: Box = (168, 62, 276, 170)  # from the brows' height of the forehead to the chin


@pytest.fixture(scope="module")
def astronaut() -> ImageU8:
    photo = read_photo(SAMPLES / "astronaut.jpg")
    return np.asarray(cv2.resize(photo, (512, 512)), np.uint8)


def turned(image: ImageU8, degrees: float) -> ImageU8:
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def test_the_one_face_of_a_portrait(astronaut: ImageU8) -> None:
    faces = FaceDetector().detect(astronaut)
    assert len(faces) == 1
    assert overlap(faces[0].xyxy, ASTRONAUT) > 0.6
    assert faces[0].detection > 0.9


@pytest.fixture(params=["astronaut", "biden", "obama"])
def portrait(request: pytest.FixtureRequest) -> ImageU8:
    photo = read_photo(SAMPLES / f"{request.param}.jpg")
    shrink = 512 / max(photo.shape)
    small = cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def clearly_one_face(picture: ImageU8) -> bool:
    """One face, and nothing near the line: no rounding on another processor may decide."""
    detector = FaceDetector()
    faces = detector.detect(picture)
    turned_down = [one.face.detection for one in detector.rejected]
    return len(faces) == 1 and faces[0].detection > 0.65 and max(turned_down, default=0) < 0.45


@pytest.mark.parametrize("degrees", range(-40, 41, 5))
def test_a_tilted_head_is_found_and_nothing_else(portrait: ImageU8, degrees: float) -> None:
    assert clearly_one_face(turned(portrait, degrees))


def test_noise_of_a_dark_camera_hides_no_face(portrait: ImageU8) -> None:
    noise = np.random.default_rng(0).normal(0, 24, portrait.shape)
    assert clearly_one_face(np.clip(portrait + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("kind", ["glasses", "sunglasses", "hat", "lit from a side"])
def test_a_face_that_wears_something(portrait: ImageU8, kind: str) -> None:
    (x1, y1, x2, y2) = FaceDetector().detect(portrait)[0].xyxy
    side = x2 - x1
    worn = portrait.copy()
    for middle in (0.29, 0.71):
        center = round(x1 + middle * side), round(y1 + 0.36 * side)
        if kind == "glasses":
            cv2.circle(worn, center, round(0.17 * side), (20, 20, 20), max(1, side // 60))
        if kind == "sunglasses":
            cv2.circle(worn, center, round(0.15 * side), (20, 20, 20), -1)
    if kind == "hat":
        worn[max(0, y1 - side // 2) : y1 + round(0.1 * side), x1 - side // 8 : x2 + side // 8] = 60
    if kind == "lit from a side":
        across = (np.arange(worn.shape[1]) - (x1 + x2) / 2) / side
        worn = (worn * (0.3 + 0.7 / (1 + np.exp(-8 * across)))[None, :, None]).astype(np.uint8)
    faces = FaceDetector().detect(worn)
    assert len(faces) == 1
    assert overlap(faces[0].xyxy, (x1, y1, x2, y2)) > 0.5


@pytest.mark.parametrize("scale", [0.35, 0.5, 2.0, 4.0])
def test_at_any_size(astronaut: ImageU8, scale: float) -> None:
    image = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    faces = FaceDetector().detect(np.asarray(image, np.uint8))
    assert len(faces) == 1
    wanted = tuple(round(value * scale) for value in ASTRONAUT)
    assert overlap(faces[0].xyxy, wanted) > 0.6


@pytest.mark.parametrize("gain", [0.25, 0.5, 1.5])
def test_in_dark_and_bright_pictures(astronaut: ImageU8, gain: float) -> None:
    image = np.clip(astronaut * gain, 0, 255).astype(np.uint8)
    assert len(FaceDetector().detect(image)) == 1


def test_pictures_without_a_face() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8)
    rings = np.zeros((240, 320, 3), np.uint8)
    for radius in range(10, 120, 12):
        cv2.circle(rings, (160, 120), radius, (255, 255, 255), 3)
    for image in (noise, rings, np.zeros_like(noise), np.full_like(noise, 255)):
        assert FaceDetector().detect(image) == []


@pytest.mark.parametrize("size", [(1, 1), (24, 24), (3, 500), (500, 3), (47, 49)])
def test_tiny_and_narrow_pictures_are_no_error(size: tuple[int, int]) -> None:
    assert FaceDetector().detect(np.full((*size, 3), 90, np.uint8)) == []


@pytest.mark.parametrize(
    ("rows", "columns", "pixels", "least"), [(5, 8, 150, 38), (6, 10, 150, 58), (10, 12, 90, 60)]
)
def test_a_crowd(rows: int, columns: int, pixels: int, least: int) -> None:
    boxes = {"obama": (120, 0), "biden": (120, 0), "astronaut": (80, 20)}
    heads = []
    for name, (left, top) in boxes.items():
        photo = read_photo(SAMPLES / f"{name}.jpg")
        heads.append(cv2.resize(photo[top : top + 300, left : left + 300], (pixels, pixels)))
    heads += [head[:, ::-1] for head in heads]
    random = np.random.default_rng(0)
    lights = random.uniform(0.7, 1.0, (rows, columns))
    which = random.integers(0, len(heads), (rows, columns))
    crowd = np.vstack(
        [
            np.hstack(
                [(heads[one] * light).astype(np.uint8) for one, light in zip(*row, strict=True)]
            )
            for row in zip(which, lights, strict=True)
        ]
    )
    faces = FaceDetector().detect(crowd)
    places = {(face.xyxy[0] // pixels, face.xyxy[1] // pixels) for face in faces}
    assert len(faces) == len(places)  # each is somebody's
    assert len(faces) >= least


def test_near_where_a_face_was(astronaut: ImageU8) -> None:
    x1, y1, x2, y2 = ASTRONAUT
    for dx, dy, growth in [(0, 0, 0), (30, -20, 0), (-25, 25, 12), (0, 30, -12)]:
        before = (x1 + dx - growth, y1 + dy - growth, x2 + dx + growth, y2 + dy + growth)
        faces = FaceDetector().search_near(astronaut, [before])
        assert len(faces) == 1
        assert overlap(faces[0].xyxy, ASTRONAUT) > 0.6


def test_near_where_no_face_is(astronaut: ImageU8) -> None:
    detector = FaceDetector()
    assert detector.search_near(astronaut, [(350, 300, 450, 400)]) == []
    assert detector.search_near(astronaut, [(600, 600, 700, 700)]) == []
    assert detector.search_near(astronaut, []) == []


def test_what_is_turned_down_has_a_reason(astronaut: ImageU8) -> None:
    covered = astronaut.copy()
    covered[125:200, 150:300] = 120  # the lower half of the face
    detector = FaceDetector(keep_all=True)
    kept = detector.detect(covered)
    assert all("probability" in one.reason for one in detector.rejected)
    assert len(kept) >= len(detector.rejected)
    assert [face.id for face in kept] == list(range(len(kept)))


def test_the_same_picture_gives_the_same_faces(astronaut: ImageU8) -> None:
    assert FaceDetector().detect(astronaut) == FaceDetector().detect(astronaut.copy())


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5])
def test_a_share_must_be_one(share: float) -> None:
    with pytest.raises(ValueError, match="min_face_share is above 0"):
        FaceDetector(min_face_share=share)


def test_a_cascade_that_opencv_lacks() -> None:
    with pytest.raises(SetupError, match=r"no Haar cascade 'none\.xml'; run: pip install"):
        load_cascade("none.xml")


@pytest.mark.parametrize("size", [1, 2, 97, 5000])
def test_percentiles_by_counts_are_those_by_sorting(size: int) -> None:
    gray = np.random.default_rng(size).integers(20, 240, size).astype(np.uint8)
    assert percentiles(gray, (0.01, 0.5, 0.99)) == pytest.approx(
        np.percentile(gray, (1, 50, 99)).tolist()
    )


def test_a_detector_loads_a_cascade_when_it_is_asked_and_once(monkeypatch, astronaut: ImageU8):
    loaded = []
    monkeypatch.setattr(
        search_model, "load_cascade", lambda name: loaded.append(name) or haar.load_cascade(name)
    )
    detector = FaceDetector()
    assert loaded == [haar.FRONTAL[0].name]
    face = detector.detect(astronaut)[0]
    assert len(loaded) == len(set(loaded))
    assert FaceDetector().search_near(astronaut, [face.xyxy])
    detector.detect(astronaut)
    assert loaded.count(haar.FRONTAL[0].name) == 2


def test_an_opencv_without_cascades_is_told_when_a_model_is_loaded(monkeypatch, tmp_path):
    monkeypatch.setattr(cv2, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(SetupError, match=r"no Haar cascade .* run: pip install"):
        EmotionRecognizer.load("pixels")
