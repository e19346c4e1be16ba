from __future__ import annotations

import numpy as np
import pytest

from emocam.detection.products import finite_product


class FlagRaiser(np.ndarray):
    """A product that raises the processor's flag for nothing, as some BLAS kernels do."""

    def __matmul__(self, other):
        np.float32(np.inf) - np.float32(np.inf)
        return np.asarray(self) @ other


def test_a_flag_for_nothing_is_no_warning_and_a_wrong_number_an_error():
    rows, weights = np.ones((3, 5), np.float32), np.arange(5, dtype=np.float32)
    raiser = rows.view(FlagRaiser)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        raiser @ weights
    np.testing.assert_array_equal(finite_product(raiser, weights), [10, 10, 10])
    with pytest.raises(FloatingPointError, match="not finite"):
        finite_product(rows * np.nan, weights)
