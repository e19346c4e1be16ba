"""Readings relative to a baseline segment: a profile of each participant's neutral face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from emocam.errors import InputError
from emocam.recognition.labels import NEUTRAL
from emocam.recognition.temporal import smooth_clip
from emocam.study.frames import SessionFrames
from emocam.study.neutral_profile import FEWEST_READINGS, NeutralProfile, learn_neutral
from emocam.study.segments import Segment

_MOST_READINGS = 500  # more say nothing new of a face at rest


def neutral_profile(
    sessions: Sequence[tuple[SessionFrames, Sequence[Segment]]], baseline: str
) -> NeutralProfile | None:
    """The profile of one participant's neutral face; None without enough readings.

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
    seen = np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)
    labels = sessions[0][0].labels
    if len(seen) < FEWEST_READINGS or NEUTRAL not in labels:
        return None
    every = max(1, len(seen) // _MOST_READINGS)
    try:
        return learn_neutral(list(seen[::every]), labels, model="")
    except InputError:
        return None


def relative_to(frames: SessionFrames, profile: NeutralProfile, certainty: float) -> SessionFrames:
    """A session read anew with the participant's profile.

    Parameters
    ----------
    frames
        As the model read them, smoothed.
    profile
        Of the participant.
    certainty
        Below it a label is `unsure`.
    """
    read = np.flatnonzero(frames.said >= 0)
    if not len(read):
        return frames
    logs = np.log(np.maximum(frames.probabilities[read], 1e-4)) - np.asarray(
        profile.bias, np.float32
    )
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares = shares.astype(np.float32)
    # The readings are smooth already; only labels that would flicker are calmed.
    _, best = smooth_clip(shares, frames.time_s[read].tolist())
    sure = shares[np.arange(len(read)), best]
    said, probabilities = frames.said.copy(), frames.probabilities.copy()
    certainties = frames.certainty.copy()
    said[read] = np.where(sure >= certainty, best, len(frames.labels))
    probabilities[read], certainties[read] = shares, sure
    return replace(frames, said=said, probabilities=probabilities, certainty=certainties)


def changes(
    values: Mapping[str, float], resting: Mapping[str, float], names: Sequence[str]
) -> dict[str, float]:
    """Measures less those of the baseline, under the names `<measure>_change`."""
    return {f"{name}_change": values[name] - resting[name] for name in names}
