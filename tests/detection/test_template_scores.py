"""Templates slide over a grid of cells as a product with each window would."""

from __future__ import annotations

import cv2
import numpy as np

from emocam.detection.cell_gradients import gradient_cells, gradient_planes
from emocam.detection.scratch import Scratch
from emocam.detection.template_scores import TEMPLATE_CELLS, WINDOW_NUMBERS, CellGrid


def test_scores_and_windows_are_those_of_each_window_alone() -> None:
    rng = np.random.default_rng(0)
    gray = np.asarray(
        cv2.GaussianBlur(rng.integers(0, 256, (90, 110), np.uint8), (0, 0), 2), np.uint8
    )
    planes, scratch = gradient_planes(gray), Scratch()
    weights = rng.normal(size=(WINDOW_NUMBERS, 3)).astype(np.float32)
    biases = rng.normal(size=3).astype(np.float32)
    by_row = weights.reshape(TEMPLATE_CELLS, -1, 3).transpose(0, 2, 1).reshape(-1, 42)
    grid = CellGrid(planes, 5.0, scratch, "cells")
    scores = grid.scores(np.ascontiguousarray(by_row), biases, scratch)
    cells = gradient_cells(planes, 5.0)
    for row, column in [(0, 0), (3, 7), (grid.rows - 6, grid.columns - 6)]:
        window = cells[row : row + 6, column : column + 6].ravel()
        found = scores[column % 6, :, row, column // 6]
        assert np.allclose(found, window @ weights + biases, atol=1e-4)
        taken = grid.windows(np.array([row]), np.array([column]))
        assert np.array_equal(taken[0], window)


def test_scratch_is_used_again_and_grows() -> None:
    scratch = Scratch()
    first = scratch.array("a", 4, 5)
    assert np.shares_memory(first, scratch.array("a", 2, 3))
    assert not np.shares_memory(first, scratch.array("b", 4, 5))
    assert scratch.array("a", 50, 2).shape == (50, 2)
