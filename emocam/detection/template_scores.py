"""Linear templates at all places of a grid of cells, without a copy of any window."""

from __future__ import annotations

import numpy as np

from emocam.detection.cell_gradients import CHANNELS, cell_grid, gradient_cells
from emocam.detection.scratch import Scratch
from emocam.types import FloatArray, IntArray

TEMPLATE_CELLS = 6
WINDOW_NUMBERS = TEMPLATE_CELLS * TEMPLATE_CELLS * CHANNELS
_ROW = TEMPLATE_CELLS * CHANNELS  # numbers of a window in one row of cells


class CellGrid:
    """The cells of one scale, laid out so that windows lie there in one piece each row.

    Rows are filled up to a multiple of the template's width. The row of a window that starts at
    cell n is then numbers 7n to 7n + 42 of the whole, and the windows that start at every sixth
    cell are a matrix as it is.

    Parameters
    ----------
    planes, cell
        See `gradient_cells`.
    scratch, name
        Where the cells are kept.
    """

    def __init__(self, planes: FloatArray, cell: float, scratch: Scratch, name: str) -> None:
        self.rows, self.columns = cell_grid(planes, cell)
        self.width = -(-self.columns // TEMPLATE_CELLS) * TEMPLATE_CELLS
        self._numbers = scratch.array(name, (self.rows * self.width + TEMPLATE_CELLS) * CHANNELS)
        cells = self._numbers[: self.rows * self.width * CHANNELS]
        cells = cells.reshape(self.rows, self.width, CHANNELS)[:, : self.columns]
        gradient_cells(planes, cell, out=cells)

    def scores(self, by_row: FloatArray, biases: FloatArray, scratch: Scratch) -> FloatArray:
        """Score of each template, shape (6, templates, rows - 5, width / 6).

        The window at row r and column c has the numbers [c % 6, :, r, c // 6]; the last five
        columns and those that fill up the rows mean nothing.

        Parameters
        ----------
        by_row
            Shape (6 · templates, 42): each template's rows, the first rows of all first.
        biases
            Shape (templates,).
        """
        count, size = len(biases), self.rows * self.width // TEMPLATE_CELLS
        item = self._numbers.itemsize
        windows = np.lib.stride_tricks.as_strided(
            self._numbers,
            (TEMPLATE_CELLS, _ROW, size),
            (CHANNELS * item, item, _ROW * item),
            writeable=False,
        )
        products = scratch.array("products", TEMPLATE_CELLS, len(by_row), size)
        with np.errstate(all="ignore"):  # see `finite_product`; peaks are above a threshold
            np.matmul(by_row, windows, out=products)
        across = self.width // TEMPLATE_CELLS
        parts = products.reshape(TEMPLATE_CELLS, TEMPLATE_CELLS, count, self.rows, across)
        down = self.rows - TEMPLATE_CELLS + 1
        scores = scratch.array("scores", TEMPLATE_CELLS, count, down, across)
        np.add(parts[:, 0, :, :down], biases[:, None, None], out=scores)
        for row in range(1, TEMPLATE_CELLS):
            scores += parts[:, row, :, row : row + down]
        return scores

    def windows(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """The numbers of the windows at these places, shape (places, 252)."""
        starts = (rows[:, None] + np.arange(TEMPLATE_CELLS)) * self.width + columns[:, None]
        all_rows = np.lib.stride_tricks.as_strided(
            self._numbers,
            (self.rows * self.width, _ROW),
            (CHANNELS * self._numbers.itemsize, self._numbers.itemsize),
            writeable=False,
        )
        return np.asarray(all_rows[starts].reshape(-1, WINDOW_NUMBERS))
