"""Nearness to centres made by hand, as logit."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.detection.rbf_classifier import RbfClassifier


def test_log_odds_rise_towards_the_centre_of_faces() -> None:
    centers = np.array([[0, 0], [4, 0]], np.float32)
    weights = np.array([2, -2, 0, 0], np.float32)  # a face, none, and nothing linear
    classifier = RbfClassifier(
        np.eye(2, dtype=np.float32), np.zeros(2, np.float32), centers, 0.5, weights, 0.25
    )
    rows = np.array([[0, 0], [2, 0], [4, 0], [90, 90]], np.float32)
    assert classifier.logits(rows) == pytest.approx([2.25, 0.25, -1.75, 0.25], abs=0.01)
