"""How heads are turned: in real photos, mirrored, tilted, and where it is not known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.detection.detector import FaceDetector
from emocam.detection.head_pose import yaw_error
from emocam.io.photos import read_photo
from emocam.types import Face, ImageU8

SAMPLES = Path(__file__).parents[2] / "samples" / "photos"


def one_face(picture: ImageU8) -> Face:
    faces = FaceDetector().detect(np.ascontiguousarray(picture))
    assert len(faces) == 1
    return faces[0]


def angles(face: Face) -> tuple[float, float]:
    assert face.yaw is not None
    assert face.roll is not None
    return face.yaw, face.roll


@pytest.fixture(params=["astronaut", "biden", "obama"])
def portrait(request: pytest.FixtureRequest) -> ImageU8:
    photo = read_photo(SAMPLES / f"{request.param}.jpg")
    shrink = 512 / max(photo.shape)
    small = cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def test_official_portraits_look_about_at_the_camera(portrait: ImageU8) -> None:
    yaw, roll = angles(one_face(portrait))
    assert abs(yaw) < 25
    assert abs(roll) < 20


def test_a_mirror_turns_yaw_and_roll_around(portrait: ImageU8) -> None:
    yaw, roll = angles(one_face(portrait))
    mirrored_yaw, mirrored_roll = angles(one_face(portrait[:, ::-1]))
    assert mirrored_yaw == pytest.approx(-yaw, abs=6)
    assert mirrored_roll == pytest.approx(-roll, abs=10)


@pytest.mark.parametrize("clockwise", [-30, 30])
def test_roll_follows_the_picture(portrait: ImageU8, clockwise: float) -> None:
    height, width = portrait.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -clockwise, 1.0)
    turned = cv2.warpAffine(portrait, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    _, before = angles(one_face(portrait))
    _, after = angles(one_face(np.asarray(turned, np.uint8)))
    assert after - before == pytest.approx(clockwise, abs=14)


def test_the_error_grows_with_the_angle() -> None:
    assert yaw_error(0) < yaw_error(30) < yaw_error(-60)
    assert yaw_error(-45) == yaw_error(45)


def test_the_pose_is_there_near_a_known_face(portrait: ImageU8) -> None:
    face = one_face(portrait)
    near = FaceDetector().search_near(portrait, [face.xyxy])
    assert len(near) == 1
    assert near[0].yaw == pytest.approx(face.yaw, abs=12)
    assert near[0].yaw_error is not None
