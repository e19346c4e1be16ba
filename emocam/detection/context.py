"""What surrounds an uncertain candidate: hair, neck and shoulders make it likelier a head."""

from __future__ import annotations

import numpy as np

from emocam.detection.rbf_classifier import RbfClassifier
from emocam.detection.verifier import gradient_histograms
from emocam.types import FloatArray, ImageU8

CROP_SHARE = 2.0  # of the box
UNCERTAIN = (-3.5, 3.0)  # logits of the ensemble between which the surroundings are looked at
MOST_LOGIT = 5.0  # that the surroundings are believed


class ContextClassifier:
    """Adjusts the ensemble's logits by the gradients of twice the box.

    The cascades were trained on frontal faces alone and accept few windows of faces behind
    glasses, below caps, dim or turned; what is around a face differs less. (Torralba, "Contextual
    priming for object detection", IJCV 2003, gives the idea.)

    Parameters
    ----------
    classifier
        Logit of a head from the histograms of its surroundings.
    weight, bias
        Of that logit in the combined one.
    """

    def __init__(self, classifier: RbfClassifier, weight: float, bias: float) -> None:
        self.classifier = classifier
        self.weight = weight
        self.bias = bias

    def adjusted(self, pyramid: list[ImageU8], boxes: FloatArray, logits: FloatArray) -> FloatArray:
        """The ensemble's logits, those that leave it open adjusted by the surroundings.

        Parameters
        ----------
        pyramid, boxes
            As for `oriented_boxes.upright_crops`.
        logits
            Shape (candidates,): of a face, by the verifier and the cascades.
        """
        least, most = UNCERTAIN
        uncertain = (logits > least) & (logits < most)
        if not uncertain.any():
            return logits
        adjusted: FloatArray = logits.copy()
        adjusted[uncertain] += self.weight * self.logits(pyramid, boxes[uncertain]) + self.bias
        return adjusted

    def logits(self, pyramid: list[ImageU8], boxes: FloatArray) -> FloatArray:
        """Logits of a head from its surroundings, shape (n,), as far as they are believed."""
        rows = gradient_histograms(pyramid, boxes[:, :4], CROP_SHARE)
        return np.clip(self.classifier.logits(rows), -MOST_LOGIT, MOST_LOGIT)
