"""Gradients of pictures in cells of several sizes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from emocam.detection.cell_gradients import gradient_cells, gradient_planes
from emocam.types import ImageU8


def noise(*shape: int) -> ImageU8:
    rough = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(rough, (0, 0), 2), np.uint8)


def test_planes_in_strips_are_those_of_the_whole_picture() -> None:
    gray = noise(150, 131)
    x = cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=1, borderType=cv2.BORDER_REPLICATE)[:, :130]
    y = cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=1, borderType=cv2.BORDER_REPLICATE)[:, :130]
    planes = gradient_planes(gray)
    angle, strength = np.arctan2(y, x), np.hypot(x, y)
    for plane, times, wave in [(1, 1, np.cos), (2, 1, np.sin), (4, 2, np.sin), (5, 4, np.cos)]:
        full = strength * wave(times * angle)
        wanted = full.reshape(75, 2, 65, 2).mean(axis=(1, 3))
        assert np.abs(planes[plane][:, :64] - wanted[:, :64]).max() < 0.05


@pytest.mark.parametrize("cell", [4.0, 5.0, 6.0])
def test_cells_of_several_sizes_cover_the_picture(cell: float) -> None:
    cells = gradient_cells(gradient_planes(noise(120, 90)), cell)
    assert cells.shape == (int(120 / cell), int(90 / cell), 7)
    assert np.isfinite(cells).all()


def test_contrast_does_not_matter_to_cells() -> None:
    gray = noise(96, 96)
    strong = gradient_cells(gradient_planes(cv2.convertScaleAbs(gray, alpha=1.0)), 4.0)
    weak = gradient_cells(gradient_planes(cv2.convertScaleAbs(gray, alpha=0.6)), 4.0)
    assert np.corrcoef(strong.ravel(), weak.ravel())[0, 1] > 0.99
