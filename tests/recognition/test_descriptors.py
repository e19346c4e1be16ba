from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.descriptors import MIRRORED, describe, grid_points, orientation_maps


@pytest.fixture
def faces():
    return np.random.default_rng(1).integers(0, 256, (3, 48, 48)).astype(np.uint8)


@pytest.mark.parametrize(
    ("step", "orientation"),
    [((0, 1), 0), ((1, 1), 1), ((1, 0), 2), ((0, -1), 4), ((-1, 0), 6)],
    ids=["right", "right and down", "down", "left", "up"],
)
def test_a_ramp_goes_to_the_orientation_that_it_rises_to(step, orientation):
    down, across = np.mgrid[0:16, 0:16]
    ramp = (128 + 3 * (step[0] * down + step[1] * across)).astype(np.uint8)
    maps = orientation_maps(ramp[None])[0, :, 4:12, 4:12]
    strength = 6 * np.hypot(*step)
    assert maps[orientation] == pytest.approx(np.full((8, 8), strength), rel=1e-3)
    assert np.delete(maps, orientation, axis=0).max() < 0.01 * strength


def test_a_gradient_between_two_orientations_is_shared():
    down, across = np.mgrid[0:16, 0:16]
    ramp = (2 * across + np.round(2 * np.tan(np.pi / 8) * down)).astype(np.uint8)
    maps = orientation_maps(ramp[None])[0, :, 2:14, 2:14].mean(axis=(1, 2))
    assert maps[0] == pytest.approx(maps[1], rel=0.15)
    assert maps[2:].max() < 0.1 * maps[0]


@pytest.mark.parametrize(("cell", "step"), [(3.0, 3), (4.5, 3), (6.0, 3), (2.0, 5)])
def test_a_mirrored_face_has_the_descriptors_mirrored(faces, cell, step):
    plain = describe(orientation_maps(faces), cell, step)
    turned = describe(orientation_maps(np.ascontiguousarray(faces[:, :, ::-1])), cell, step)
    points = len(grid_points(48, step))
    assert plain.shape == (3, points**2, 128)
    grid = plain.reshape(3, points, points, 128)[:, :, ::-1][..., MIRRORED]
    assert turned.reshape(grid.shape) == pytest.approx(grid, abs=1e-5)


def test_contrast_and_brightness_hardly_change_a_descriptor(faces):
    calm = (faces * 0.5 + 60).astype(np.uint8)
    plain, other = (describe(orientation_maps(images), 4.5, 3) for images in (faces, calm))
    cosine = (plain * other).sum(axis=2) / np.linalg.norm(plain, axis=2)
    assert (cosine / np.linalg.norm(other, axis=2)).min() > 0.98


def test_a_flat_face_has_no_descriptors():
    assert not describe(orientation_maps(np.full((1, 48, 48), 90, np.uint8)), 3.0, 3).any()
