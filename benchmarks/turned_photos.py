"""Turned heads found in photos, by view.

Usage: EMOCAM_FACES=FOLDER python benchmarks/turned_photos.py [LABELS]

FOLDER holds the photos that LABELS names, `turned_labels.csv` when none are given; its columns
`package` and `path` say which published package each one comes from, and `yaw` is told by eye.
Those of `turned_labels.csv` are heads that the search missed at some size when these photos were
gathered; `real_heads.csv` holds all heads of the photos gathered since, and `mined_heads.csv` those
that another detector finds in many more. Each is shown at three sizes and mirrored; small photos
are enlarged, large ones shrunk, and heads below 32 pixels are left out.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from real_heads import NO_HEADS

from emocam.detection.detector import FaceDetector
from emocam.io.photos import read_photo
from emocam.tracking.tracker import overlap
from emocam.types import Box, ImageU8

LABELS = Path(__file__).with_name("turned_labels.csv")
COVERS, TOUCHES = 0.4, 0.2  # intersection over union: a head's box, and one near it
MOST_PIXELS, SMALL_PIXELS = 800, 250
LEAST_PIXELS = 32  # of a head's side: smaller ones are not looked for
SIZES, SIZES_OF_SMALL = (1.0, 0.8, 0.62), (1.7, 1.35, 1.0)


def shown(photo: ImageU8, box: Box) -> Iterator[tuple[ImageU8, Box]]:
    """The photo at several sizes and mirrored, and where the head is in it."""
    longest = max(photo.shape[:2])
    shrink = min(1.0, MOST_PIXELS / longest)
    for size in SIZES if longest > SMALL_PIXELS else SIZES_OF_SMALL:
        times = size * shrink
        way = cv2.INTER_AREA if times < 1 else cv2.INTER_LINEAR
        sized = cv2.resize(photo, None, fx=times, fy=times, interpolation=way).astype(np.uint8)
        x1, y1, x2, y2 = (round(one * times) for one in box)
        yield sized, (x1, y1, x2, y2)
        width = sized.shape[1]
        yield np.ascontiguousarray(sized[:, ::-1]), (width - x2, y1, width - x1, y2)


def read_labels(labels: Path) -> dict[tuple[str, str], list[tuple[str, Box]]]:
    """Of each photo and its half, what is labelled: view and box."""
    photos: dict[tuple[str, str], list[tuple[str, Box]]] = defaultdict(list)
    with labels.open(newline="") as file:
        for row in csv.DictReader(file):
            box = (int(row["x1"]), int(row["y1"]), int(row["x2"]), int(row["y2"]))
            photos[row["photo"], row["half"]].append((row["view"], box))
    return photos


def main(folder: Path, labels: Path) -> None:
    cv2.setNumThreads(1)
    detector = FaceDetector()
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for (name, half), labelled in read_labels(labels).items():
        photo = read_photo(folder / name)
        for view, box in labelled:
            if view in NO_HEADS:
                continue
            count = counts[half, view]
            for picture, where in shown(photo, box):
                if max(where[2] - where[0], where[3] - where[1]) < LEAST_PIXELS:
                    continue
                faces = detector.detect(picture)
                count[0] += any(overlap(where, face.xyxy) >= COVERS for face in faces)
                count[1] += 1
            count[2] += 1
    print("| half | view | heads | found, of the pictures of them |")
    print("|---|---|---|---|")
    for (half, view), (found, pictures, heads) in sorted(counts.items()):
        print(f"| {half} | {view} | {heads} | {found} of {pictures} |")
    for half in sorted({half for half, _ in counts}):
        found, pictures, heads = np.sum([one for key, one in counts.items() if key[0] == half], 0)
        print(f"| {half} | all | {heads} | {found} of {pictures} |")
    if labels != LABELS:  # which names every face of its photos
        print_others(detector, folder, labels)


def print_others(detector: FaceDetector, folder: Path, labels: Path) -> None:
    """Each box that is no labelled head, in the photos at their first size, to be looked at."""
    photos, boxes = read_labels(labels), 0
    for (name, half), labelled in photos.items():
        photo = read_photo(folder / name)
        picture, _ = next(shown(photo, (0, 0, 0, 0)))
        times = photo.shape[1] / picture.shape[1]
        for face in detector.detect(picture):
            x1, y1, x2, y2 = (round(one * times) for one in face.xyxy)
            if not any(
                overlap(known, (x1, y1, x2, y2)) > (0 if view in NO_HEADS else TOUCHES)
                for view, known in labelled
            ):
                print(half, name, (x1, y1, x2, y2), f"{face.detection:.2f}")
                boxes += 1
    print(f"{boxes} boxes that are no labelled head in {len(photos)} photos")


if __name__ == "__main__":
    if "EMOCAM_FACES" not in os.environ:
        sys.exit("set EMOCAM_FACES to the folder of the photos that the labels name")
    main(Path(os.environ["EMOCAM_FACES"]), Path(sys.argv[1]) if sys.argv[1:] else LABELS)
