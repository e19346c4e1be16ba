"""Learn what surrounds a head, from heads in photos and from what the search takes for heads.

Usage: python benchmarks/train_context.py PACKAGES REAL_HEADS MINED_HEADS FACELESS OUTPUT
           [--plan]

PACKAGES is the folder of the unpacked Debian packages of `train_turned_faces.py`; REAL_HEADS,
MINED_HEADS and FACELESS hold the photos that `real_heads.csv`, `mined_heads.csv` and
`faceless_photos.csv` name (`fetch_photos.py` gets them). It learns from the tuning halves; OUTPUT
is the search that emocam carries with the context learnt anew. --plan instead learns from each half
and prints what the other half gives, at several weights: that chose the weight and the bias.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from joblib import Parallel, delayed
from mirrored import MirroredClassifier, fit_mirrored
from real_heads import FRONTAL, LABELS, NO_HEADS, Surroundings
from safetensors.numpy import load_file
from train_face_search import PIXELS_OF_NONFACES, different, grays, nonface_files, save_search
from train_turned_faces import is_picture
from turned_photos import read_labels

from emocam.detection.context import CROP_SHARE, MOST_LOGIT
from emocam.detection.detector import FaceDetector, search_picture
from emocam.detection.pyramid import image_pyramid
from emocam.detection.search_model import ARRAYS_FILE, Search, load_search
from emocam.detection.verifier import gradient_histograms
from emocam.io.photos import read_photo
from emocam.types import Box, FloatArray, ImageU8

MINED = Path(__file__).with_name("mined_heads.csv")
TABLES = (LABELS, MINED)  # of heads in photos
FACELESS = Path(__file__).with_name("faceless_photos.csv")
# Of each photo its name and half, and of each head its view and box.
Labelled: TypeAlias = list[tuple[tuple[str, str], list[tuple[str, Box]]]]
TUNING, HELD_OUT = "tuning", "held out"
PARTS = 8  # of the photos, for the processes
COMPONENTS, CENTERS, SPREAD, SMOOTHNESS = 64, 600, 2.0, 1.0
WEIGHT, BIAS = 0.5, 0.6  # of the surroundings' logit beside the ensemble's
PHOTO_PIXELS, SIZES = 800, (1.0, 0.7)
LEAST_SIDE = 30  # of a head, pixels
COVERS = 0.4  # intersection over union of a candidate with a head
BOX_SCALE = 1.07  # a label's side, of a box of the search
LOOKS_OF_TURNED, LOOKS_OF_FRONTAL = 10, 3  # with boxes a little off
OFF, GROWN, LEANING = 0.07, 0.09, 8.0  # standard deviations: shares of the side, degrees
HARD = 2  # times that each candidate which is no head counts
PLAIN = 6  # boxes of the scan in each photo without faces
EACH_TEXTURE = 3  # picture of the packages is looked at
WEIGHTS, FALSE_PICTURES = (0.0, 0.25, 0.35, 0.5, 0.7), (6, 12, 24)  # that --plan goes through


@dataclass(frozen=True, eq=False)
class Seen:
    """What the search sees in a photo at one size."""

    half: str
    rows: FloatArray  # surroundings of its candidates, shape (candidates, features)
    logits: FloatArray  # the ensemble's, shape (candidates,)
    heads: list[tuple[str, list[int]]]  # view of each head, and the candidates on it
    wrong: list[int]  # candidates that are on no head
    looks: FloatArray  # surroundings of boxes around the heads
    plain: FloatArray  # surroundings of other boxes


def look(
    detector: FaceDetector,
    search: Search,
    picture: ImageU8,
    half: str,
    labels: list[tuple[str, Box]],
    times: float,
) -> Seen:
    """The photo's candidates, and its views and boxes, which are scaled by `times`."""
    rng = np.random.default_rng(0)
    ready = search_picture(picture)
    pyramid = image_pyramid(ready.gray)
    found = detector.candidates(ready)
    # Both ensembles are asked about all of them, and the likelier outcome counts.
    logits = np.maximum(
        search.ensemble.logits(pyramid, found), search.turned_ensemble.logits(pyramid, found)
    )
    scale = times / ready.times
    squares, views, unclear = [], [], []
    for view, box in labels:
        x1, y1, x2, y2 = (one * scale for one in box)
        if view in NO_HEADS:
            unclear.append((x1, y1, x2, y2))
            continue
        squares.append(((x1 + x2) / 2, (y1 + y2) / 2, max(x2 - x1, y2 - y1)))
        views.append(view)
    faces = np.array(squares, np.float32).reshape(-1, 3)
    around = Surroundings(ready.gray, faces, np.array(unclear, np.float32).reshape(-1, 4))
    none = np.empty((0, 4), np.float32)
    heads, boxes, plain = [], [none], none
    for view, face in zip(views, faces, strict=True):
        if face[2] >= LEAST_SIDE:
            heads.append((view, list(np.flatnonzero(overlaps(found, face) >= COVERS))))
            looks = LOOKS_OF_FRONTAL if view == FRONTAL else LOOKS_OF_TURNED
            boxes.append(jittered(face, looks, rng))
    if not labels:
        plain = search.scan.search(pyramid, ready.smallest, 48)[:PLAIN, :4]
    return Seen(
        half,
        surroundings(pyramid, found),
        logits,
        heads,
        list(np.flatnonzero(around.besides(found))),
        surroundings(pyramid, np.concatenate(boxes)),
        surroundings(pyramid, plain),
    )


