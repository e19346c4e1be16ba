"""Made-up readings whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from emocam.recognition.labels import EMOTIONS, UNSURE
from emocam.study.data import ReadSession, Study
from emocam.study.frames import NO_FACE, SessionFrames
from emocam.study.plan import Session
from emocam.study.segments import WHOLE, Segment

STEP_S = 0.1


def frames_of(
    emotions: Sequence[str | None],
    *,
    step_s: float = STEP_S,
    start_s: float = 0.0,
    labels: tuple[str, ...] = EMOTIONS,
    probabilities: np.ndarray | None = None,
) -> SessionFrames:
    """A frame for each label; None is a frame without a face."""
    n = len(emotions)
    names = {label: number for number, label in enumerate(labels)}
    names |= {UNSURE: len(labels), None: NO_FACE}  # type: ignore[dict-item]
    codes = np.array([names[one] for one in emotions], np.int8)  # type: ignore[index]
    shares = np.full((n, len(labels)), 0.4 / (len(labels) - 1), np.float32)
    named = (codes >= 0) & (codes < len(labels))
    shares[np.flatnonzero(named), codes[named]] = 0.6
    if probabilities is not None:
        shares = probabilities.astype(np.float32)
    face = codes >= 0
    shares[~face] = np.nan
    return SessionFrames(
        labels=labels,
        frame=np.arange(n, dtype=np.int64),
        time_s=start_s + step_s * np.arange(n),
        face=np.where(face, 0, -1).astype(np.int32),
        xyxy=np.where(face[:, None], np.array([10, 10, 110, 110]), 0).astype(np.int32),
        detection=np.where(face, 1.0, np.nan).astype(np.float32),
        angles_deg=np.where(face[:, None], np.zeros(3), np.nan).astype(np.float32),
        label_codes=codes,
        certainty=np.where(face, 0.6, np.nan).astype(np.float32),
        cluster=np.where(face, 0, -1).astype(np.int32),
        others=np.zeros(n, np.int16),
        sharpness=np.where(face, 1.0, np.nan).astype(np.float32),
        probabilities=shares,
    )


def session_of(
    frames: SessionFrames,
    participant: str,
    condition: str = "all",
    segments: Sequence[Segment] = (),
    name: str | None = None,
) -> ReadSession:
    """A session of these frames, with its whole as the first segment."""
    whole = Segment(WHOLE, float(frames.time_s[0]), float(frames.time_s[-1]) + STEP_S)
    name = name or f"{condition}/{participant}"
    session = Session(name, Path(f"{name}.mp4"), participant, condition)
    return ReadSession(session, frames, segments=(whole, *segments))


def study_of(sessions: Sequence[ReadSession], labels: tuple[str, ...] = EMOTIONS) -> Study:
    return Study(tuple(sessions), labels, certainty=0.4)


def share_frames(
    rng: np.random.Generator, shares: Mapping[str, float], seconds: float = 20.0
) -> SessionFrames:
    """Frames in which each label is said for its share of the time, in spells of a second."""
    count = round(seconds)
    names = list(shares)
    weights = np.array(list(shares.values()))
    emotions = rng.choice(names, size=count, p=weights / weights.sum())
    return frames_of([str(one) for one in np.repeat(emotions, round(1 / STEP_S))])
