"""Temporal smoothing: exponential means of log-probabilities, and hysteresis of labels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emocam.types import FloatArray, IntArray

_MEMORY_S = 0.45  # time constant: after it, a new expression has 63 % of the weight
_CLIP_MEMORY_S = 0.175  # offline, in each direction
_LEAD = 1.35  # hysteresis: how many times as probable as the current label a new one must be ...
_HOLD_S = 0.2  # ... and for how long
_FORGET_S = 2.0  # after a longer gap the state is reset
_FLOOR = 1e-3  # of a probability, so that one reading can't rule a label out
_SWITCH_COST_S = 0.20  # offline: price of a change of label, in nats × seconds


@dataclass(frozen=True)
class Smoothed:
    """The smoothed state of a face."""

    probabilities: tuple[float, ...]  # one a label, summing to 1
    # Index of the label, with hysteresis: not always the most probable one
    best: int


@dataclass
class _Memory:
    log_probabilities: FloatArray
    best: int
    time_s: float
    rival: int
    rival_since_s: float


class EmotionSmoother:
    """Smooths the readings of each face online.

    Log-probabilities are averaged with weights that decay exponentially in time, so the result
    does not depend on the frame rate; a new label replaces the current one after a clear lead.

    Parameters
    ----------
    memory_s
        Seconds after which a reading has lost 63 % of its weight. More is smoother and later.
    lead
        How many times as probable as the current label a new one must be.
    hold_s
        Seconds for which the lead must last.
    """

    def __init__(
        self, memory_s: float = _MEMORY_S, lead: float = _LEAD, hold_s: float = _HOLD_S
    ) -> None:
        self.memory_s = memory_s
        self.lead = lead
        self.hold_s = hold_s
        self._faces: dict[int, _Memory] = {}

    def update(self, face_id: int, probabilities: Sequence[float], time_s: float) -> Smoothed:
        """Update with one reading of one face.

        Parameters
        ----------
        face_id
            The face's number, from the tracker.
        probabilities
            One a label, summing to 1.
        time_s
            Time of the frame that was read, in seconds.
        """
        logs = _logs(np.asarray(probabilities, dtype=np.float32))
        memory = self._faces.get(face_id)
        if memory is None or not 0 <= time_s - memory.time_s <= _FORGET_S:
            best = int(logs.argmax())
            memory = self._faces[face_id] = _Memory(logs, best, time_s, best, time_s)
        else:
            self._blend(memory, logs, time_s)
        return Smoothed(tuple(float(p) for p in _normal(memory.log_probabilities)), memory.best)

    def forget_before(self, time_s: float) -> None:
        """Drop faces that were last read before this time."""
        self._faces = {key: one for key, one in self._faces.items() if one.time_s >= time_s}

    def _blend(self, memory: _Memory, logs: FloatArray, time_s: float) -> None:
        share = 1.0 - math.exp(-(time_s - memory.time_s) / self.memory_s)
        memory.log_probabilities += np.float32(share) * (logs - memory.log_probabilities)
        memory.time_s = time_s
        leader = int(memory.log_probabilities.argmax())
        lead = memory.log_probabilities[leader] - memory.log_probabilities[memory.best]
        if leader == memory.best or lead < math.log(self.lead):
            memory.rival, memory.rival_since_s = memory.best, time_s
        elif leader != memory.rival:
            memory.rival, memory.rival_since_s = leader, time_s
        elif time_s - memory.rival_since_s >= self.hold_s:
            memory.best = leader


def smooth_clip(
    probabilities: FloatArray, times_s: Sequence[float], memory_s: float = _CLIP_MEMORY_S
) -> tuple[FloatArray, IntArray]:
    """Smooth all readings of one face in a clip, without delay.

    Probabilities are filtered forwards and backwards. Labels are the sequence that explains them
    best when each change of label has a price (Viterbi, IEEE Transactions on Information Theory,
    1967).

    Parameters
    ----------
    probabilities
        Shape (readings, labels); rows sum to 1.
    times_s
        Time of each reading in seconds, rising.
    memory_s
        Seconds after which a reading has lost 63 % of its weight, in each direction.

    Returns
    -------
    Smoothed probabilities, shape (readings, labels), and the index of the label to show,
    shape (readings,).
    """
    times = np.asarray(times_s, dtype=np.float64)
    logs = _logs(np.asarray(probabilities, dtype=np.float32))
    if not len(times):
        return np.empty(logs.shape, np.float32), np.empty(0, np.int64)
    smooth, best = np.empty_like(logs), np.empty(len(times), np.int64)
    starts = [0, *(np.flatnonzero(np.diff(times) > _FORGET_S) + 1), len(times)]
    for start, stop in itertools.pairwise(starts):
        part, gaps = logs[start:stop], np.diff(times[start:stop]).astype(np.float32)
        forward, backward = (
            _one_way(part, gaps, memory_s),
            _one_way(part[::-1], gaps[::-1], memory_s),
        )
        smooth[start:stop] = _normal((forward + backward[::-1]) * np.float32(0.5))
        best[start:stop] = _cheapest_labels(_logs(smooth[start:stop]), gaps)
    return smooth, best


def _one_way(logs: FloatArray, gaps: FloatArray, memory_s: float) -> FloatArray:
    out = np.array(logs)
    for row, gap in enumerate(gaps, 1):
        share = np.float32(1.0 - math.exp(-gap / memory_s))
        out[row] = out[row - 1] + share * (logs[row] - out[row - 1])
    return out


def _cheapest_labels(logs: FloatArray, gaps: FloatArray) -> IntArray:
    """Labels that maximise the evidence (log-probability × seconds) less the price of changes."""
    seconds = np.r_[gaps[:1] if len(gaps) else 1.0, gaps]
    gains = logs * seconds[:, None]
    total, came_from = gains[0].copy(), np.zeros(logs.shape, np.int64)
    for row in range(1, len(logs)):
        leader = int(total.argmax())
        stays = total >= total[leader] - _SWITCH_COST_S
        came_from[row] = np.where(stays, np.arange(logs.shape[1]), leader)
        total = np.where(stays, total, total[leader] - _SWITCH_COST_S) + gains[row]
    best = np.empty(len(logs), np.int64)
    best[-1] = total.argmax()
    for row in range(len(logs) - 1, 0, -1):
        best[row - 1] = came_from[row, best[row]]
    return best


def _logs(probabilities: FloatArray) -> FloatArray:
    floored = probabilities + np.float32(_FLOOR)
    return np.asarray(np.log(floored / floored.sum(axis=-1, keepdims=True)), dtype=np.float32)


def _normal(logs: FloatArray) -> FloatArray:
    powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)