def surroundings(pyramid: list[ImageU8], boxes: FloatArray) -> FloatArray:
    return gradient_histograms(pyramid, boxes[:, :4], CROP_SHARE)


def overlaps(boxes: FloatArray, face: FloatArray) -> FloatArray:
    """Intersection over union of the boxes, as they are drawn, with a square."""
    half = boxes[:, 2:3] * BOX_SCALE / 2
    least = np.maximum(boxes[:, :2] - half, face[:2] - face[2] / 2)
    most = np.minimum(boxes[:, :2] + half, face[:2] + face[2] / 2)
    shared = np.clip(most - least, 0, None).prod(axis=1)
    return np.asarray(shared / (4 * half[:, 0] ** 2 + face[2] ** 2 - shared), np.float32)


def jittered(face: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Boxes a little off, shape (n, 4)."""
    middle = face[:2] + rng.normal(0, OFF, (n, 2)) * face[2]
    side = face[2] / BOX_SCALE * np.exp(rng.normal(0, GROWN, n))
    return np.column_stack([middle, side, rng.normal(0, LEANING, n)]).astype(np.float32)


def look_at_heads(folder: Path, photos: Labelled) -> list[Seen]:
    cv2.setNumThreads(1)
    detector, search, seen = FaceDetector(), load_search(), []
    for (name, half), labels in photos:
        photo = read_photo(folder / name)
        for size in SIZES:
            times = size * min(1.0, PHOTO_PIXELS / max(photo.shape[:2]))
            seen.append(look(detector, search, shrunk(photo, times), half, labels, times))
    return seen


def look_at_others(pictures: list[tuple[ImageU8, str]]) -> list[Seen]:
    cv2.setNumThreads(1)
    detector, search = FaceDetector(), load_search()
    return [look(detector, search, picture, half, [], 1.0) for picture, half in pictures]


def shrunk(photo: ImageU8, times: float) -> ImageU8:
    if times >= 1:
        return photo
    small = cv2.resize(photo, None, fx=times, fy=times, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def faceless(folder: Path) -> Iterator[tuple[ImageU8, str]]:
    with FACELESS.open(newline="") as file:
        for row in csv.DictReader(file):
            photo = read_photo(folder / row["photo"])
            yield shrunk(photo, PIXELS_OF_NONFACES / max(photo.shape[:2])), row["half"]


def textures(packages: Path, each: int) -> Iterator[tuple[ImageU8, str]]:
    files = [path for path in nonface_files(packages) if is_picture(path)]
    for number, gray in enumerate(different(grays(files, PIXELS_OF_NONFACES))[::each]):
        yield gray, HELD_OUT if number % 3 == 0 else TUNING


def labelled(given: argparse.Namespace, tables: Sequence[Path]) -> list[tuple[Path, Labelled]]:
    """The photos of heads, in parts: their folder, and of each photo what is labelled."""
    return [
        (getattr(given, table.stem), list(read_labels(table).items())[part::PARTS])
        for table in tables
        for part in range(PARTS)
    ]


def all_seen(given: argparse.Namespace) -> list[Seen]:
    others = [*faceless(given.faceless), *textures(given.packages, EACH_TEXTURE)]
    looks = [delayed(look_at_heads)(*one) for one in labelled(given, TABLES)]
    looks += [delayed(look_at_others)(others[part::PARTS]) for part in range(PARTS)]
    return list(chain.from_iterable(Parallel(n_jobs=2)(looks)))


def learnt(seen: Iterable[Seen]) -> MirroredClassifier:
    right: list[FloatArray] = []
    wrong: list[FloatArray] = []
    for one in seen:
        right += [one.looks, *(one.rows[numbers] for _, numbers in one.heads)]
        wrong += [one.rows[one.wrong]] * HARD + [one.plain]
    rows = np.concatenate(right), np.concatenate(wrong)
    print(f"{len(rows[0])} heads, {len(rows[1])} not", flush=True)
    return fit_mirrored(*rows, COMPONENTS, CENTERS, SPREAD, SMOOTHNESS)


def plan(seen: list[Seen]) -> None:
    """What the half that was not learnt from gives, at several weights and false candidates."""
    halves = {half: [one for one in seen if one.half == half] for half in (TUNING, HELD_OUT)}
    contexts = {TUNING: learnt(halves[HELD_OUT]), HELD_OUT: learnt(halves[TUNING])}
    for weight in WEIGHTS:
        heads: dict[str, list[float]] = defaultdict(list)
        false: list[float] = []
        for half, photos in halves.items():
            for one in (photo for photo in photos if len(photo.rows)):
                around = contexts[half].classifier.logits(one.rows)
                logits = one.logits + weight * np.clip(around, -MOST_LOGIT, MOST_LOGIT)
                for view, numbers in one.heads:
                    heads[view].append(float(logits[numbers].max(initial=-np.inf)))
                false.append(float(logits[one.wrong].max(initial=-np.inf)))
        print(f"weight {weight}")
        print_found(heads, false, FALSE_PICTURES)


def print_found(
    heads: Mapping[str, Sequence[float]], false: Sequence[float], counts: Sequence[int]
) -> None:
    """Of each view, how many heads have a higher logit than so many pictures' false ones."""
    for count in counts:
        least = sorted(false)[-count - 1]
        found = [
            f"{view} {sum(one > least for one in logits)} of {len(logits)}"
            for view, logits in sorted(heads.items())
        ]
        print(f"{count} false of {len(false)}, from {least:.2f}: {', '.join(found)}")


def arguments(description: str, tables: Sequence[Path]) -> argparse.Namespace:
    """The folders, the output and whether to plan only."""
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    for name in ("packages", *(table.stem for table in tables), "faceless", "output"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--plan", action="store_true")
    return parser.parse_args()


def main() -> None:
    given = arguments(__doc__ or "", TABLES)
    seen = all_seen(given)
    if given.plan:
        plan(seen)
        return
    found = learnt(one for one in seen if one.half == TUNING).classifier
    arrays = {"context_weight": np.array([WEIGHT]), "context_bias": np.array([BIAS])}
    save_search(given.output, load_file(ARRAYS_FILE), {"context": found}, arrays)


if __name__ == "__main__":
    main()
