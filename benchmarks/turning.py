"""Heads that turn away and back through `emocam video`: numbers given, jumps of the box, gaps.

Usage: python benchmarks/turning.py FOLDER [FOLDER...]

Portraits as in turned.py turn from 0 to 60 degrees and back in three seconds, 25 frames each; the
table of each clip says what became of the head.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from measuring import emocam, print_table, run
from turned import maps, portraits, turned

from emocam.io.video_writer import FilmRecorder
from emocam.types import Face, ImageU8

MOST_DEG, FPS, TURN_S, STILL_S, SIDE = 60, 25, 3.0, 0.4, 480
MOST_CLIPS = 20


def angles() -> list[int]:
    turning = np.linspace(0, 2 * np.pi, round(TURN_S * FPS))
    still = [0] * round(STILL_S * FPS)
    return [*still, *(MOST_DEG * (1 - np.cos(turning)) / 2).round().astype(int), *still]


def film(path: Path, photo: ImageU8, face: Face, known: dict[int, np.ndarray]) -> None:
    with FilmRecorder(path, (SIDE, SIDE), fps=FPS) as recorder:
        for number, angle in enumerate(angles()):
            if angle not in known:
                known[angle] = maps(float(angle))
            frame = cv2.resize(turned(photo, face, known[angle]), (SIDE, SIDE))
            recorder.write(np.asarray(frame, np.uint8), number / FPS)


def told(table: Path) -> list[object]:
    """Frames shown, longest gap, numbers, most boxes in a frame, largest growth, largest yaw."""
    with table.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["x1"]]
    frames = [int(row["frame"]) for row in rows]
    wide = [int(row["x2"]) - int(row["x1"]) for row in rows]
    steps = np.diff(frames)
    grown = np.abs(np.diff(np.log(wide)))[steps == 1]
    return [
        f"{len(set(frames))} of {len(angles())}",
        int(steps.max(initial=1)) - 1,
        len({row["face"] for row in rows}),
        int(np.bincount(frames).max()) if frames else 0,
        f"{grown.max(initial=0):.0%}",
        f"{max((float(row['yaw']) for row in rows if row['yaw']), default=0):.0f}°",
    ]


def main(folders: list[Path]) -> None:
    known: dict[int, np.ndarray] = {}
    results = []
    with TemporaryDirectory() as place:
        for number, (photo, face) in zip(range(MOST_CLIPS), portraits(folders), strict=False):
            clip = Path(place) / f"{number}.mp4"
            film(clip, photo, face, known)
            run(emocam("video", clip, "--output", clip.with_suffix(".csv")))
            results.append([number, *told(clip.with_suffix(".csv"))])
    head = ["head", "shown", "longest gap", "numbers", "boxes", "growth", "largest yaw"]
    print_table(head, results)


if __name__ == "__main__":
    main([Path(one) for one in sys.argv[1:]])
