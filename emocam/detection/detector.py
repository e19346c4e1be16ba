"""Faces in a picture: template scan, verifier, Haar ensemble and context, coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from emocam.detection.context import ContextClassifier
from emocam.detection.haar import HaarEnsemble
from emocam.detection.head_pose import yaw_error
from emocam.detection.nms import suppress_by_containment, suppress_by_distance
from emocam.detection.oriented_boxes import apply_pose_offsets
from emocam.detection.pyramid import halved, image_pyramid, made_gray
from emocam.detection.search_model import load_search
from emocam.detection.verifier import FaceVerifier
from emocam.runtime import one_blas_thread
from emocam.types import BoolArray, Box, Face, FloatArray, ImageU8

_MIN_FACE_SHARE = 0.05
_MIN_FACE_PIXELS = 32  # smaller faces are not found reliably: see benchmarks/detection.md
_MOST_CANDIDATES = 48
_CROWD = 12  # faces: where so many are found, the scan looks on for more
_MOST_SHIFTED = 6
# Shift down in shares of the side, growth: a small face's nose and mouth resemble eyes and nose.
_SHIFTS = ((-0.28, 1.15), (0.28, 1.0))
_REFINE_LOGIT = -3.0  # candidates below it are not refined
_LEAST_REFINED = 12  # or all with a positive logit, when those are more
_REFINE_TURNED_LOGIT = -2.5  # the same for turned faces, of which there are fewer
_LEAST_TURNED_REFINED = 6
_ENSEMBLE_LOGIT = 0.0  # candidates below it are not given to the cascades
_TURNED_FROM_LOGIT = -3.5  # frontal logit from which a candidate may be a turned face
_ENSEMBLE_TURNED_LOGIT = -0.8
_LEAST_TURNED_TO_ENSEMBLE = 1  # or all with a positive logit, when those are more
_ROUNDS, _TURNED_ROUNDS = 2, 4  # of refining: the first boxes around turned faces are further off
_AVERAGED_ROUNDS = 3
_MOST_TO_ENSEMBLE = 200  # of a crowd
MOST_PLACES = 12  # where a head seen from the side is looked for
# Of the turned verifier there, in pictures without and with a face: each place costs 2 ms.
LEAST_PLACE_LOGIT, LEAST_PLACE_LOGIT_BESIDE_FACES = -2.0, -0.5
_MAX_GAIN = 5.0  # of the contrast: more would only amplify noise
_SAME_PLACE = 0.2  # of the side, and of its logarithm: boxes of one face
_AVERAGED_LOGITS = 2.0  # boxes this close to the best logit are averaged
_BOX_SCALE = 1.07  # the likeliest boxes are tighter than those of the training faces
_FACE = 0.55  # probability from which a candidate is a face: above the false ones' (detection.md)
_LIKELY = 0.5  # the same where it is only asked whether to look further
_FACE_NEAR = 0.3  # the same near a face of the previous frame
_REPORTED = 0.05  # probability from which a candidate is reported as rejected
_NEAR_STARTS = ((1.0, 0.0), (1.0, 22.0), (1.0, -22.0), (0.87, 0.0), (1.15, 0.0))  # growth, turn
_NEAR_REACH = 1.1  # face widths around the known centre that are searched
_NEAR_SMALLEST = 0.75  # of the known side
# Of faces: centre x, centre y, side, tilt, probability, yaw.
_NONE = np.empty((0, 6), np.float32)


@dataclass(frozen=True)
class Rejected:
    """A candidate that is no face, and why."""

    face: Face
    reason: str


@dataclass(frozen=True, eq=False)
class SearchPicture:
    """What is looked at to find all faces of a picture."""

    gray: ImageU8  # shape (height, width), its contrast stretched
    times: int  # how much wider and higher the picture itself is
    smallest: float  # side of the smallest face to find, in pixels of `gray`
    size_wh: tuple[int, int]  # of the picture itself


@dataclass(frozen=True, eq=False)
class _View:
    """What classifies the candidates of some views of the head."""

    verifier: FaceVerifier
    ensemble: HaarEnsemble
    context: ContextClassifier
    refine_logit: float
    least_refined: int
    ensemble_logit: float
    least_to_ensemble: int
    rounds: int  # of refining


class FaceDetector:
    """Finds faces that look about at the camera or are turned aside, tilted by up to 45 degrees.

    One detector belongs to one thread.

    Parameters
    ----------
    min_face_share
        Smallest face to find, as a share of the picture's shorter side, above 0 and at most 1.
        Lower finds smaller faces and takes longer: half of it takes up to four times as long.
    keep_all
        Whether rejected candidates come back among the faces too.

    Attributes
    ----------
    rejected
        Candidates of the last call that are no faces.
    """

    def __init__(self, min_face_share: float = _MIN_FACE_SHARE, keep_all: bool = False) -> None:
        if not 0 < min_face_share <= 1:
            raise ValueError(f"min_face_share is above 0, at most 1, got {min_face_share}")
        self.min_face_share = min_face_share
        self.keep_all = keep_all
        self.rejected: tuple[Rejected, ...] = ()
        search = load_search()
        self._scan, self._head_pose = search.scan, search.head_pose
        self._side_view = search.side_view
        self._frontal = _View(
            search.verifier,
            search.ensemble,
            search.context,
            _REFINE_LOGIT,
            _LEAST_REFINED,
            _ENSEMBLE_LOGIT,
            0,
            _ROUNDS,
        )
        self._turned = _View(
            search.turned_verifier,
            search.turned_ensemble,
            search.context,
            _REFINE_TURNED_LOGIT,
            _LEAST_TURNED_REFINED,
            _ENSEMBLE_TURNED_LOGIT,
            _LEAST_TURNED_TO_ENSEMBLE,
            _TURNED_ROUNDS,
        )

    def detect(self, picture: ImageU8) -> list[Face]:
        """Faces of a picture, left to right, numbered from 0.

        Parameters
        ----------
        picture
            Shape (height, width, 3), uint8, blue first; or (height, width), grey.
        """
        return self.search(search_picture(picture, self.min_face_share))

    @one_blas_thread()
    def search(self, picture: SearchPicture) -> list[Face]:
        """The same as `detect`, of a picture that was made ready, perhaps by another process."""
        pyramid = image_pyramid(picture.gray)
        scored = self._score_candidates(pyramid, self._scanned(pyramid, picture))
        if (scored[:, 4] >= _FACE).sum() >= _CROWD:
            scored = self._with_more(pyramid, scored, picture.smallest)
        scored[:, :3] *= picture.times
        return self._accepted(scored, _FACE, picture.size_wh)

    @one_blas_thread()
    def search_near(self, frame_bgr: ImageU8, boxes: Sequence[Box]) -> list[Face]:
        """Faces near those of the previous frame; much cheaper than searching everything.

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
        # Two searches may have found one face.
        scored = suppress_by_containment(np.concatenate([*found, _NONE]))
        height, width = frame_bgr.shape[:2]
        return self._accepted(scored, _FACE_NEAR, (width, height))

    def _near(self, frame_bgr: ImageU8, box: Box) -> FloatArray:
        """The likeliest face around a box, shape (0 or 1, 6)."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        side = max((box[2] - box[0]) / _BOX_SCALE, 1)
        left, top = (max(0, math.floor(v - _NEAR_REACH * side)) for v in (x, y))
        right, bottom = (math.ceil(v + _NEAR_REACH * side) for v in (x, y))
        part = frame_bgr[top:bottom, left:right]
        if min(part.shape[:2]) < _MIN_FACE_PIXELS:
            return _NONE
        pyramid = image_pyramid(_gray(np.ascontiguousarray(part)))
        starts = np.array(
            [(x - left, y - top, side * growth, turn) for growth, turn in _NEAR_STARTS], np.float32
        )
        scored = self._score_candidates(pyramid, starts[:1])[:1]  # mostly the face has hardly moved
        if not len(scored) or scored[0, 4] < _LIKELY:
            smallest = max(_MIN_FACE_PIXELS, _NEAR_SMALLEST * side)
            found = self._scan.search(pyramid, smallest, 10)[:, :4]
            again = self._score_candidates(pyramid, np.concatenate([starts[1:], found]))[:1]
            scored = np.concatenate([scored, again])
        best = scored[np.argsort(-scored[:, 4])][:1]
        best[:, :2] += (left, top)
        return best

    def candidates(self, picture: SearchPicture) -> FloatArray:
        """What the cascades are asked about in a picture, by all views, shape (n, 5).

        Centre x, centre y, side and tilt in pixels of `picture.gray`, and the verifier's logit.
        """
        pyramid = image_pyramid(picture.gray)
        boxes = self._scanned(pyramid, picture)
        descriptors = self._frontal.verifier.describe(pyramid, boxes)
        found = []
        for view in (self._frontal, self._turned):
            scored, refined = view.verifier.classify(boxes, descriptors)
            found.append(_refined_candidates(view, pyramid, scored, refined))
        return np.concatenate(found)

    def _scanned(self, pyramid: list[ImageU8], picture: SearchPicture) -> FloatArray:
        """Candidates of the scan and boxes above and below the best ones, shape (n, 4)."""
        found = self._scan.search(pyramid, picture.smallest, _MOST_CANDIDATES)
        return _with_shifted(found[:, :4])

    def _with_more(self, pyramid: list[ImageU8], scored: FloatArray, smallest: float) -> FloatArray:
        """What was found in a crowd and what else is there, shape (n, 6)."""
        found = self._scan.search(pyramid, smallest, _MOST_CANDIDATES, crowd=True)[:, :4]
        free = found[~_within(found, scored[scored[:, 4] >= _LIKELY])]
        more = self._score_candidates(pyramid, free)
        return suppress_by_containment(np.concatenate([scored, more]))

    def _score_candidates(self, pyramid: list[ImageU8], candidates: FloatArray) -> FloatArray:
        """Boxes, probabilities and yaw, shape (n, 6), best first, none within another."""
        descriptors = self._frontal.verifier.describe(pyramid, candidates)
        scored, refined = self._frontal.verifier.classify(candidates, descriptors)
        frontal = _classified(self._frontal, pyramid, scored, refined)
        free = ~_within(candidates, frontal[frontal[:, 4] >= _LIKELY])
        free &= scored[:, 4] > _TURNED_FROM_LOGIT
        scored, side = frontal, _NONE
        if free.any():
            found, refined = self._turned.verifier.classify(candidates[free], descriptors[free])
            turned = _classified(self._turned, pyramid, found, refined)
            scored = suppress_by_containment(np.concatenate([frontal, turned]))
            places = places_beside(np.column_stack([refined, found[:, 4]]), scored)
            side = self._side_view.find(pyramid, places)
            side[:, 4] = _probability(side[:, 4])
            side = side[side[:, 4] >= _REPORTED]
        yaws = self._head_pose.yaw(self._frontal.verifier.describe(pyramid, scored))
        scored = np.column_stack([scored, yaws])
        return suppress_by_containment(np.concatenate([scored, side])) if len(side) else scored

    def _accepted(self, scored: FloatArray, least: float, size_wh: tuple[int, int]) -> list[Face]:
        """The faces, left to right; `rejected` takes the others."""
        faces: list[Face] = []
        rejected: list[Rejected] = []
        for row in scored:
            box, probability = _box(row, size_wh), float(row[4])
            if box is None:
                continue
            face = _posed(Face(box, probability), row)
            if probability >= least:
                faces.append(face)
            else:
                reason = f"a face with probability {probability:.2f}, needed is {least:.2f}"
                rejected.append(Rejected(face, reason))
        self.rejected = tuple(rejected)
        if self.keep_all:
            faces += [one.face for one in rejected]
        faces.sort(key=lambda face: face.xyxy)
        return [replace(face, id=number) for number, face in enumerate(faces)]


def search_picture(picture: ImageU8, min_face_share: float = _MIN_FACE_SHARE) -> SearchPicture:
    """Make a picture ready for `FaceDetector.search`.

    Parameters
    ----------
    picture
        Shape (height, width, 3), uint8, blue first; or (height, width), grey.
    min_face_share
        As for `FaceDetector`.
    """
    height, width = picture.shape[:2]
    smallest = smallest_face((width, height), min_face_share)
    times = 1
    while smallest >= 2 * times * _MIN_FACE_PIXELS:
        picture = halved(picture)
        times *= 2
    return SearchPicture(_gray(picture), times, smallest / times, (width, height))


def smallest_face(size_wh: tuple[int, int], min_face_share: float = _MIN_FACE_SHARE) -> float:
    """Side in pixels of the smallest face that is looked for in a picture of this size."""
    return max(_MIN_FACE_PIXELS, min_face_share * min(size_wh))


def _gray(picture: ImageU8) -> ImageU8:
    """The picture in grey, its contrast stretched: gradients in the dark are as good as by day."""
    gray = made_gray(picture)
    step = max(1, min(gray.shape) // 120)
    thinned = gray[::step, ::step].astype(np.uint8, copy=False)
    dark, bright = percentiles(thinned, (0.01, 0.99))
    gain = min(_MAX_GAIN, 255.0 / max(1.0, bright - dark))
    table = np.clip((np.arange(256) - dark) * gain, 0, 255).astype(np.uint8)
    return cv2.LUT(gray, table).astype(np.uint8, copy=False)


def percentiles(gray: ImageU8, shares: tuple[float, ...]) -> list[float]:
    """As `np.percentile`, of grey levels by their counts: nothing is sorted."""
    counts = np.bincount(gray.ravel(), minlength=256).cumsum()
    ranks = np.array(shares) * (gray.size - 1)
    below, above = (
        np.searchsorted(counts, rank(ranks), side="right") for rank in (np.floor, np.ceil)
    )
    return list(below + (above - below) * (ranks % 1))


def _classified(
    view: _View, pyramid: list[ImageU8], scored: FloatArray, refined: FloatArray
) -> FloatArray:
    """Boxes and probabilities of the candidates that may be faces of a view, shape (n, 5).

    They come as `FaceVerifier.classify` returns them.
    """
    scored = _refined_candidates(view, pyramid, scored, refined)
    if not len(scored):
        return scored
    logits = view.ensemble.logits(pyramid, scored)
    logits = view.context.adjusted(pyramid, scored, logits)
    scored[:, 4] = _probability(logits)
    return suppress_by_containment(scored[scored[:, 4] >= _REPORTED])


def _probability(logits: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))), np.float32)


def places_beside(scored: FloatArray, faces: FloatArray) -> FloatArray:
    """Where a head seen from the side is looked for, shape (n, 5): candidates in no face."""
    sure = faces[faces[:, 4] >= _LIKELY]
    least = LEAST_PLACE_LOGIT_BESIDE_FACES if len(sure) else LEAST_PLACE_LOGIT
    likely = scored[scored[:, 4] > least]
    beside = likely[~_within(likely, sure)]
    return suppress_by_distance(beside)[:MOST_PLACES]


def _refined_candidates(
    view: _View, pyramid: list[ImageU8], scored: FloatArray, refined: FloatArray
) -> FloatArray:
    """What is given to the cascades: refined boxes and the verifier's logits, shape (n, 5)."""
    promising = scored[:, 4] > view.refine_logit
    most = max(view.least_refined, int((scored[:, 4] > 0).sum()))
    best = np.argsort(-scored[promising, 4], kind="stable")[:most]
    refined = refined[promising][best]
    rounds = [scored]
    for _ in range(view.rounds if len(refined) else 0):
        scored, refined = view.verifier.score(pyramid, refined)
        rounds.append(scored)
    scored = averaged_boxes(np.concatenate(rounds[-_AVERAGED_ROUNDS:]), view.ensemble_logit)
    return scored[: max(view.least_to_ensemble, int((scored[:, 4] > 0).sum()))]


