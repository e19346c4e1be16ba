"""Face or not: each candidate is set upright, framed like the training faces, and judged."""

from __future__ import annotations

import cv2
import numpy as np

from emocam.detection.centroid_classifier import CenterJudge
from emocam.detection.oriented_boxes import FACE_PIXELS, mended, upright
from emocam.types import FloatArray, ImageU8

FEATURES = 1764
_SHOWN = 0.9  # of the face's frame: nearly all of it is face, so what is around can't mislead


class FaceVerifier:
    """Judges candidates by the gradients of their 48×48 pixels.

    Histograms of oriented gradients (Dalal and Triggs, CVPR 2005) are compared with the K-Means
    centres of faces and of mined non-faces; the same ones say how the frame should move, grow and
    turn to be that of the training faces (pose regression, as in Dollár et al., "Cascaded pose
    regression", CVPR 2010), for another look.

    Parameters
    ----------
    pose_weights, pose_biases
        Shapes (1764, 4) and (4,): from the descriptor to how the frame must be mended, see
        `frames.mended`.
    judge
        Log-odds of a face from the descriptor.
    """

    def __init__(
        self, pose_weights: FloatArray, pose_biases: FloatArray, judge: CenterJudge
    ) -> None:
        self.pose_weights = pose_weights
        self.pose_biases = pose_biases
        self.judge = judge
        self._hog = cv2.HOGDescriptor((FACE_PIXELS, FACE_PIXELS), (12, 12), (6, 6), (6, 6), 9)

    def look(self, halves: list[ImageU8], frames: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How likely each frame holds a face, and where it had better be.

        Parameters
        ----------
        halves
            The grey picture and its halvings, see `frames.halvings`.
        frames
            Shape (candidates, 4 or more): centre x, centre y, side, tilt in degrees.

        Returns
        -------
        The frames with the log-odds of a face, shape (candidates, 5), and the mended frames,
        shape (candidates, 4).
        """
        frames = frames[:, :4]
        described = self.describe(halves, frames)
        pose = described @ self.pose_weights + self.pose_biases
        judged = np.column_stack([frames, self.judge.log_odds(described)])
        return judged.astype(np.float32, copy=False), mended(frames, pose)

    def describe(self, halves: list[ImageU8], frames: FloatArray) -> FloatArray:
        """Descriptors of the upright crops, shape (candidates, 1764)."""
        crops = [upright(halves, frame, _SHOWN) for frame in frames]
        rows = [np.asarray(self._hog.compute(crop), np.float32) for crop in crops]
        return np.array(rows, np.float32).reshape(-1, FEATURES)
