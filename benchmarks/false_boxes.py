"""Boxes that the detector finds in pictures without faces.

Usage: python benchmarks/false_boxes.py PACKAGES

PACKAGES is the folder of unpacked Debian packages that detection.md names for this. Of their
pictures of 20 kB and 100 pixels or more, 1,250 are drawn, the same in each run, and shrunk to 1,000
pixels. Each box is printed, to be looked at: some of the pictures do show a face.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import cv2

from emocam.detection.detector import FaceDetector
from emocam.errors import EmocamError
from emocam.io.photos import read_photo

BYTES, LEAST_PIXELS, MOST_PIXELS = 20_000, 100, 1000
DRAWN = 1250


def main(folder: Path) -> None:
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".jpg", ".jpeg", ".png")
        and path.is_file()
        and not path.is_symlink()
        and path.stat().st_size > BYTES
    ]
    random.Random(1).shuffle(files)
    detector, pictures, boxes = FaceDetector(), 0, 0
    for path in files:
        try:
            photo = read_photo(path)
        except EmocamError:
            continue
        if min(photo.shape[:2]) < LEAST_PIXELS:
            continue
        shrink = min(1.0, MOST_PIXELS / max(photo.shape[:2]))
        photo = cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        for face in detector.detect(photo):
            print(path.relative_to(folder), face.xyxy, f"{face.detection:.2f}")
            boxes += 1
        pictures += 1
        if pictures == DRAWN:
            break
    print(f"{boxes} boxes in {pictures} pictures")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
