"""Films with covered heads, read back: none stays sharp, however seldom faces are read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.detection.detector import FaceDetector
from emocam.render.anonymize import blur_heads
from tests.cli.test_commands import run
from tests.conftest import SAMPLES
from tests.tracking.test_clip_faces import write

_SIZE_WH, _FPS, _FRAMES = (640, 360), 20, 60
_HEAD = 150  # side of the square that a portrait is cut to
# Middle of eyes, nose and mouth, from that of the square. What is beside a face is not covered.
_FACES = {"obama": (4, -31), "biden": (17, -14)}
_EYES = 18  # half a side of the square that they fill
_SEEN = 0.25  # correlation of details with those of the source, from which a head counts as sharp


def portrait(name: str) -> np.ndarray:
    picture = cv2.imread(str(SAMPLES / "photos" / f"{name}.jpg"))
    side = picture.shape[1]
    return cv2.resize(picture[:side], (_HEAD, _HEAD), interpolation=cv2.INTER_AREA)


def places(number: int) -> dict[str, tuple[int, int]]:
    """Middles of the heads in a frame: one swings, one comes later, one goes."""
    swings = 170 + round(80 * math.sin(2 * math.pi * number / _FPS / 2))
    found = {"obama": (swings, 110)}
    if number >= _FRAMES // 3:
        found["biden"] = (420, 240)
    return found


def frame(number: int) -> np.ndarray:
    picture = np.full((_SIZE_WH[1], _SIZE_WH[0], 3), 120, np.uint8)
    for name, (x, y) in places(number).items():
        half = _HEAD // 2
        picture[y - half : y + half, x - half : x + half] = portrait(name)
    return picture


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("heads") / "heads.avi"
    return write(path, [frame(number) for number in range(_FRAMES)], _FPS)


def frames_of(film: Path) -> list[np.ndarray]:
    capture, frames = cv2.VideoCapture(str(film)), []
    while (got := capture.read())[0]:
        frames.append(got[1])
    return frames


def details(picture: np.ndarray, name: str, middle: tuple[int, int]) -> np.ndarray:
    """Edges of a face, without its light and its colours; shape (n,)."""
    x, y = (one + off for one, off in zip(middle, _FACES[name], strict=True))
    gray = cv2.cvtColor(picture[y - _EYES : y + _EYES, x - _EYES : x + _EYES], cv2.COLOR_BGR2GRAY)
    return cv2.Laplacian(cv2.GaussianBlur(gray, (0, 0), 1.5), cv2.CV_64F).ravel()


def sharp_heads(film: Sequence[np.ndarray], source: Sequence[np.ndarray]) -> list[tuple[int, str]]:
    """Number of the frame and name of each head that can be recognised.

    Boxes and bars that lie on a head have edges too, but not those of its face.
    """
    return [
        (number, name)
        for number, (drawn, plain) in enumerate(zip(film, source, strict=True))
        for name, middle in places(number).items()
        if np.corrcoef(details(drawn, name, middle), details(plain, name, middle))[0, 1] > _SEEN
    ]


@pytest.mark.parametrize(("moved", "seen"), [(0, []), (0.7, [(0, "obama")])])
def test_what_is_seen_beside_a_cover_is_sharp(moved: float, seen: list[tuple[int, str]]) -> None:
    covered = frame(0)
    (face,) = FaceDetector().detect(covered)
    across = round(moved * face.size_wh[0])
    x1, y1, x2, y2 = face.xyxy
    blur_heads(covered, [(x1 + across, y1, x2 + across, y2)])
    assert sharp_heads([covered], [frame(0)]) == seen


@pytest.mark.parametrize(
    "options",
    [
        "", "--faces largest", "--every 0.4s", "--every 0.4s --faces largest", "--every 1s",
        "--every 1s --faces largest", "--every 0.4s --raw",
    ],
)  # fmt: skip
def test_no_head_is_sharp_in_any_frame(capsys, tmp_path: Path, clip: Path, options: str) -> None:
    out = tmp_path / "film.mp4"
    code, _, err = run(capsys, "video", clip, "--blur", *options.split(), "-o", out)
    assert code == 0, err
    source, film = frames_of(clip), frames_of(out)
    assert len(film) == len(source) == _FRAMES
    assert len(sharp_heads(source, source)) == 2 * _FRAMES - _FRAMES // 3
    assert sharp_heads(film, source) == []


@pytest.mark.parametrize("every", ["0", "0.4s", "1s"])
def test_in_a_studys_film_only_the_participant_is_seen(
    capsys, tmp_path: Path, clip: Path, every: str
) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(f"file,participant,face\n{clip},biden,right\n")
    command = ("study", plan, "--films", "--every", every, "-o", tmp_path / "out", "--jobs", 1)
    code, _, err = run(capsys, *command)
    assert code == 0, err
    (film,) = (tmp_path / "out").rglob("*.mp4")
    seen = [name for _, name in sharp_heads(frames_of(film), frames_of(clip))]
    assert set(seen) == {"biden"}
    assert len(seen) > _FRAMES // 2
