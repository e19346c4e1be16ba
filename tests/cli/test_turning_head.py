"""A head that turns away and back in a clip, through `emocam video`."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import cv2
import numpy as np

from emocam.detection.detector import FaceDetector
from emocam.io.photos import read_photo
from emocam.io.video_writer import FilmRecorder
from emocam.types import ImageU8
from tests.cli.test_commands import run

PORTRAIT = Path(__file__).parents[2] / "samples" / "photos" / "obama.jpg"
SIDE, FPS, FRAMES, MOST_DEG = 320, 25, 50, 50


def on_a_cylinder(picture: ImageU8, degrees: float, center_x: float, radius: float) -> ImageU8:
    """The picture with its head turned: what lies on a cylinder moves, what is hidden is gone."""
    x, y = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in picture.shape[1::-1]))
    across = np.clip((x - center_x) / radius, -1, 1)
    around = np.clip(np.arcsin(across) - np.deg2rad(degrees), -np.pi / 2, np.pi / 2)
    source = np.where(np.abs(across) < 1, center_x + radius * np.sin(around), x)
    turned = cv2.remap(picture, source.astype(np.float32), y, cv2.INTER_LINEAR)
    return np.asarray(turned, np.uint8)


def test_it_keeps_its_number_and_its_box_does_not_jump(capsys, tmp_path: Path) -> None:
    photo = np.asarray(cv2.resize(read_photo(PORTRAIT), (SIDE, SIDE)), np.uint8)
    x1, _, x2, _ = FaceDetector().detect(photo)[0].xyxy
    clip, table = tmp_path / "turning.mp4", tmp_path / "turning.csv"
    with FilmRecorder(clip, (SIDE, SIDE), fps=FPS) as film:
        for number in range(FRAMES):
            degrees = MOST_DEG * (1 - math.cos(2 * math.pi * number / FRAMES)) / 2
            film.write(on_a_cylinder(photo, degrees, (x1 + x2) / 2, 0.62 * (x2 - x1)), number / FPS)
    assert run(capsys, "video", clip, "--output", table)[0] == 0
    with table.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["x1"]]
    frames = [int(row["frame"]) for row in rows]
    assert {row["face"] for row in rows} == {"0"}
    assert len(frames) == len(set(frames)) > FRAMES / 2
    assert max(abs(float(row["yaw"])) for row in rows) > 20
    wide = [int(row["x2"]) - int(row["x1"]) for row in rows]
    assert np.abs(np.diff(np.log(wide))).max() < 0.25
