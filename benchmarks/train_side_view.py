"""Learn heads seen from the side, from what the profile cascade accepts in photos.

Usage: python benchmarks/train_side_view.py PACKAGES REAL_HEADS MINED_HEADS SIDE_HEADS FACELESS
           OUTPUT [--plan]

PACKAGES is the folder of the unpacked Debian packages of `train_turned_faces.py`; the next four
hold the photos that `real_heads.csv`, `mined_heads.csv`, `side_heads.csv` and
`faceless_photos.csv` name (`fetch_photos.py` gets them). It learns from the tuning halves; OUTPUT
is the search that emocam carries with the side view learnt anew. --plan instead learns from each
half and prints what the classifier alone gives on the other half, at several thresholds.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from real_heads import FRONTAL, LABELS, NO_HEADS
from safetensors.numpy import load_file
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold
from train_context import (
    BOX_SCALE,
    FACELESS,
    HELD_OUT,
    LEAST_SIDE,
    MINED,
    PARTS,
    PHOTO_PIXELS,
    TUNING,
    Labelled,
    arguments,
    labelled,
    print_found,
    shrunk,
    textures,
)
from train_face_search import fit_classifier, pose_offsets, save_search

from emocam.detection.detector import MOST_PLACES, search_picture
from emocam.detection.nms import suppress_by_distance
from emocam.detection.pyramid import image_pyramid
from emocam.detection.rbf_classifier import RbfClassifier
from emocam.detection.search_model import ARRAYS_FILE, Search, load_search
from emocam.detection.side_view import describe
from emocam.io.photos import read_photo
from emocam.types import Box, FloatArray, ImageU8

COMPONENTS, CENTERS, SPREAD = 160, 600, 2.0
# Of heads in photos; the last one names those that another detector sees from the side.
TABLES = (LABELS, MINED, Path(__file__).with_name("side_heads.csv"))
POSE_PENALTY = 300.0
YAW_PENALTY, FOLDS = 100.0, 5
# Median of the labels' degrees aside, by view.
ASIDE = {FRONTAL: 5.0, "three-quarter": 30.0, "profile": 75.0}
# Of the logits of the surroundings and of the turned views beside the windows' own, and what is
# added: chosen by what the held-out halves give, see detection.md.
WEIGHTS, BIAS = (0.25, 0.25), 0.25
SIZES = (2.0, 1.0, 0.85, 0.7, 0.55)  # of 800 pixels, but no photo is enlarged
NEAR, LEAST_SHARE, MOST_SHARE = 0.35, 0.6, 1.8  # of a window on a head, in shares of its side
BESIDE = 0.6  # shares of both sides from which a window shows none of a head
FALSE_PICTURES = (2, 6, 12, 24, 48)  # that --plan goes through


@dataclass(frozen=True, eq=False)
class Seen:
    """What the cascade accepts in a photo at one size."""

    half: str
    photo: str
    rows: FloatArray  # descriptors of its windows, shape (windows, features)
    heads: list[tuple[str, list[int]]]  # view of each head, and the windows on it
    offsets: dict[int, FloatArray]  # of windows on heads, shape (4,)
    wrong: list[int]  # windows that are on no head


def look(
    search: Search,
    picture: ImageU8,
    half: str,
    photo: str,
    labels: list[tuple[str, Box]],
    times: float,
) -> Seen:
    """The photo's windows on heads and beside them; boxes are scaled by `times`."""
    ready = search_picture(picture)
    pyramid = image_pyramid(ready.gray)
    candidates = search.scan.search(pyramid, ready.smallest, 48)[:, :4]
    scored, refined = search.turned_verifier.score(pyramid, candidates)
    places = suppress_by_distance(np.column_stack([refined, scored[:, 4]]))[:MOST_PLACES]
    windows = search.side_view.windows(pyramid, places)
    beside = np.ones(len(windows), bool)
    heads: list[tuple[str, list[int]]] = []
    offsets = {}
    for view, box in labels:
        x1, y1, x2, y2 = (one * times / ready.times for one in box)
        head = np.array([(x1 + x2) / 2, (y1 + y2) / 2, max(x2 - x1, y2 - y1) / BOX_SCALE, 0.0])
        off = np.abs(windows[:, :2] - head[:2]).max(axis=1)
        beside &= off > BESIDE * (windows[:, 2] + head[2]) / 2
        if view in NO_HEADS or head[2] < LEAST_SIDE:
            continue
        share = windows[:, 2] / head[2]
        on = (off < NEAR * head[2]) & (share > LEAST_SHARE) & (share < MOST_SHARE)
        heads.append((view, [int(one) for one in np.flatnonzero(on)]))
        for number in heads[-1][1]:
            way = pose_offsets(windows[number : number + 1, :4], head[None])[0]
            offsets[number] = way * (windows[number, 5], 1, 1, 1)
    rows = describe(pyramid, windows)
    return Seen(half, photo, rows, heads, offsets, [int(one) for one in np.flatnonzero(beside)])


def look_at_photos(folder: Path, photos: Labelled) -> list[Seen]:
    cv2.setNumThreads(1)
    search, seen = load_search(), []
    for (name, half), labels in photos:
        photo = read_photo(folder / name)
        whole = min(1.0, PHOTO_PIXELS / max(photo.shape[:2]))
        for times in sorted({min(1.0, size * whole) for size in SIZES}):
            seen.append(look(search, shrunk(photo, times), half, name, labels, times))
    return seen


