"""Faces found in group photos, stage by stage, beside plain frontalface_alt2.

Usage: EMOCAM_FACES=FOLDER python benchmarks/detection.py

FOLDER holds the photos that `detection_labels.csv` names; its columns `package` and `path` say
which published package each one comes from. A face counts as found when a box covers it with an
intersection over union of 0.4 at least; boxes that cover none are false.
"""

from __future__ import annotations

import csv
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from emocam.detection.detector import FaceDetector
from emocam.detection.haar import load_cascade
from emocam.detection.nms import suppress_by_distance
from emocam.detection.pyramid import image_pyramid
from emocam.detection.search_model import load_search
from emocam.io.photos import read_photo
from emocam.tracking.tracker import overlap
from emocam.types import Box, ImageU8

LABELS = Path(__file__).with_name("detection_labels.csv")
COVERS = 0.4
REPEATS = 1
HALVES = ("tuning", "held out")

Finder = Callable[[ImageU8], list[Box]]


def plain_alt2() -> Finder:
    cascade = load_cascade("haarcascade_frontalface_alt2.xml")

    def find(frame_bgr: ImageU8) -> list[Box]:
        gray = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY)
        found = cascade.detectMultiScale(gray, 1.1, 5, minSize=(30, 30))
        return [(x, y, x + w, y + h) for x, y, w, h in np.asarray(found).reshape(-1, 4).tolist()]

    return find


def up_to(stage: str) -> Finder:
    search = load_search()
    scan, verifier = search.scan, search.verifier

    def find(frame_bgr: ImageU8) -> list[Box]:
        pyramid = image_pyramid(cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8))
        rows = scan.search(pyramid, max(32, 0.05 * min(pyramid[0].shape)), 48)
        if stage == "verified":
            scored, refined = verifier.score(pyramid, rows)
            again, _ = verifier.score(pyramid, refined[scored[:, 4] > -3])
            rows = suppress_by_distance(again[again[:, 4] > 0])
        centers, half = rows[:, :2], rows[:, 2:3] / 2
        corners = np.hstack([centers - half, centers + half]).round().astype(int)
        return [(x1, y1, x2, y2) for x1, y1, x2, y2 in corners.tolist()]

    return find


def whole() -> Finder:
    detector = FaceDetector()
    return lambda frame_bgr: [face.xyxy for face in detector.detect(frame_bgr)]


def timed(find: Finder, photo: ImageU8) -> tuple[list[Box], float]:
    """Boxes, and the median of the processor's milliseconds."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        boxes = find(photo)
        times.append((time.process_time() - start) * 1000)
    return boxes, statistics.median(times)


def main(folder: Path) -> None:
    cv2.setNumThreads(1)
    labels: dict[tuple[str, str], list[Box]] = defaultdict(list)
    with LABELS.open(newline="") as file:
        for row in csv.DictReader(file):
            box = (int(row["x1"]), int(row["y1"]), int(row["x2"]), int(row["y2"]))
            labels[row["photo"], row["half"]].append(box)
    photos = {name: read_photo(folder / name) for name, _ in labels}
    finders = {
        "plain alt2": plain_alt2(),
        "1 scan": up_to("scanned"),
        "2 and verifier": up_to("verified"),
        "3 and votes (emocam)": whole(),
    }
    print("| search | photos | faces found | boxes that are faces | ms a photo, median |")
    print("|---|---|---|---|---|")
    for name, find in finders.items():
        for half in HALVES:
            print(line(name, half, find, labels, photos))


def line(
    name: str,
    half: str,
    find: Finder,
    labels: dict[tuple[str, str], list[Box]],
    photos: dict[str, ImageU8],
) -> str:
    faces = found = boxes = right = 0
    times = []
    for (photo, part), wanted in labels.items():
        if part != half:
            continue
        came, milliseconds = timed(find, photos[photo])
        times.append(milliseconds)
        faces, boxes = faces + len(wanted), boxes + len(came)
        found += sum(any(overlap(face, box) >= COVERS for box in came) for face in wanted)
        right += sum(any(overlap(face, box) >= COVERS for face in wanted) for box in came)
    return (
        f"| {name} | {len(times)} {half} | {found} of {faces} = {found / faces:.0%} "
        f"| {right} of {boxes} = {right / max(1, boxes):.0%} | {statistics.median(times):.0f} |"
    )


if __name__ == "__main__":
    if "EMOCAM_FACES" not in os.environ:
        sys.exit("set EMOCAM_FACES to the folder of the photos that detection_labels.csv names")
    main(Path(os.environ["EMOCAM_FACES"]))
