"""Readings relative to a baseline segment: what each participant's face shows beyond its rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from emocam.study.frames import Floats, SessionFrames
from emocam.study.neutral_bias import NeutralBias, learn_bias
from emocam.study.segments import Segment

_MOMENT_S = 0.2


def neutral_bias(
    sessions: Sequence[tuple[SessionFrames, Sequence[Segment]]], baseline: str
) -> NeutralBias | None:
    """The bias of one participant's face at rest; None without enough readings.

    Parameters
    ----------
    sessions
        The participant's, with their segments.
    baseline
        Name of the segments in which the face was at rest.
    """
    rows = [
        part.probabilities[~np.isnan(part.probabilities[:, 0])]
        for frames, segments in sessions
        for segment in segments
        if segment.name == baseline
        for part in [frames.between(segment.start_s, segment.end_s)]
    ]
    return learn_bias(np.concatenate(rows), sessions[0][0].labels) if rows else None


def relative_to(frames: SessionFrames, bias: NeutralBias, certainty: float) -> SessionFrames:
    """A session read anew, without what the participant's face always shows.

    Parameters
    ----------
    frames
        As the model read them, smoothed.
    bias
        Of the participant.
    certainty
        Below it a label is `unsure`.
    """
    read = np.flatnonzero((frames.label_codes >= 0) & ~np.isnan(frames.probabilities[:, 0]))
    if not len(read):
        return frames
    shares = bias.apply(frames.probabilities[read])
    best = _calm(shares.argmax(axis=1), frames.time_s[read])
    sure = shares[np.arange(len(read)), best]
    label_codes, probabilities = frames.label_codes.copy(), frames.probabilities.copy()
    certainties = frames.certainty.copy()
    label_codes[read] = np.where(sure >= certainty, best, len(frames.labels))
    probabilities[read], certainties[read] = shares, sure
    return replace(
        frames, label_codes=label_codes, probabilities=probabilities, certainty=certainties
    )


def _calm(best: npt.NDArray[np.int64], times_s: Floats) -> npt.NDArray[np.int64]:
    """Labels that hold for a moment only become those before; the readings are smooth already."""
    first = np.flatnonzero(np.r_[True, best[1:] != best[:-1]])
    ends_s = np.r_[times_s[first[1:]], np.inf]
    holds = ends_s - times_s[first] >= _MOMENT_S
    holds[0] = True
    before = np.maximum.accumulate(np.where(holds, np.arange(len(first)), 0))
    lengths = np.diff(np.append(first, len(best)))
    return np.repeat(best[first[before]], lengths)


def changes(
    values: Mapping[str, float], resting: Mapping[str, float], names: Sequence[str]
) -> dict[str, float]:
    """Measures less those of the baseline, under the names `<measure>_change`."""
    return {f"{name}_change": values[name] - resting[name] for name in names}
