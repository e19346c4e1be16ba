"""The first stage of the detector: linear templates slide over the gradients at all scales."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from emocam.detection.cell_gradients import CHANNELS, gradient_cells, gradient_planes
from emocam.detection.nms import suppress_by_distance
from emocam.detection.oriented_boxes import apply_pose_offsets
from emocam.detection.pyramid import halved, resized_by
from emocam.detection.rbf_classifier import RbfClassifier
from emocam.types import FloatArray, ImageU8

TEMPLATE_CELLS = 6
CELLS = (4.0, 5.0, 6.0)  # pixels: three scales an octave
TEMPLATE_PIXELS = 24
WINDOW_NUMBERS = TEMPLATE_CELLS * TEMPLATE_CELLS * CHANNELS
_BORDER = 16  # pixels repeated around small pictures, where a face may fill all
_MAX_FACE_SHARE = 1.3  # of the picture's shorter side: a face's box may be larger than it
_CERTAIN_LOGIT = 1.0  # candidates above it stay, however many there are
_MOST_CLASSIFIED = 400  # windows; a face's best window is hardly ever among the worse ones
_MOST_REFINED = 200  # of them
_NONE = np.empty((0, WINDOW_NUMBERS), np.float32)


@dataclass(frozen=True, eq=False)
class ScanArrays:
    """The parameters of the template scan.

    A window has 6 rows × 6 columns × 7 channels = 252 numbers; its score is the product with a
    template plus that template's bias.
    """

    weights: FloatArray  # shape (252, templates)
    biases: FloatArray  # shape (templates,)
    tilts_deg: FloatArray  # shape (templates,): tilt of each template's heads, anticlockwise
    threshold: float  # windows that score less are dropped
    pose_weights: FloatArray  # shape (templates, 252, 4): from a window to pose offsets
    pose_biases: FloatArray  # shape (templates, 4)
    classifier: RbfClassifier  # logit of a face, for the windows above the threshold


class TemplateScan:
    """Slides linear templates, one a tilt of the head, over the gradients of a picture.

    The sliding window of Dalal and Triggs ("Histograms of oriented gradients for human
    detection", CVPR 2005) with a mixture of templates (Felzenszwalb et al., PAMI 2010). The
    numbers of the windows that are local maxima then predict pose offsets (a step of Dollár et
    al., "Cascaded pose regression", CVPR 2010) and are compared with K-Means centres. The
    thresholds favour recall; the verifier sorts out what is no face.
    """

    def __init__(self, arrays: ScanArrays) -> None:
        self.arrays = arrays
        rows = arrays.weights.reshape(TEMPLATE_CELLS, TEMPLATE_CELLS * CHANNELS, -1)
        # One product for all rows of the templates: (rows × templates) × (columns × channels).
        self._by_row = np.ascontiguousarray(rows.transpose(0, 2, 1)).reshape(-1, rows.shape[1])

    def search(self, pyramid: list[ImageU8], min_face: float, most: int) -> FloatArray:
        """Candidates of a picture, the best first.

        Parameters
        ----------
        pyramid
            The grey picture's image pyramid.
        min_face
            Side of the smallest face to find, in pixels. Time grows with the square of the
            picture's size over this.
        most
            Number of candidates; those of a high logit, as in a crowd, may be more.

        Returns
        -------
        Shape (candidates, 5): centre x, centre y, side, tilt in degrees, logit.
        """
        boxes, windows, templates = self.windows(pyramid, min_face)
        logits = self.arrays.classifier.logits(windows)
        best = np.argsort(-logits, kind="stable")[:_MOST_REFINED]
        boxes, logits = self.refine(boxes[best], windows[best], templates[best]), logits[best]
        found = suppress_by_distance(np.column_stack([boxes, logits]))
        return found[: max(most, int((found[:, 4] > _CERTAIN_LOGIT).sum()))]

    def windows(
        self, pyramid: list[ImageU8], min_face: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Windows above the threshold, best first: boxes (n, 4), numbers (n, 252), templates."""
        height, width = pyramid[0].shape
        gray = resized_by(pyramid, min(1.0, TEMPLATE_PIXELS / min_face))
        scale = 0.5 * (width / gray.shape[1] + height / gray.shape[0])
        found: list[tuple[FloatArray, FloatArray, FloatArray]] = [
            (_NONE[:, :5], _NONE, _NONE[:, 0])
        ]
        while _MAX_FACE_SHARE * min(gray.shape) >= TEMPLATE_PIXELS:
            for boxes, windows, scores in self._octave(gray):
                boxes[:, :3] *= scale
                found.append((boxes, windows, scores))
            gray, scale = halved(gray), 2 * scale
        boxes, windows, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        best = np.argsort(-scores, kind="stable")[:_MOST_CLASSIFIED]
        return boxes[best, :4], windows[best], boxes[best, 4].astype(np.intp)

    def refine(self, boxes: FloatArray, windows: FloatArray, templates: FloatArray) -> FloatArray:
        """The boxes after the pose offsets that their windows predict, shape (n, 4)."""
        arrays = self.arrays
        offsets = np.einsum("nf,nfp->np", windows, arrays.pose_weights[templates])
        return apply_pose_offsets(boxes, offsets + arrays.pose_biases[templates])

    def _octave(self, gray: ImageU8) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
        shortest = min(gray.shape)
        border = _BORDER if shortest < 6 * TEMPLATE_PIXELS else 0
        if border:
            sides = (border, border, border, border)
            framed = cv2.copyMakeBorder(gray, *sides, cv2.BORDER_REPLICATE)
            gray = framed.astype(np.uint8, copy=False)
        planes = gradient_planes(gray)
        fitting = [cell for cell in CELLS if _MAX_FACE_SHARE * shortest >= TEMPLATE_CELLS * cell]
        return [self._level(planes, cell, border) for cell in fitting]

    def _level(
        self, planes: FloatArray, cell: float, border: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        cells = gradient_cells(planes, cell)
        scores = self._scores(cells)
        best = scores.max(axis=0)
        peaks = (best > self.arrays.threshold) & (best >= cv2.dilate(best, np.ones((3, 3))))
        rows, columns = np.nonzero(peaks)
        template = scores[:, rows, columns].argmax(axis=0)
        side = TEMPLATE_CELLS * cell
        centers = np.stack([columns, rows]) * cell + side / 2 - border
        tilts = self.arrays.tilts_deg[template]
        boxes = np.stack([*centers, np.full(len(rows), side), tilts, template], axis=1)
        boxes = boxes.astype(np.float32)
        around = np.arange(TEMPLATE_CELLS)
        windows = cells[(rows[:, None] + around)[:, :, None], (columns[:, None] + around)[:, None]]
        return boxes, windows.reshape(-1, WINDOW_NUMBERS), best[rows, columns]

    def _scores(self, cells: FloatArray) -> FloatArray:
        """Score of each template at each place, shape (templates, rows, columns)."""
        height, width, _ = cells.shape
        rows, columns = height - TEMPLATE_CELLS + 1, width - TEMPLATE_CELLS + 1
        windows = np.lib.stride_tricks.sliding_window_view(
            cells.reshape(height, -1), TEMPLATE_CELLS * CHANNELS, axis=1
        )[:, ::CHANNELS]
        products = self._by_row @ np.ascontiguousarray(windows).reshape(height * columns, -1).T
        by_row = products.reshape(TEMPLATE_CELLS, -1, height, columns)
        scores: FloatArray = by_row[0, :, :rows] + self.arrays.biases[:, None, None]
        for row in range(1, TEMPLATE_CELLS):
            scores += by_row[row, :, row : row + rows]
        return scores
