"""Heads seen from the side: windows of the profile cascade, and what is in and around them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from emocam.detection.context import ContextClassifier
from emocam.detection.haar import PROFILE, load_cascade
from emocam.detection.head_pose import MAX_YAW
from emocam.detection.oriented_boxes import apply_pose_offsets, upright_crops
from emocam.detection.products import finite_product
from emocam.detection.rbf_classifier import RbfClassifier
from emocam.detection.verifier import MIRRORED, FaceVerifier, gradient_histograms
from emocam.types import FloatArray, ImageU8

# The crop around a candidate that is far off still holds the head, at a size where the cascade,
# which skips each second pixel at its own 20 pixels, goes from pixel to pixel.
_CROP_SHARE, _CROP_PIXELS = 2.3, 100
_WINDOW_PIXELS = (34, 76)
_SCALE_FACTOR = 1.25
_SAME_WINDOW = 0.3  # of the side: accepted windows of one head
_SHARES = (1.3, 2.0)  # of a window: the head, and its surroundings
_COUNT_WEIGHT = 1.5  # of log(1 + windows) in the descriptor


class SideView:
    """Finds heads that look aside by the profile cascade, and classifies what it accepts.

    The cascade (Viola and Jones, CVPR 2001) accepts windows on half of the profiles, and on much
    else. It tells which way a head looks and where it is, so that gradients of the window and of
    its surroundings, mirrored where the head looks to the right, can be compared with K-Means
    centres of heads that all look the same way. The box that comes of it is shown to the verifier
    of turned faces and to that of surroundings too.

    Parameters
    ----------
    pose_weights, pose_biases
        Shapes (3529, 4) and (4,): from the descriptor to the pose offsets, see
        `oriented_boxes.apply_pose_offsets`.
    yaw_weights, yaw_bias
        Shapes (3529,) and (): from the descriptor to degrees that the head is turned aside.
    classifier
        Logit of a head from the descriptor.
    turned, context
        Tell the box that comes of it from what is no head too.
    weights, bias
        Shapes (2,) and (): of the logits of the context and of the turned verifier in the combined
        one, and what is added.
    load
        Gives a cascade by its name.
    """

    def __init__(
        self,
        pose_weights: FloatArray,
        pose_biases: FloatArray,
        yaw_weights: FloatArray,
        yaw_bias: float,
        classifier: RbfClassifier,
        turned: FaceVerifier,
        context: ContextClassifier,
        weights: FloatArray,
        bias: float,
        load: Callable[[str], cv2.CascadeClassifier] = load_cascade,
    ) -> None:
        self.pose_weights = pose_weights
        self.pose_biases = pose_biases
        self.yaw_weights = yaw_weights
        self.yaw_bias = yaw_bias
        self.classifier = classifier
        self._turned = turned
        self._context = context
        self._weights = weights
        self._bias = bias
        self._load = load

    def find(self, pyramid: list[ImageU8], candidates: FloatArray) -> FloatArray:
        """Boxes near the candidates, their logits of a head and their yaw, shape (n, 6).

        Parameters
        ----------
        pyramid, candidates
            As for `oriented_boxes.upright_crops`; tilts are not looked at.
        """
        windows = self.windows(pyramid, candidates)
        descriptors = describe(pyramid, windows)
        looks = windows[:, 5]
        offsets = finite_product(descriptors, self.pose_weights) + self.pose_biases
        offsets[:, 0] *= looks
        aside = finite_product(descriptors, self.yaw_weights) + self.yaw_bias
        yaws = -looks * np.clip(aside, 0.0, MAX_YAW)
        boxes = apply_pose_offsets(windows[:, :4], offsets)
        around, turned = self._weights
        logits = self.classifier.logits(descriptors) + self._bias
        logits += around * self._context.logits(pyramid, boxes)
        logits += turned * self._turned.score(pyramid, boxes)[0][:, 4]
        found = np.column_stack([boxes, logits, yaws])
        return found.astype(np.float32, copy=False)

    def windows(self, pyramid: list[ImageU8], candidates: FloatArray) -> FloatArray:
        """Windows that the cascade accepts around candidates, shape (n, 6).

        Centre x, centre y, side, tilt, how many were accepted there, and 1 where the head looks to
        the left edge, −1 where it looks to the right one.
        """
        found = [np.empty((0, 6), np.float32)]
        if not len(candidates):
            return found[0]  # no cascade is loaded for nothing
        cascade = self._load(PROFILE.name)
        upright = candidates[:, :4].copy()
        upright[:, 3] = 0.0
        crops = upright_crops(pyramid, upright, _CROP_SHARE, _CROP_PIXELS)
        for (x, y, side, _), crop in zip(upright, crops, strict=True):
            scale = side * _CROP_SHARE / _CROP_PIXELS
            for looks, shown in ((1, crop), (-1, np.ascontiguousarray(crop[:, ::-1]))):
                boxes, counts = _accepted(cascade, shown)
                middle = (boxes[:, :2] + boxes[:, 2:] / 2 - _CROP_PIXELS / 2) * scale
                rows = np.zeros((len(boxes), 6), np.float32)
                rows[:, 0], rows[:, 1] = x + looks * middle[:, 0], y + middle[:, 1]
                rows[:, 2], rows[:, 4], rows[:, 5] = boxes[:, 2] * scale, counts, looks
                found.append(rows)
        return np.concatenate(found)


def describe(pyramid: list[ImageU8], windows: FloatArray) -> FloatArray:
    """Gradients of the windows, mirrored if need be, and how many there were, shape (n, 3529)."""
    mirrored = windows[:, 5] < 0
    parts = []
    for share in _SHARES:
        rows = gradient_histograms(pyramid, windows[:, :4], share)
        rows[mirrored] = rows[mirrored][:, MIRRORED]
        parts.append(rows)
    counts = np.float32(_COUNT_WEIGHT) * np.log1p(windows[:, 4:5])
    return np.concatenate([*parts, counts], axis=1)


def _accepted(cascade: cv2.CascadeClassifier, crop: ImageU8) -> tuple[FloatArray, FloatArray]:
    """Mean boxes of accepted windows that belong together, shape (n, 4), and their counts."""
    least, most = _WINDOW_PIXELS
    windows = cascade.detectMultiScale(
        crop, _SCALE_FACTOR, 0, minSize=(least, least), maxSize=(most, most)
    )
    # Groups of one are left out, so each window is given twice.
    twice = [tuple(map(int, one)) for one in windows for _ in range(2)]
    boxes, counts = cv2.groupRectangles(twice, 1, _SAME_WINDOW) if twice else ((), ())
    means = np.array(boxes, np.float32).reshape(-1, 4)
    return means, np.array(counts, np.float32).reshape(-1) / np.float32(2)
