"""Heads in photos with their own surroundings: hair, ears, necks and shoulders.

`real_heads.csv` names the photos, the packages they come from, and every face in them.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from emocam.detection.oriented_boxes import FACE_PIXELS
from emocam.io.photos import read_photo
from emocam.types import BoolArray, FloatArray, ImageU8

LABELS = Path(__file__).with_name("real_heads.csv")
LEARNT_FROM = "tuning"
FRONTAL, UNCOUNTED = "frontal", "not counted"
NO_HEADS = (UNCOUNTED, "no face")  # views of rows that name no head to find
PIXELS = 144  # of a sample, three faces wide
KEPT_PIXELS = 80  # of a head's side that is larger
PHOTO_PIXELS = 700


@dataclass(frozen=True, eq=False)
class Head:
    """A head cut out with its surroundings, in the middle of a picture of three sides."""

    gray: ImageU8
    side: float  # of the face's box, in its pixels
    yaw: float  # degrees
    frontal: bool

    def sample(self, tilt: float, mirror: bool, rng: np.random.Generator) -> ImageU8:
        """The head at FACE_PIXELS, turned anticlockwise, dim or blurred by chance."""
        gray = np.ascontiguousarray(self.gray[:, ::-1]) if mirror else self.gray
        small = float(rng.uniform(20, 40)) if rng.random() < 0.35 else self.side
        if small < self.side:
            shrink = small / self.side
            gray = cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        middle = (len(gray) - 1) / 2
        scale = FACE_PIXELS / (self.side * len(gray) / len(self.gray))
        if scale < 0.75:
            gray = cv2.GaussianBlur(gray, (0, 0), 0.35 / scale)
        way = cv2.getRotationMatrix2D((middle, middle), tilt, scale)
        way[:, 2] += (PIXELS - 1) / 2 - middle
        picture = cv2.warpAffine(gray, way, (PIXELS, PIXELS), borderMode=cv2.BORDER_REPLICATE)
        values = picture.astype(np.float32)
        if rng.random() < 0.5:
            values = (values - 128) * rng.uniform(0.5, 1.2) + 128 + rng.uniform(-40, 40)
        if rng.random() < 0.25:
            values = values + rng.normal(0, rng.uniform(1, 8), values.shape)
        return np.clip(values, 0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A photo, and where in it faces are: what else is found there is none."""

    gray: ImageU8
    faces: FloatArray  # shape (faces, 3): centre x, centre y, side
    unclear: FloatArray  # shape (places, 4): x1, y1, x2, y2 of what nobody labelled

    def besides(self, boxes: FloatArray) -> BoolArray:
        """Which of the boxes are no face, shape (boxes,)."""
        x, y, side = (boxes[:, None, axis] for axis in range(3))
        of_x, of_y, of_side = self.faces.T
        away = np.hypot(x - of_x, y - of_y) > 0.5 * of_side
        away |= np.abs(np.log(side / of_side)) > 0.6
        left, top, right, bottom = self.unclear.T
        reach = side / 2
        clear = (x + reach < left) | (x - reach > right) | (y + reach < top) | (y - reach > bottom)
        return np.asarray(away.all(axis=1) & clear.all(axis=1), np.bool_)


def read_heads(folder: Path) -> tuple[list[Head], list[Surroundings]]:
    """The heads to learn from, and their photos; without those kept for the test."""
    rows = defaultdict(list)
    with LABELS.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["half"] == LEARNT_FROM:
                rows[row["photo"]].append(row)
    heads, photos = [], []
    for name, found in rows.items():
        gray = cv2.cvtColor(read_photo(folder / name), cv2.COLOR_BGR2GRAY).astype(np.uint8)
        boxes = np.array([[float(row[key]) for key in ("x1", "y1", "x2", "y2")] for row in found])
        views = np.array([row["view"] for row in found])
        counted = ~np.isin(views, NO_HEADS)
        for row, box in zip(np.array(found)[counted], boxes[counted], strict=True):
            heads.append(cut_out(gray, box, float(row["yaw"]), row["view"]))
        shrink = min(1.0, PHOTO_PIXELS / max(gray.shape))
        small = cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        squares = [((a + c) / 2, (b + d) / 2, max(c - a, d - b)) for a, b, c, d in boxes[counted]]
        faces = np.array(squares, np.float32).reshape(-1, 3) * shrink
        unclear = boxes[views == UNCOUNTED].astype(np.float32) * shrink
        photos.append(Surroundings(small.astype(np.uint8), faces, unclear))
    return heads, photos


def cut_out(gray: ImageU8, box: FloatArray, yaw: float, view: str) -> Head:
    x1, y1, x2, y2 = box
    side = max(x2 - x1, y2 - y1)
    kept = min(side, KEPT_PIXELS)
    pixels = round(3 * kept)
    shrink = kept / side
    if shrink < 1:
        gray = cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    left, top = ((one * shrink - pixels / 2) for one in ((x1 + x2) / 2, (y1 + y2) / 2))
    way = np.array([[1, 0, -left], [0, 1, -top]], np.float32)
    cut = cv2.warpAffine(gray, way, (pixels, pixels), borderMode=cv2.BORDER_REPLICATE)
    return Head(cut.astype(np.uint8), kept, yaw, view == FRONTAL)
