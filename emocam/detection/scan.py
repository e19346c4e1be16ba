"""The first stage of the detector: linear templates slide over the gradients at all scales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from emocam.detection.cell_gradients import CHANNELS, gradient_planes
from emocam.detection.nms import suppress_by_distance
from emocam.detection.oriented_boxes import apply_pose_offsets
from emocam.detection.products import finite_product
from emocam.detection.pyramid import halved, resized_by
from emocam.detection.rbf_classifier import RbfClassifier
from emocam.detection.scratch import Scratch
from emocam.detection.template_scores import TEMPLATE_CELLS, WINDOW_NUMBERS, CellGrid
from emocam.types import FloatArray, ImageU8, IntArray

CELLS = (4.0, 5.0, 6.0)  # pixels: three scales an octave
TEMPLATE_PIXELS = 24
_BORDER = 16  # pixels repeated around small pictures, where a face may fill all
_MAX_FACE_SHARE = 1.3  # of the picture's shorter side: a face's box may be larger than it
_CERTAIN_LOGIT = 1.0  # candidates above it stay, however many there are
_CROWD_LOGIT = 0.0  # the same where faces crowd
_MOST_CLASSIFIED = 400  # windows at once; a face's best one is hardly ever among the worse ones
_CROWD = 0.2  # share of these that are likely faces where the next are classified too
_MOST_REFINED = 200  # of them
_AROUND = np.ones((3, 3), np.uint8)


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


@dataclass(frozen=True, eq=False)
class _Level:
    """Peaks of one scale: each array has shape (peaks,)."""

    grid: CellGrid
    cell: float  # pixels at this scale
    border: int  # pixels at this scale
    scale: float  # of the whole picture to this scale
    rows: IntArray
    columns: IntArray
    templates: IntArray
    scores: FloatArray


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
        # And one for the pose offsets of all templates, of which each window takes its own.
        pose = arrays.pose_weights.transpose(1, 0, 2)
        self._pose_weights = np.ascontiguousarray(pose).reshape(WINDOW_NUMBERS, -1)
        self._scratch = Scratch()

    def search(
        self, pyramid: list[ImageU8], min_face: float, most: int, crowd: bool = False
    ) -> FloatArray:
        """Candidates of a picture, the best first.

        Parameters
        ----------
        pyramid
            The grey picture's image pyramid.
        min_face
            Side of the smallest face to find, in pixels. Time grows with the square of the
            picture's size over this.
        most
            Number of candidates; those of a high logit may be more, and in a crowd all likely
            ones.
        crowd
            Whether faces are known to crowd; else the windows tell.

        Returns
        -------
        Shape (candidates, 5): centre x, centre y, side, tilt in degrees, logit.
        """
        candidates, certain = [], _CERTAIN_LOGIT
        for boxes, windows, templates in self.windows(pyramid, min_face):
            logits = self.arrays.classifier.logits(windows)
            best = np.argsort(-logits, kind="stable")[:_MOST_REFINED]
            boxes = self.refine(boxes[best], windows[best], templates[best])
            candidates.append(np.column_stack([boxes, logits[best]]))
            if not crowd and (logits > _CROWD_LOGIT).sum() < _CROWD * _MOST_CLASSIFIED:
                break
            certain = _CROWD_LOGIT
        if not candidates:
            return np.empty((0, 5), np.float32)
        found = suppress_by_distance(np.concatenate(candidates))
        return found[: max(most, int((found[:, 4] > certain).sum()))]

    def windows(
        self, pyramid: list[ImageU8], min_face: float
    ) -> Iterator[tuple[FloatArray, FloatArray, IntArray]]:
        """Windows above the threshold, the best first, some hundred at once.

        Yields
        ------
        Boxes (n, 4), numbers (n, 252), templates (n,).
        """
        levels = list(self._levels(pyramid, min_face))
        if not levels:
            return
        numbers = np.repeat(np.arange(len(levels)), [len(one.scores) for one in levels])
        scores, rows, columns, templates = (
            np.concatenate([getattr(one, name) for one in levels])
            for name in ("scores", "rows", "columns", "templates")
        )
        order = np.argsort(-scores, kind="stable")
        for begin in range(0, len(order), _MOST_CLASSIFIED):
            best = order[begin : begin + _MOST_CLASSIFIED]
            yield self._cut(levels, *(one[best] for one in (numbers, rows, columns, templates)))

    def _cut(
        self,
        levels: list[_Level],
        numbers: IntArray,
        rows: IntArray,
        columns: IntArray,
        templates: IntArray,
    ) -> tuple[FloatArray, FloatArray, IntArray]:
        """Boxes and numbers of windows, by the number of their level, row and column."""
        windows = np.empty((len(numbers), WINDOW_NUMBERS), np.float32)
        for number, level in enumerate(levels):
            of_level = numbers == number
            windows[of_level] = level.grid.windows(rows[of_level], columns[of_level])
        cells, borders, scales = np.array(
            [(one.cell, one.border, one.scale) for one in levels], np.float32
        )[numbers].T
        sides = TEMPLATE_CELLS * cells
        x, y = (one * cells + sides / 2 - borders for one in (columns, rows))
        boxes = np.stack([x * scales, y * scales, sides * scales, self.arrays.tilts_deg[templates]])
        return boxes.T.astype(np.float32), windows, templates

    def refine(self, boxes: FloatArray, windows: FloatArray, templates: IntArray) -> FloatArray:
        """The boxes after the pose offsets that their windows predict, shape (n, 4)."""
        offsets = finite_product(windows, self._pose_weights)
        offsets = offsets.reshape(len(boxes), *self.arrays.pose_biases.shape)
        own = offsets[np.arange(len(boxes)), templates] + self.arrays.pose_biases[templates]
        return apply_pose_offsets(boxes, own)

    def _levels(self, pyramid: list[ImageU8], min_face: float) -> Iterator[_Level]:
        """What each scale finds."""
        height, width = pyramid[0].shape
        gray = resized_by(pyramid, min(1.0, TEMPLATE_PIXELS / min_face))
        scale = 0.5 * (width / gray.shape[1] + height / gray.shape[0])
        while _MAX_FACE_SHARE * min(gray.shape) >= TEMPLATE_PIXELS:
            yield from self._octave(gray, scale)
            gray, scale = halved(gray), 2 * scale

    def _octave(self, gray: ImageU8, scale: float) -> Iterator[_Level]:
        shortest = min(gray.shape)
        border = _BORDER if shortest < 6 * TEMPLATE_PIXELS else 0
        if border:
            sides = (border, border, border, border)
            framed = cv2.copyMakeBorder(gray, *sides, cv2.BORDER_REPLICATE)
            gray = framed.astype(np.uint8, copy=False)
        planes = gradient_planes(gray, self._scratch)
        for cell in CELLS:
            if _MAX_FACE_SHARE * shortest >= TEMPLATE_CELLS * cell:
                grid = CellGrid(planes, cell, self._scratch, f"cells of {cell * scale:.3f} pixels")
                yield self._level(grid, cell, border, scale)

    def _level(self, grid: CellGrid, cell: float, border: int, scale: float) -> _Level:
        """The places that score best around and above the threshold."""
        scores = grid.scores(self._by_row, self.arrays.biases, self._scratch)
        best = scores.max(axis=1).transpose(1, 2, 0)
        best = np.ascontiguousarray(best).reshape(len(best), -1)
        best = best[:, : grid.columns - TEMPLATE_CELLS + 1]
        peaks = (best > self.arrays.threshold) & (best >= cv2.dilate(best, _AROUND))
        rows, columns = np.nonzero(peaks)
        across, phase = np.divmod(columns, TEMPLATE_CELLS)
        templates = scores[phase, :, rows, across].argmax(axis=1)
        return _Level(grid, cell, border, scale, rows, columns, templates, best[rows, columns])
