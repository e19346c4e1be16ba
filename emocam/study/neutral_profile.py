"""Probabilities relative to one person's neutral face, where only tables of them are left.

With the faces at hand, `emocam.recognition.personal` does it in the learnt space.

A resting face whose mouth turns down, or whose brows are heavy, reads as sad or angry to
whoever knows it only against the average of all faces. What the model says of the same face
while its owner looks neutral is a bias that can be taken off: each label that is said too
strongly over those seconds is moved, in log-probability against neutral, to where it would be
for a clearly neutral face
(a change of priors in log space: Saerens, Latinne and Decaestecker, Neural Computation 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emocam.errors import InputError
from emocam.recognition.labels import NEUTRAL
from emocam.types import FloatArray

_CLEARLY_NEUTRAL = 0.7  # what a calibrated neutral face should read on the average
_MOST_BIAS = 2.0  # in nats: no label can be argued away however the three seconds went
_FLOOR = 1e-4
FEWEST_READINGS = 5


@dataclass(frozen=True)
class NeutralProfile:
    """What to take off the log-probabilities of one person."""

    labels: tuple[str, ...]  # the model's labels, in order
    bias: tuple[float, ...]  # one a label, in nats; taken off the log-probability
    model: str  # hash of the model that it was made with; it fits no other
    readings: int  # how many readings it was made of

    def __post_init__(self) -> None:
        if len(self.bias) != len(self.labels) or not np.isfinite(self.bias).all():
            raise ValueError(f"one finite bias a label: {len(self.labels)}, got {self.bias}")

    def apply(self, probabilities: FloatArray) -> FloatArray:
        """Probabilities, shape (labels,), as they are for this person; they sum to 1."""
        logs = np.log(np.maximum(probabilities, _FLOOR)) - np.asarray(self.bias)
        shares = np.exp(logs - logs.max())
        return np.asarray(shares / shares.sum(), dtype=np.float32)


def learn_neutral(
    probabilities: Sequence[FloatArray], labels: tuple[str, ...], model: str
) -> NeutralProfile:
    """The profile of a person from readings of the neutral face.

    Parameters
    ----------
    probabilities
        Unsmoothed readings, each of shape (labels,); at least FEWEST_READINGS.
    labels
        The model's labels; `neutral` is among them.
    model
        The model's hash.

    Raises
    ------
    InputError
        When there are too few readings, or the model knows no neutral face.
    """
    if NEUTRAL not in labels:
        raise InputError(f"the model has no label '{NEUTRAL}' to calibrate to")
    if len(probabilities) < FEWEST_READINGS:
        raise InputError(f"seen {len(probabilities)} times, at least {FEWEST_READINGS} are needed")
    seen = np.log(np.maximum(np.stack(probabilities), _FLOOR)).mean(axis=0)
    rest = (1 - _CLEARLY_NEUTRAL) / max(1, len(labels) - 1)
    against_neutral = seen - seen[labels.index(NEUTRAL)]
    # Only what a resting face is wrongly read as is taken off. Labels that it is read as too
    # seldom stay as they are: raised, they would be said of expressions that are others.
    bias = np.clip(against_neutral - np.log(rest / _CLEARLY_NEUTRAL), 0.0, _MOST_BIAS)
    bias[labels.index(NEUTRAL)] = 0.0
    return NeutralProfile(labels, tuple(round(float(b), 4) for b in bias), model, len(seen))
