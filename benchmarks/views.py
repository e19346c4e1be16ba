"""Accuracy and calibration of the carried model over the view of the face.

Usage: python benchmarks/views.py FER2013_TEST

FER2013_TEST is the folder `test` of FER2013, PublicTest's faces, to which no model was fitted.
Their yaw is what the detector says of it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from emocam import EmotionRecognizer, Face
from emocam.detection.oriented_boxes import FACE_PIXELS
from emocam.detection.search_model import load_search
from emocam.recognition.view_certainty import discounted
from emocam.types import BoolArray, FloatArray

BINS = ((0, 15), (15, 40), (40, 50), (50, 90))
BATCH, DRAWS = 256, 200


def calibration_error(certainty: FloatArray, right: BoolArray) -> float:
    """Expected calibration error of ten equal bins."""
    bins = np.minimum((certainty * 10).astype(int), 9)
    gaps = [
        abs(certainty[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean()
        for one in np.unique(bins)
    ]
    return float(sum(gaps))


def error_by_chance(certainty: FloatArray) -> float:
    """What a model of this certainty shows in so few faces although it is perfectly calibrated."""
    rng = np.random.default_rng(0)
    drawn = [
        calibration_error(certainty, rng.random(len(certainty)) < certainty) for _ in range(DRAWS)
    ]
    return float(np.mean(drawn))


def main(folder: Path) -> None:
    recognizer, search = EmotionRecognizer.load(), load_search()
    files = sorted(one for one in folder.rglob("*.png") if not one.name.startswith("nf"))
    faces = np.stack([cv2.imread(str(one), cv2.IMREAD_GRAYSCALE) for one in files])
    truth = np.array([recognizer.labels.index(one.parent.name) for one in files])
    box = np.array([[FACE_PIXELS / 2, FACE_PIXELS / 2, FACE_PIXELS, 0]], np.float32)
    described = np.vstack([search.verifier.describe([face], box) for face in faces])
    yaws = search.head_pose.yaw(described)
    starts = range(0, len(faces), BATCH)
    parts = [recognizer.model.predict(faces[one : one + BATCH]).probabilities for one in starts]
    square = (0, 0, FACE_PIXELS, FACE_PIXELS)
    views = [Face(square, yaw=float(yaw)) for yaw in yaws]
    probabilities = discounted(np.concatenate(parts), views)
    certainty, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    print("| yaw | faces | accuracy | mean certainty | calibration error | by chance | unsure |")
    print("|---|---|---|---|---|---|---|")
    for least, most in BINS:
        part = (np.abs(yaws) >= least) & (np.abs(yaws) < most)
        unsure = (certainty[part] < recognizer.certainty).mean()
        print(
            f"| {least} to {most}° | {part.sum()} | {right[part].mean():.1%} "
            f"| {certainty[part].mean():.1%} "
            f"| {calibration_error(certainty[part], right[part]):.3f} "
            f"| {error_by_chance(certainty[part]):.3f} | {unsure:.0%} |"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
