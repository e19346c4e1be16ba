from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.quantized import rounded


@pytest.fixture
def array():
    """Columns of very different sizes, and more rows than are multiplied at a time."""
    random = np.random.default_rng(0)
    return (random.standard_normal((5000, 4)) * [1, 10, 0, 1e-3]).astype(np.float32)


def test_eight_bits_are_close_enough(array):
    kept = rounded(array)
    assert kept.numbers.dtype == np.int8
    furthest = np.abs(kept.full() - array).max(axis=0)
    assert furthest == pytest.approx(kept.step / 2, rel=0.1, abs=1e-12)


def test_what_is_rounded_stays_as_it_is(array):
    once = rounded(array)
    again = rounded(once.full())
    assert np.array_equal(again.numbers, once.numbers)


def test_products_are_those_of_the_whole_matrix(array):
    kept = rounded(array)
    random = np.random.default_rng(1)
    weights = random.standard_normal((3, 5000)).astype(np.float32)
    points = random.standard_normal((3, 4)).astype(np.float32)
    assert kept.weighed(weights) == pytest.approx(weights @ kept.full(), rel=1e-3, abs=1e-3)
    assert kept.compared(points) == pytest.approx(points @ kept.full().T, rel=1e-4, abs=1e-4)
