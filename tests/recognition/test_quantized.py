from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.quantized import quantize


@pytest.fixture
def array():
    """Columns of very different sizes, and more rows than are multiplied at a time."""
    random = np.random.default_rng(0)
    scales = np.tile([1, 10, 0, 1e-3], 100)
    return (random.standard_normal((5000, 400)) * scales).astype(np.float32)


def test_eight_bits_are_close_enough(array):
    kept = quantize(array)
    assert kept.values.dtype == np.int8
    furthest = np.abs(kept.dequantized() - array).max(axis=0)
    assert furthest == pytest.approx(kept.scale / 2, rel=0.1, abs=1e-12)


def test_what_is_rounded_stays_as_it_is(array):
    once = quantize(array)
    again = quantize(once.dequantized())
    assert np.array_equal(again.values, once.values)


@pytest.mark.parametrize("vectors", [1, 3, 20])  # multiplied in blocks of different lengths
def test_products_are_those_of_the_whole_matrix(array, vectors):
    kept = quantize(array)
    whole = kept.dequantized().astype(np.float64)
    random = np.random.default_rng(1)
    weights = random.standard_normal((vectors, 5000)).astype(np.float32)
    points = random.standard_normal((vectors, 400)).astype(np.float32)
    assert kept.left_product(weights) == pytest.approx(weights @ whole, rel=1e-3, abs=5e-3)
    assert kept.transposed_product(points) == pytest.approx(points @ whole.T, rel=1e-3, abs=5e-3)
