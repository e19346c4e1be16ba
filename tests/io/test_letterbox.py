from __future__ import annotations

import numpy as np

from emocam.io.letterbox import letterbox


def test_another_size_fits_with_margins() -> None:
    framed = letterbox(np.full((100, 100, 3), 255, np.uint8), (200, 100))
    assert framed.shape == (100, 200, 3)
    assert framed[:, 50:150].min() == 255
    assert framed[:, :50].max() == 0 == framed[:, 150:].max()


def test_the_same_size_is_left_alone() -> None:
    image = np.zeros((10, 20, 3), np.uint8)
    assert letterbox(image, (20, 10)) is image