def look_at_textures(pictures: list[tuple[ImageU8, str]]) -> list[Seen]:
    cv2.setNumThreads(1)
    search = load_search()
    return [
        look(search, shrunk(picture, size), half, "", [], size)
        for picture, half in pictures
        for size in SIZES
        if size <= 1
    ]


def all_seen(given: argparse.Namespace) -> list[Seen]:
    with FACELESS.open(newline="") as file:
        names: Labelled = [((row["photo"], row["half"]), []) for row in csv.DictReader(file)]
    photos = labelled(given, TABLES) + [
        (given.faceless, names[part::PARTS]) for part in range(PARTS)
    ]
    others = list(textures(given.packages, 1))
    looks = [delayed(look_at_photos)(*one) for one in photos]
    looks += [delayed(look_at_textures)(others[part::PARTS]) for part in range(PARTS)]
    return list(chain.from_iterable(Parallel(n_jobs=2)(looks)))


@dataclass(frozen=True, eq=False)
class Learnt:
    classifier: RbfClassifier
    pose_weights: FloatArray
    pose_biases: FloatArray
    yaw_weights: FloatArray
    yaw_bias: float


def fit_yaw(seen: list[Seen]) -> tuple[FloatArray, float]:
    """Ridge regression of degrees aside, each view counting as much.

    Few heads make it timid, so its line is stretched until, in photos left out, the median of
    each view is where it should be.
    """
    told = [
        (one.rows[number], ASIDE[view], one.photo)
        for one in seen
        for view, numbers in one.heads
        for number in numbers
        if view in ASIDE
    ]
    rows, degrees, photos = (np.array(part) for part in zip(*told, strict=True))
    counts = {view: (degrees == view).sum() for view in ASIDE.values()}
    often = np.array([len(degrees) / counts[one] for one in degrees])
    left_out = np.empty(len(degrees))
    for train, test in GroupKFold(FOLDS).split(rows, groups=photos):
        part = Ridge(alpha=YAW_PENALTY).fit(rows[train], degrees[train], often[train])
        left_out[test] = part.predict(rows[test])
    medians = [np.median(left_out[degrees == one]) for one in ASIDE.values()]
    stretch, shift = np.polyfit(medians, list(ASIDE.values()), 1)
    print(f"yaw: medians {np.round(medians)}, stretched by {stretch:.2f}", flush=True)
    whole = Ridge(alpha=YAW_PENALTY).fit(rows, degrees, often)
    return whole.coef_ * stretch, float(whole.intercept_ * stretch + shift)


def learnt(seen: list[Seen]) -> Learnt:
    turned: list[FloatArray] = []
    shown: list[FloatArray] = []
    wrong: list[FloatArray] = []
    ways: list[FloatArray] = []
    for one in seen:
        # Frontal heads tell where a head is too, but others must be told from what is none.
        turned += [one.rows[on] for view, on in one.heads if view != FRONTAL]
        shown += [one.rows[[number]] for number in one.offsets]
        ways += list(one.offsets.values())
        wrong.append(one.rows[one.wrong])
    heads, others = np.concatenate(turned), np.concatenate(wrong)
    print(f"{len(heads)} windows on turned heads, {len(others)} on none", flush=True)
    pose = Ridge(alpha=POSE_PENALTY).fit(np.concatenate(shown), np.array(ways))
    classifier = fit_classifier(heads, others, COMPONENTS, CENTERS, SPREAD)
    return Learnt(classifier, pose.coef_.T, pose.intercept_, *fit_yaw(seen))


def plan(seen: list[Seen]) -> None:
    """What the half that was not learnt from gives, at several numbers of false pictures."""
    halves = {half: [one for one in seen if one.half == half] for half in (TUNING, HELD_OUT)}
    heads: dict[str, list[float]] = defaultdict(list)
    false: list[float] = []
    for half, other in ((TUNING, HELD_OUT), (HELD_OUT, TUNING)):
        classifier = learnt(halves[half]).classifier
        for one in halves[other]:
            logits = classifier.logits(one.rows)
            for view, numbers in one.heads:
                heads[view].append(float(logits[numbers].max(initial=-np.inf)))
            false.append(float(logits[one.wrong].max(initial=-np.inf)))
    print_found(heads, false, FALSE_PICTURES)


def main() -> None:
    given = arguments(__doc__ or "", TABLES)
    seen = all_seen(given)
    if given.plan:
        plan(seen)
        return
    found = learnt([one for one in seen if one.half == TUNING])
    arrays = {
        "side_pose_weights": found.pose_weights.astype(np.float16),
        "side_pose_biases": found.pose_biases,
        "side_yaw_weights": found.yaw_weights.astype(np.float16),
        "side_yaw_bias": np.array([found.yaw_bias]),
        "side_weights": np.array(WEIGHTS),
        "side_bias": np.array([BIAS]),
    }
    save_search(given.output, load_file(ARRAYS_FILE), {"side": found.classifier}, arrays)


if __name__ == "__main__":
    main()
