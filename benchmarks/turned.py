"""Portraits turned to known angles, through the whole detector: found, and yaw off by how much.

Usage: python benchmarks/turned.py FOLDER [FOLDER...]

The folders hold portraits. Faces of 70 pixels and more whose yaw is within 8 degrees of 0 are put
on an ellipsoid head with a nose and turned before their own surroundings; what a turn reveals was
never seen and is stretched. So this says more of 10 to 40 degrees than of 60.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt
from turned_heads import Head, rotated

from emocam.detection.detector import FaceDetector
from emocam.errors import EmocamError
from emocam.io.photos import read_photo
from emocam.types import Face, FloatArray, ImageU8

EXTENT = 84  # of the picture, in pixels of a 48-pixel face
PIXELS = 240
POINTS = 6  # a pixel of the face
ANGLES = (-75, -60, -50, -40, -30, -20, -10, 0, 10, 20, 30, 40, 50, 60, 75)
LARGE, FRONTAL_DEG, LEANING_DEG, BOX_SCALE = 70, 8.0, 15.0, 1.07
COUNTED_TO_DEG = 60


def portraits(folders: list[Path]) -> Iterator[tuple[ImageU8, Face]]:
    detector = FaceDetector()
    for path in sorted(one for folder in folders for one in folder.iterdir()):
        try:
            photo = read_photo(path)
        except EmocamError:
            continue
        for face in detector.detect(photo):
            yaw, roll = abs(face.yaw or 0.0), abs(face.roll or 0.0)
            if face.size_wh[0] >= LARGE and yaw <= FRONTAL_DEG and roll <= LEANING_DEG:
                yield photo, face


def maps(yaw: float) -> FloatArray:
    """Where each pixel comes from, in pixels of the face from its middle, shape (2, n, n)."""
    along = (np.arange(EXTENT * POINTS) + 0.5) / POINTS - EXTENT / 2
    x, y = np.meshgrid(along, along)
    head = Head()
    on_head = (x / head.width) ** 2 + ((y + 2) / head.height) ** 2 < 1
    turned = rotated(x, y, head.surface(x, y), yaw, 0.0)
    nearer = 300 / (300 - turned[2])
    at_x, at_y = (
        np.where(on_head, one * nearer, flat) for one, flat in zip(turned[:2], (x, y), strict=True)
    )
    z = np.where(on_head, turned[2], -60)
    columns, rows = (((at + EXTENT / 2) * PIXELS / EXTENT).astype(int) for at in (at_x, at_y))
    inside = (columns >= 0) & (columns < PIXELS) & (rows >= 0) & (rows < PIXELS)
    order = np.argsort(z[inside], kind="stable")
    found = np.full((2, PIXELS, PIXELS), np.nan, np.float32)
    pixels = rows[inside][order], columns[inside][order]
    for one, source in zip(found, (x, y), strict=True):
        one[pixels] = source[inside][order]
    hole = np.isnan(found[0])
    if hole.any():
        nearest = distance_transform_edt(hole, return_distances=False, return_indices=True)
        found = found[:, nearest[0], nearest[1]]
    return np.stack([cv2.blur(one, (3, 3)) for one in found])


def turned(photo: ImageU8, face: Face, where: FloatArray) -> ImageU8:
    x1, y1, x2, y2 = face.xyxy
    unit = (x2 - x1) / BOX_SCALE / 48
    at_x, at_y = (x1 + x2) / 2 + where[0] * unit, (y1 + y2) / 2 + where[1] * unit
    cut = cv2.remap(photo, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    framed = cv2.copyMakeBorder(cut, 40, 40, 40, 40, cv2.BORDER_REPLICATE)
    return framed.astype(np.uint8, copy=False)


def main(folders: list[Path]) -> None:
    faces, detector = list(portraits(folders)), FaceDetector()
    off: list[float] = []
    print(f"{len(faces)} faces\n\n| turned by | found | more boxes | yaw, mean | off by, median |")
    print("|---|---|---|---|---|")
    for angle in ANGLES:
        where, yaws, more = maps(angle), [], 0
        for photo, face in faces:
            found = detector.detect(turned(photo, face, where))
            more += max(0, len(found) - 1)
            if found:
                yaws.append(max(found, key=lambda one: one.size_wh[0]).yaw or 0.0)
        errors = np.abs(np.array(yaws) - angle)
        off += [*errors] if abs(angle) <= COUNTED_TO_DEG else []
        told = f"{np.mean(yaws):.0f}° | {np.median(errors):.0f}°" if yaws else "|"
        print(f"| {angle}° | {len(yaws)} of {len(faces)} | {more} | {told} |")
    print(f"\nmedian up to {COUNTED_TO_DEG}°: {np.median(off):.1f}°, of {len(off)} found")


if __name__ == "__main__":
    main([Path(one) for one in sys.argv[1:]])
