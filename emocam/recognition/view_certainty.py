"""How far a reading counts when the head is turned aside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emocam.types import Face, FloatArray

# Share of a reading that counts by yaw in degrees, the rest being an even spread over the labels.
# To 55 degrees the models are less certain by themselves and need no discount, measured on faces
# grouped by view (benchmarks/detection.md). Of profiles the test faces show too few to tell: a
# reading of them stays below the models' threshold of certainty.
_YAW_DEG = (55.0, 70.0)
_SHARES = (1.0, 0.25)


def discounted(probabilities: FloatArray, faces: Sequence[Face]) -> FloatArray:
    """Probabilities with the certainty that the view of each face allows.

    The most probable label stays the same; mixing with the even spread keeps the rows calibrated
    when the labels of turned faces are right less often.

    Parameters
    ----------
    probabilities
        Shape (n, labels), rows summing to 1.
    faces
        The n faces; those whose `yaw` is unknown count as frontal.
    """
    yaws = [abs(face.yaw or 0.0) for face in faces]
    shares = np.interp(yaws, _YAW_DEG, _SHARES).astype(np.float32)[:, None]
    even = np.float32(1.0 / probabilities.shape[1])
    return np.asarray(shares * probabilities + (1 - shares) * even, np.float32)
