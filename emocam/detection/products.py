"""Matrix products that are judged by their numbers, not by the processor's flags."""

from __future__ import annotations

import numpy as np

from emocam.types import FloatArray


def finite_product(
    left: FloatArray, right: FloatArray, out: FloatArray | None = None
) -> FloatArray:
    """`left @ right` of finite arrays, with a finite result.

    NumPy warns of an invalid value whenever the processor's flag is up after a product. BLAS
    kernels with wide registers (AVX-512) compute lanes beyond the data as well, and what happens
    there raises the flag although no number of the result is wrong: one such warning was seen in
    213 portraits, and could not be had again. So the flag is not asked, and the result is.

    Parameters
    ----------
    left, right
        Shapes (rows, n) and (n, columns), or as `np.matmul` takes them.
    out
        Where the result goes, of its shape; new by default.

    Raises
    ------
    FloatingPointError
        When a number of the result is not finite.
    """
    with np.errstate(all="ignore"):
        product = np.matmul(left, right, out=out)
    if not np.isfinite(product).all():
        raise FloatingPointError(f"a product of {left.shape} and {right.shape} is not finite")
    return np.asarray(product)
