"""Does the search frame faces as the training faces are framed?

Usage: python benchmarks/framing.py FER2013_TEST PACKAGES

PACKAGES is the folder of unpacked Debian packages, as for `train_face_search.py`. Test faces are
laid on backgrounds, 120 pixels wide, and found again: where the box should be is known.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from train_face_search import grays, nonface_files, placed

from emocam.detection.detector import FaceDetector

FACES, SIDE, PICTURE = 250, 120, 240


def main(faces: Path, packages: Path) -> None:
    rng = np.random.default_rng(0)
    detector, offsets = FaceDetector(min_face_share=0.3), []
    pictures = grays(sorted(faces.rglob("*.[jp][pn]g")), 48)
    grounds = grays(nonface_files(packages)[::10], 700)
    for number in rng.permutation(len(pictures))[:FACES]:
        ground = cv2.resize(grounds[rng.integers(len(grounds))], (PICTURE, PICTURE))
        picture = placed(pictures[number], ground, SIDE, 0, np.zeros(2))
        found = detector.detect(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
        if found:
            x1, y1, x2, y2 = max(found, key=lambda face: face.detection).xyxy
            right, down = (x1 + x2 - PICTURE) / 2, (y1 + y2 - PICTURE) / 2
            offsets.append((right * 48 / SIDE, down * 48 / SIDE, (x2 - x1) / SIDE))
    right, down, size = np.median(offsets, axis=0)
    spread = np.median(np.abs(offsets - np.median(offsets, axis=0)), axis=0)
    print(
        f"{len(offsets)} of {FACES} found; median right {right:.1f} and down {down:.1f} pixels of"
    )
    print(f"48, size × {size:.3f}; median deviation {spread.round(2)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
