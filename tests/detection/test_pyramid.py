"""The image pyramid."""

from __future__ import annotations

import numpy as np

from emocam.detection.pyramid import halved, image_pyramid, resized_by


def test_levels_go_down_to_about_the_training_format() -> None:
    levels = image_pyramid(np.zeros((201, 411), np.uint8))
    assert [level.shape for level in levels] == [(201, 411), (100, 205), (50, 102)]
    assert halved(np.full((5, 7, 3), 9, np.uint8)).shape == (2, 3, 3)


def test_any_scale_is_made_from_the_next_larger_level() -> None:
    levels = [np.full((100, 200), 10, np.uint8), np.full((50, 100), 20, np.uint8)]
    assert resized_by(levels, 0.4).shape == (40, 80)
    assert resized_by(levels, 0.4).max() == 20
    assert resized_by(levels, 0.6).max() == 10
