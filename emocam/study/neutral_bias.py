"""How much too strongly each label is read in one person's face at rest, from readings alone.

A resting face whose mouth turns down reads as sad to whoever knows it only against the average of
all faces. What is read of it while its owner looks neutral is a bias that can be taken off. It
needs probabilities only, no pictures, so that it can be learnt from tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emocam.recognition.labels import NEUTRAL
from emocam.types import FloatArray

FEWEST_READINGS = 5
_CLEARLY_NEUTRAL = 0.7  # what a calibrated neutral face should read on the average
_MOST_BIAS = 2.0  # in nats: no label can be argued away, however the face at rest was read
_FLOOR = 1e-4


@dataclass(frozen=True, eq=False)
class NeutralBias:
    """What to take off the log-probabilities of one person."""

    bias: FloatArray  # one a label, in nats, from 0; shape (labels,)
    readings: int  # how many it was learnt from

    def apply(self, probabilities: FloatArray) -> FloatArray:
        """Probabilities as they are for this person, shape (n, labels); each row sums to 1."""
        logs = np.log(np.maximum(probabilities, _FLOOR)) - self.bias
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def learn_bias(probabilities: FloatArray, labels: tuple[str, ...]) -> NeutralBias | None:
    """The bias of a person, from readings of the face at rest.

    Each label is held against neutral, and only what is read too strongly is taken off: labels
    that a resting face is read as too seldom would, if raised, be said of other expressions.

    Parameters
    ----------
    probabilities
        Shape (n, labels).
    labels
        The model's.

    Returns
    -------
    None when there are fewer than FEWEST_READINGS, or no label `neutral`.
    """
    if NEUTRAL not in labels or len(probabilities) < FEWEST_READINGS:
        return None
    seen = np.log(np.maximum(probabilities, _FLOOR)).mean(axis=0)
    usual = np.log((1 - _CLEARLY_NEUTRAL) / (len(labels) - 1) / _CLEARLY_NEUTRAL)
    above = seen - seen[labels.index(NEUTRAL)] - usual
    bias = np.clip(above, 0.0, _MOST_BIAS).astype(np.float32)
    bias[labels.index(NEUTRAL)] = 0.0
    return NeutralBias(bias, len(probabilities))
