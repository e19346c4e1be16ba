"""Faces in a picture: a coarse search over all places and scales, then a close look at each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from emocam.detection.oriented_boxes import halved, halvings, mended
from emocam.detection.scan import apart
from emocam.detection.search_model import load_search
from emocam.types import Box, Face, FloatArray, ImageU8

_MIN_FACE_SHARE = 0.05
_MIN_FACE_PIXELS = 32  # of smaller faces too little is seen: see benchmarks/detection.md
_MOST_CANDIDATES = 48
_MOST_BESIDE = 6
# Shift down in shares of the side, growth: from afar, nose and mouth look like eyes and nose.
_BESIDE = ((-0.28, 1.15), (0.28, 1.0))
_WORTH_A_LOOK = -3.0  # log-odds: what is less likely is not framed anew
_MOST_LOOKS = 12  # or all that are more likely a face than none
_WORTH_A_VOTE = 0.0  # log-odds: what is less likely isn't shown to the cascades
_MOST_VOTED_ON = 30
_MOST_GAIN = 5.0  # of the contrast: more would only show noise
_CLOSE = 0.2  # of the side, and in growth: frames of one face
_NEARLY_AS_GOOD = 2.0  # log-odds
# The likeliest frames leave the surroundings out: so much smaller are they than the training's.
_WHOLE = 1.07
_SAME_FACE = 0.5  # of the smaller box is shared: a face is not within another
_FACE = 0.5  # probability from which a candidate is a face
_FACE_NEAR = 0.3  # … where there was one a moment ago
_LOOKS_LIKE_ONE = 0.05  # below it a candidate isn't worth being named as turned down
_NEAR_STARTS = ((1.0, 0.0), (1.0, 22.0), (1.0, -22.0), (0.87, 0.0), (1.15, 0.0))  # growth, turn
_NEAR_REACH = 1.1  # face widths around the known centre that are searched
_NEAR_SMALLEST = 0.75  # of the known side


@dataclass(frozen=True)
class Rejected:
    """A box that looked like a face at first, and why it was turned down."""

    face: Face
    reason: str


class FaceDetector:
    """Finds faces that look about at the camera, tilted by up to some 45 degrees.

    One detector belongs to one thread.

    Parameters
    ----------
    min_face_share
        Smallest face that is looked for, as a share of the picture's shorter side. Lower finds
        smaller faces and takes longer: half of it takes up to four times as long.
    keep_all
        Whether boxes that were turned down come back among the faces too.
    """

    def __init__(self, min_face_share: float = _MIN_FACE_SHARE, keep_all: bool = False) -> None:
        if not 0 < min_face_share <= 1:
            raise ValueError(f"min_face_share is above 0, at most 1, got {min_face_share}")
        self.min_face_share = min_face_share
        self.keep_all = keep_all
        self.rejected: tuple[Rejected, ...] = ()
        self._scan, self._verifier, self._vote = load_search()

    def detect(self, frame_bgr: ImageU8) -> list[Face]:
        """Faces of a picture, left to right, numbered from 0.

        `rejected` then tells which boxes were turned down.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8, blue first.
        """
        height, width = frame_bgr.shape[:2]
        smallest = max(_MIN_FACE_PIXELS, self.min_face_share * min(height, width))
        times = 1
        while smallest >= 2 * times * _MIN_FACE_PIXELS:
            frame_bgr = halved(frame_bgr)
            times *= 2
        halves = halvings(_gray(frame_bgr))
        candidates = self._scan.search(halves, smallest / times, _MOST_CANDIDATES)[:, :4]
        judged = self._judge(halves, _and_beside(candidates))
        judged[:, :3] *= times
        return self._sorted_out(judged, _FACE, (width, height))

    def search_near(self, frame_bgr: ImageU8, boxes: Sequence[Box]) -> list[Face]:
        """Faces close to where they were a moment ago; much cheaper than searching everything.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8, blue first.
        boxes
            Where the faces were.

        Returns
        -------
        At most one face a box; their numbers mean nothing.
        """
        found = [self._near(frame_bgr, box) for box in boxes]
        best = [one for one in found if len(one)]
        judged = np.concatenate(best) if best else np.empty((0, 5), np.float32)
        # Two may have met in one.
        judged = _not_nested(judged[np.argsort(-judged[:, 4], kind="stable")])
        height, width = frame_bgr.shape[:2]
        return self._sorted_out(judged, _FACE_NEAR, (width, height))

    def _near(self, frame_bgr: ImageU8, box: Box) -> FloatArray:
        """The likeliest face around a box, shape (0 or 1, 5)."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        side = max((box[2] - box[0]) / _WHOLE, 1)
        left, top = (max(0, math.floor(v - _NEAR_REACH * side)) for v in (x, y))
        right, bottom = (math.ceil(v + _NEAR_REACH * side) for v in (x, y))
        part = frame_bgr[top:bottom, left:right]
        if min(part.shape[:2]) < _MIN_FACE_PIXELS:
            return np.empty((0, 5), np.float32)
        halves = halvings(_gray(np.ascontiguousarray(part)))
        starts = np.array(
            [(x - left, y - top, side * growth, turn) for growth, turn in _NEAR_STARTS], np.float32
        )
        judged = self._judge(halves, starts[:1])[:1]  # mostly the face has hardly moved
        if not len(judged) or judged[0, 4] < _FACE:
            smallest = max(_MIN_FACE_PIXELS, _NEAR_SMALLEST * side)
            found = self._scan.search(halves, smallest, 10)[:, :4]
            again = self._judge(halves, np.concatenate([starts[1:], found]))[:1]
            judged = np.concatenate([judged, again])
        best = judged[np.argsort(-judged[:, 4])][:1]
        best[:, :2] += (left, top)
        return best

    def _judge(self, halves: list[ImageU8], candidates: FloatArray) -> FloatArray:
        """Frames and probabilities, shape (n, 5), best first, none within another."""
        judged, mended = self._verifier.look(halves, candidates)
        promising = judged[:, 4] > _WORTH_A_LOOK
        looks = max(_MOST_LOOKS, int((judged[:, 4] > 0).sum()))
        best = np.argsort(-judged[promising, 4], kind="stable")[:looks]
        again, mended = self._verifier.look(halves, mended[promising][best])
        more, _ = self._verifier.look(halves, mended)
        judged = _agreed(np.concatenate([judged, again, more]))
        odds = self._vote.log_odds(halves, judged)
        judged[:, 4] = 1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0)))
        judged = judged[judged[:, 4] >= _LOOKS_LIKE_ONE]
        return _not_nested(judged[np.argsort(-judged[:, 4], kind="stable")])

    def _sorted_out(self, judged: FloatArray, least: float, size_wh: tuple[int, int]) -> list[Face]:
        faces: list[Face] = []
        rejected: list[Rejected] = []
        for row in judged:
            box, probability = _box(row, size_wh), float(row[4])
            if box is None:
                continue
            face = Face(box, probability)
            if probability >= least:
                faces.append(face)
            else:
                reason = f"a face with probability {probability:.2f}, needed is {least:.2f}"
                rejected.append(Rejected(face, reason))
        self.rejected = tuple(rejected)
        if self.keep_all:
            faces += [one.face for one in rejected]
        faces.sort(key=lambda face: face.xyxy)
        return [Face(face.xyxy, face.detection, number) for number, face in enumerate(faces)]


