"""Coarse search: places that could hold a face, found by sliding templates over all scales."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from emocam.detection.cell_gradients import CHANNELS, gradient_cells, gradient_planes
from emocam.detection.centroid_classifier import CenterJudge
from emocam.detection.oriented_boxes import halved, mended
from emocam.types import FloatArray, ImageU8

TEMPLATE_CELLS = 6
CELLS = (4.0, 5.0, 6.0)  # pixels: three scales an octave
TEMPLATE_PIXELS = 24
WINDOW_NUMBERS = TEMPLATE_CELLS * TEMPLATE_CELLS * CHANNELS
_BORDER = 16  # pixels repeated around small pictures, where a face may fill all
_MOST_FILLED = 1.3  # times the picture's shorter side: a face's frame may be larger
_SAME_PLACE = 0.25  # of the face's width: closer candidates of like size are one
_SAME_SIZE = 1.35  # times larger is still a like size
_SURE = 1.0  # log-odds
_MOST_JUDGED = 400  # windows; the many worse ones are hardly ever a face's best
_MOST_MENDED = 200  # of them
_NONE = np.empty((0, WINDOW_NUMBERS), np.float32)


@dataclass(frozen=True, eq=False)
class ScanArrays:
    """What the coarse search has learnt.

    Attributes
    ----------
    weights, biases
        Shapes (252, templates) and (templates,): a window of 6 rows × 6 columns × 7 channels scores
        its product with the template plus the bias.
    tilts_deg
        Shape (templates,): tilt of the heads that a template knows, anticlockwise.
    threshold
        Windows that score less are not looked at any more.
    pose_weights, pose_biases
        Shapes (templates, 252, 4) and (templates, 4): from a window to how its frame must be
        mended, see `frames.mended`.
    judge
        The second look at the windows that score enough.
    """

    weights: FloatArray
    biases: FloatArray
    tilts_deg: FloatArray
    threshold: float
    pose_weights: FloatArray
    pose_biases: FloatArray
    judge: CenterJudge


class TemplateScan:
    """Slides linear templates, one a tilt of the head, over the gradients of a picture.

    The sliding window of Dalal and Triggs ("Histograms of oriented gradients for human
    detection", CVPR 2005) with a mixture of templates (Felzenszwalb et al., PAMI 2010). The same
    252 numbers of the windows that are best around then say how the frame must be mended (a step
    of Dollár et al., "Cascaded pose regression", CVPR 2010), and are compared with K-Means
    centres. It is tuned to miss little; what it finds must be verified.
    """

    def __init__(self, arrays: ScanArrays) -> None:
        self.arrays = arrays
        rows = arrays.weights.reshape(TEMPLATE_CELLS, TEMPLATE_CELLS * CHANNELS, -1)
        # One product for all rows of the templates: (rows × templates) × (columns × channels).
        self._by_row = np.ascontiguousarray(rows.transpose(0, 2, 1)).reshape(-1, rows.shape[1])

    def search(self, halves: list[ImageU8], min_face: float, most: int) -> FloatArray:
        """Candidates of a picture, the best first.

        Parameters
        ----------
        halves
            The grey picture and its halvings, see `frames.halvings`.
        min_face
            Side of the smallest face that is looked for, in pixels. Time grows with the square
            of how much smaller this is than the picture.
        most
            Number of candidates; only those that are sure, as in a crowd, may be more.

        Returns
        -------
        Shape (candidates, 5): centre x, centre y, side, tilt in degrees, log-odds.
        """
        frames, windows, templates = self.windows(halves, min_face)
        odds = self.arrays.judge.log_odds(windows)
        best = np.argsort(-odds, kind="stable")[:_MOST_MENDED]
        frames, odds = self.mend(frames[best], windows[best], templates[best]), odds[best]
        found = apart(np.column_stack([frames, odds]))
        return found[: max(most, int((found[:, 4] > _SURE).sum()))]

    def windows(
        self, halves: list[ImageU8], min_face: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Frames (n, 4), numbers (n, 252) and templates (n,) of the windows worth a second look."""
        height, width = halves[0].shape
        shrink = min(1.0, TEMPLATE_PIXELS / min_face)
        gray = _shrunk(halves, shrink)
        scale = 0.5 * (width / gray.shape[1] + height / gray.shape[0])
        found: list[tuple[FloatArray, FloatArray, FloatArray]] = [
            (_NONE[:, :5], _NONE, _NONE[:, 0])
        ]
        while _MOST_FILLED * min(gray.shape) >= TEMPLATE_PIXELS:
            for frames, windows, scores in self._octave(gray):
                frames[:, :3] *= scale
                found.append((frames, windows, scores))
            gray, scale = halved(gray), 2 * scale
        frames, windows, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        best = np.argsort(-scores, kind="stable")[:_MOST_JUDGED]
        return frames[best, :4], windows[best], frames[best, 4].astype(np.intp)

    def mend(self, frames: FloatArray, windows: FloatArray, templates: FloatArray) -> FloatArray:
        """The frames as the numbers of their windows say that they should be, shape (n, 4)."""
        learnt = self.arrays
        pose = np.einsum("nf,nfp->np", windows, learnt.pose_weights[templates])
        return mended(frames, pose + learnt.pose_biases[templates])

    def _octave(self, gray: ImageU8) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
        shortest = min(gray.shape)
        border = _BORDER if shortest < 6 * TEMPLATE_PIXELS else 0
        if border:
            sides = (border, border, border, border)
            framed = cv2.copyMakeBorder(gray, *sides, cv2.BORDER_REPLICATE)
            gray = framed.astype(np.uint8, copy=False)
        planes = gradient_planes(gray)
        fitting = [cell for cell in CELLS if _MOST_FILLED * shortest >= TEMPLATE_CELLS * cell]
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
        frames = np.stack([*centers, np.full(len(rows), side), tilts, template], axis=1)
        frames = frames.astype(np.float32)
        around = np.arange(TEMPLATE_CELLS)
        windows = cells[(rows[:, None] + around)[:, :, None], (columns[:, None] + around)[:, None]]
        return frames, windows.reshape(-1, WINDOW_NUMBERS), best[rows, columns]

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


def apart(candidates: FloatArray) -> FloatArray:
    """The best candidates, of which no two are about the same place and size.

    Parameters
    ----------
    candidates
        Shape (candidates, 5): centre x, centre y, side, tilt, score.

    Returns
    -------
    The kept rows, best first.
    """
    ordered = candidates[np.argsort(-candidates[:, 4], kind="stable")]
    x, y, side = ordered[:, :3].T
    smaller = np.minimum(side[:, None], side)
    away = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    near = away <= (_SAME_PLACE * smaller) ** 2
    alike = near & (np.maximum(side[:, None], side) <= _SAME_SIZE * smaller)
    left = np.ones(len(ordered), bool)
    kept = []
    for number in range(len(ordered)):
        if left[number]:
            kept.append(number)
            left &= ~alike[number]
    return np.asarray(ordered[kept], np.float32)


def _shrunk(halves: list[ImageU8], shrink: float) -> ImageU8:
    """The picture at this scale, made of the halving that is just large enough."""
    height, width = halves[0].shape
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    large = [half for half in halves if half.shape[0] >= size[1] and half.shape[1] >= size[0]]
    shrunk = cv2.resize(large[-1], size, interpolation=cv2.INTER_LINEAR)  # by less than two
    return shrunk.astype(np.uint8, copy=False)
