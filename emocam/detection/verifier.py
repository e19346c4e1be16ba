"""The second stage of the detector: each candidate is cut out upright and classified."""

from __future__ import annotations

import cv2
import numpy as np

from emocam.detection.oriented_boxes import FACE_PIXELS, apply_pose_offsets, upright_crops
from emocam.detection.products import finite_product
from emocam.detection.rbf_classifier import RbfClassifier
from emocam.types import FloatArray, ImageU8

FEATURES = 1764
# The histograms of a mirrored crop: its 7×7 blocks, their 2×2 cells and 9 directions.
MIRRORED = np.arange(FEATURES).reshape(7, 7, 2, 2, 9)[::-1, :, ::-1, :, ::-1].ravel()
_HOG = cv2.HOGDescriptor((FACE_PIXELS, FACE_PIXELS), (12, 12), (6, 6), (6, 6), 9)
_CROP_SHARE = 0.9  # of the box: a crop that is nearly all face keeps the background out


class FaceVerifier:
    """Classifies candidates by the gradients of their 48×48 pixels.

    Histograms of oriented gradients (Dalal and Triggs, CVPR 2005) are compared with the K-Means
    centres of faces and of hard negatives. The same histograms predict pose offsets, which bring
    the box to that of the training faces (as in Dollár et al., "Cascaded pose regression",
    CVPR 2010), so that a refined box can be scored again.

    Parameters
    ----------
    pose_weights, pose_biases
        Shapes (1764, 4) and (4,): from the histogram to the pose offsets, see
        `oriented_boxes.apply_pose_offsets`.
    classifier
        Logit of a face from the histogram.
    """

    def __init__(
        self, pose_weights: FloatArray, pose_biases: FloatArray, classifier: RbfClassifier
    ) -> None:
        self.pose_weights = pose_weights
        self.pose_biases = pose_biases
        self.classifier = classifier

    def score(self, pyramid: list[ImageU8], boxes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Logit of a face for each box, and the box refined by its pose offsets.

        Parameters
        ----------
        pyramid, boxes
            As for `oriented_boxes.upright_crops`.

        Returns
        -------
        The boxes with their logits, shape (candidates, 5), and the refined boxes, shape
        (candidates, 4).
        """
        boxes = boxes[:, :4]
        return self.classify(boxes, self.describe(pyramid, boxes))

    def classify(self, boxes: FloatArray, descriptors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same for boxes that are described already; see `score`."""
        offsets = finite_product(descriptors, self.pose_weights) + self.pose_biases
        scored = np.column_stack([boxes, self.classifier.logits(descriptors)])
        return scored.astype(np.float32, copy=False), apply_pose_offsets(boxes, offsets)

    def describe(self, pyramid: list[ImageU8], boxes: FloatArray) -> FloatArray:
        """Descriptors of the upright crops, shape (candidates, 1764)."""
        return gradient_histograms(pyramid, boxes, _CROP_SHARE)


def gradient_histograms(pyramid: list[ImageU8], boxes: FloatArray, share: float) -> FloatArray:
    """Histograms of oriented gradients of upright crops, shape (candidates, 1764).

    `share` is the crop's side as a share of the box's.
    """
    crops = upright_crops(pyramid, boxes, share)
    rows = [np.asarray(_HOG.compute(crop), np.float32) for crop in crops]
    return np.array(rows, np.float32).reshape(-1, FEATURES)