def _within(candidates: FloatArray, faces: FloatArray) -> BoolArray:
    """Which candidates have their centre in one of the faces, shape (candidates,)."""
    offset = np.abs(candidates[:, None, :2] - faces[:, :2]).max(axis=2)
    return np.asarray((offset < faces[:, 2] / 2).any(axis=1), np.bool_)


def _with_shifted(candidates: FloatArray) -> FloatArray:
    """The candidates, best first, and boxes above and below the best ones, shape (n, 4)."""
    best = candidates[:_MOST_SHIFTED]
    same = np.zeros(len(best), np.float32)
    shifted = [
        apply_pose_offsets(
            best, np.stack([same, same + down, same + math.log(growth), same], axis=1)
        )
        for down, growth in _SHIFTS
    ]
    return np.concatenate([candidates, *shifted])


def averaged_boxes(scored: FloatArray, least: float) -> FloatArray:
    """One box a place and size: the mean of the good ones there, the logit of the best."""
    scored = scored[scored[:, 4] > least - _AVERAGED_LOGITS]
    best = suppress_by_distance(scored[scored[:, 4] > least])[:_MOST_TO_ENSEMBLE]
    across = best[:, None, :2] - scored[:, :2]
    close = np.hypot(across[..., 0], across[..., 1]) < _SAME_PLACE * best[:, 2:3]
    close &= np.abs(np.log(scored[:, 2] / best[:, 2:3])) < _SAME_PLACE
    close &= scored[:, 4] > best[:, 4:5] - _AVERAGED_LOGITS
    best[:, :4] = close @ scored[:, :4] / close.sum(axis=1, keepdims=True)
    return best


def _posed(face: Face, row: FloatArray) -> Face:
    """The face with the angles of its row."""
    yaw, tilt = float(row[5]), float(row[3])
    roll = (180.0 - tilt) % 360.0 - 180.0  # clockwise
    return replace(face, yaw=yaw, roll=roll, yaw_error=yaw_error(yaw))


def _box(row: FloatArray, size_wh: tuple[int, int]) -> Box | None:
    """The oriented box as a box within the picture; None when it lies outside."""
    x, y, half = float(row[0]), float(row[1]), float(row[2]) * _BOX_SCALE / 2
    x1, y1 = max(0, round(x - half)), max(0, round(y - half))
    x2, y2 = min(size_wh[0], round(x + half)), min(size_wh[1], round(y + half))
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None
