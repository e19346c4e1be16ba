"""Of candidates that show one face, the best stays."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.detection.nms import contained, suppress_by_containment, suppress_by_distance


def test_of_candidates_at_one_place_the_best_stays() -> None:
    rows = np.array(
        [[50, 50, 40, 0, 1], [55, 50, 40, 0, 3], [50, 50, 80, 0, 2], [90, 50, 40, 0, -1]],
        np.float32,
    )
    assert suppress_by_distance(rows)[:, 4].tolist() == [3, 2, -1]
    assert suppress_by_distance(rows[:0]).shape == (0, 5)


def test_no_face_lies_within_a_better_one() -> None:
    rows = np.array(
        [[50, 50, 20, 0, 0.6], [50, 50, 60, 0, 0.9], [90, 50, 40, 0, 0.7], [200, 50, 40, 0, 0.5]],
        np.float32,
    )
    kept = suppress_by_containment(rows)
    assert kept[:, 4] == pytest.approx([0.9, 0.7, 0.5])
    assert suppress_by_containment(rows[:0]).shape == (0, 5)


def test_what_shares_half_of_the_smaller_square_is_contained() -> None:
    boxes = np.array([[50, 50, 20], [90, 50, 40], [50, 90, 60]], np.float32)
    assert contained(boxes, np.array([[50, 50, 60]], np.float32)).tolist() == [True, False, False]
    assert contained(boxes, boxes[:0]).tolist() == [False] * 3