def _gray(frame_bgr: ImageU8) -> ImageU8:
    """The picture in grey, its contrast stretched: gradients in the dark are as good as by day."""
    gray = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY)
    step = max(1, min(gray.shape) // 120)
    dark, bright = np.percentile(gray[::step, ::step], (1, 99))
    gain = min(_MOST_GAIN, 255.0 / max(1.0, bright - dark))
    table = np.clip((np.arange(256) - dark) * gain, 0, 255).astype(np.uint8)
    return cv2.LUT(gray, table).astype(np.uint8, copy=False)


def _and_beside(candidates: FloatArray) -> FloatArray:
    """The candidates, best first, and frames above and below the best ones, shape (n, 4)."""
    best = candidates[:_MOST_BESIDE]
    still = np.zeros(len(best), np.float32)
    beside = [
        mended(best, np.stack([still, still + down, still + math.log(growth), still], axis=1))
        for down, growth in _BESIDE
    ]
    return np.concatenate([candidates, *beside])


def _agreed(judged: FloatArray) -> FloatArray:
    """One frame a place and size: the mean of the good ones there, the log-odds of the best."""
    best = apart(judged[judged[:, 4] > _WORTH_A_VOTE])[:_MOST_VOTED_ON]
    for row in best:
        away = np.hypot(judged[:, 0] - row[0], judged[:, 1] - row[1])
        close = (away < _CLOSE * row[2]) & (np.abs(np.log(judged[:, 2] / row[2])) < _CLOSE)
        row[:4] = judged[close & (judged[:, 4] > row[4] - _NEARLY_AS_GOOD), :4].mean(axis=0)
    return best


def _not_nested(judged: FloatArray) -> FloatArray:
    """The rows, best first, without those that share much with a better one."""
    kept: list[FloatArray] = []
    for row in judged:
        shared = [
            max(0.0, (row[2] + one[2]) / 2 - max(abs(row[0] - one[0]), abs(row[2] - one[2]) / 2))
            * max(0.0, (row[2] + one[2]) / 2 - max(abs(row[1] - one[1]), abs(row[2] - one[2]) / 2))
            / min(row[2], one[2]) ** 2
            for one in kept
        ]
        if max(shared, default=0.0) < _SAME_FACE:
            kept.append(row)
    return np.array(kept, np.float32).reshape(-1, 5)


def _box(row: FloatArray, size_wh: tuple[int, int]) -> Box | None:
    """The frame as a box within the picture; None when nothing of it is inside."""
    x, y, half = float(row[0]), float(row[1]), float(row[2]) * _WHOLE / 2
    x1, y1 = max(0, round(x - half)), max(0, round(y - half))
    x2, y2 = min(size_wh[0], round(x + half)), min(size_wh[1], round(y + half))
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None
