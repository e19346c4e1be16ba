"""Candidates of the coarse search."""

from __future__ import annotations

import numpy as np

from emocam.detection.scan import apart


def test_of_candidates_at_one_place_the_best_stays() -> None:
    rows = np.array(
        [[50, 50, 40, 0, 1], [55, 50, 40, 0, 3], [50, 50, 80, 0, 2], [90, 50, 40, 0, -1]],
        np.float32,
    )
    assert apart(rows)[:, 4].tolist() == [3, 2, -1]
    assert apart(rows[:0]).shape == (0, 5)
