from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.quantized import quantize


@pytest.fixture
def array():
    """Columns of very different sizes, and more rows than are multiplied at a time."""
    random = np.random.default_rng(0)
    return (random.standard_normal((5000, 4)) * [1, 10, 0, 1e-3]).astype(np.float32)


def test_eight_bits_are_close_enough(array):
    kept = quantize(array)
    assert kept.values.dtype == np.int8
    furthest = np.abs(kept.dequantized() - array).max(axis=0)
    assert furthest == pytest.approx(kept.scale / 2, rel=0.1, abs=1e-12)


def test_what_is_rounded_stays_as_it_is(array):
    once = quantize(array)
    again = quantize(once.dequantized())
    assert np.array_equal(again.values, once.values)


def test_products_are_those_of_the_whole_matrix(array):
    kept = quantize(array)
    random = np.random.default_rng(1)
    weights = random.standard_normal((3, 5000)).astype(np.float32)
    points = random.standard_normal((3, 4)).astype(np.float32)
    assert kept.left_product(weights) == pytest.approx(
        weights @ kept.dequantized(), rel=1e-3, abs=1e-3
    )
    assert kept.transposed_product(points) == pytest.approx(
        points @ kept.dequantized().T, rel=1e-4, abs=1e-4
    )
