"""What a segment of a session is measured by; each measure is defined in docs/measures.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emocam.recognition.labels import NEUTRAL
from emocam.study.affect import positions
from emocam.study.frames import NO_FACE, NO_PICTURE, Floats, SessionFrames
from emocam.study.segments import Segment
from emocam.video.clip_summary import AWAY_DEG

_LASTS_AT_MOST_S = 1.0  # a reading holds no longer, however late the next one comes
_FOLLOWS_WITHIN_S = 1.0  # spells farther apart are no transition

Values = dict[str, float]


@dataclass(frozen=True)
class Measure:
    """A measure, or a family of one for each label."""

    name: str  # as the tables have it; `{label}` stands for each label
    unit: str  # `1` for shares and other numbers without a unit
    what: str  # one line for the data package and the page
    each_label: bool = False  # whether there is one for each label
    compared: bool = False  # whether conditions are compared by it, with a test


MEASURES: tuple[Measure, ...] = (
    Measure("duration_s", "s", "time of the segment that was looked at"),
    Measure("face_share", "1", "share of that time in which the participant's face was found"),
    Measure("readable_share", "1", "share of that time with a label that is not unsure"),
    Measure("unsure_share", "1", "share of that time in which the face was found but unsure"),
    Measure("{label}_share", "1", "share of the time with this label", True),
    Measure("{label}_readable", "1", "share of the readable time with this label", True, True),
    Measure(
        "{label}_probability", "1", "mean probability of this label while a face was found", True
    ),
    Measure("{label}_spells", "1/min", "spells of this label a minute", True),
    Measure("{label}_spell_s", "s", "median length of this label's spells", True),
    Measure("{label}_onset_s", "s", "from the segment's start to this label's first spell", True),
    Measure("expressiveness", "1", "share of the readable time that is not neutral", False, True),
    Measure("valence", "1", "expected valence, -1 to 1; derived from the labels", False, True),
    Measure("arousal", "1", "expected arousal, -1 to 1; derived from the labels", False, True),
    Measure("transitions", "1/min", "changes from one label to another a minute", False, True),
    Measure("certainty", "1", "median certainty while a face is found"),
    Measure("head_px", "px", "median width of the face's box"),
    Measure("sharpness", "1", "median sharpness of the face"),
    Measure("away_share", "1", "share of the face's time in which its head was turned aside"),
    Measure("others_share", "1", "share of the time in which other faces were found"),
)


def measure_names(labels: tuple[str, ...]) -> list[str]:
    """All columns of measures, in order."""
    return [name for one in MEASURES for name in _names(one, labels)]


def compared_names(labels: tuple[str, ...]) -> list[str]:
    """The measures by which conditions are compared."""
    return [name for one in MEASURES if one.compared for name in _names(one, labels)]


def measure_of(name: str, labels: tuple[str, ...]) -> Measure:
    """The measure that a column belongs to."""
    return next(one for one in MEASURES if name in _names(one, labels))


def _names(measure: Measure, labels: tuple[str, ...]) -> list[str]:
    if not measure.each_label:
        return [measure.name]
    return [measure.name.format(label=label) for label in labels]


def lasting(frames: SessionFrames) -> Floats:
    """For how long each frame stands, in seconds: until the next, but a reading for 1 s at most.

    The last stands as long as frames usually do.
    """
    if len(frames) < 2:
        return np.ones(len(frames))
    until = np.diff(frames.time_s)
    until = np.append(until, np.median(until))
    read = frames.label_codes >= 0
    until[read] = np.minimum(until[read], max(_LASTS_AT_MOST_S, float(np.median(until)) * 1.5))
    return until


@dataclass(frozen=True, eq=False)
class Spells:
    """Stretches of one label in order of time, s of them."""

    label: npt.NDArray[np.int64]  # number of each spell's label, shape (s,)
    # Shape (s,), in seconds
    start_s: Floats
    end_s: Floats

    def transitions(self) -> list[tuple[int, int]]:
        """From which label to which it went, where the next spell follows within a second."""
        near = self.start_s[1:] - self.end_s[:-1] <= _FOLLOWS_WITHIN_S
        pairs = zip(self.label[:-1], self.label[1:], near, strict=True)
        return [(int(a), int(b)) for a, b, follows in pairs if follows and a != b]


def spells_of(frames: SessionFrames, lasts_s: Floats) -> Spells:
    """The spells of labels; `unsure`, a lost face and a gap end one."""
    label_codes = frames.label_codes.astype(np.int64)
    ends_s = frames.time_s + lasts_s
    if not len(label_codes):
        return Spells(label_codes, ends_s, ends_s)
    away = np.r_[False, frames.time_s[1:] - ends_s[:-1] > 1e-6]
    first = np.flatnonzero(np.r_[True, label_codes[1:] != label_codes[:-1]] | away)
    last = np.append(first[1:], len(label_codes)) - 1
    is_label = (label_codes[first] >= 0) & (label_codes[first] < len(frames.labels))
    return Spells(
        label_codes[first][is_label], frames.time_s[first][is_label], ends_s[last][is_label]
    )


def measure(
    frames: SessionFrames, segment: Segment, lasts_s: Floats | None = None
) -> tuple[Values, Spells]:
    """Measure one segment of one session.

    Parameters
    ----------
    frames
        The whole session, as it is to be read.
    segment
        Part of it; its end is known.
    lasts_s
        What `lasting` gives for the session, where that is known already.

    Returns
    -------
    The measures by name, NaN where there is nothing to measure, and the spells.
    """
    lasts_s = lasting(frames) if lasts_s is None else lasts_s
    first = int(np.searchsorted(frames.time_s, segment.start_s))
    end_s = segment.end_s if segment.end_s is not None else np.inf
    last = int(np.searchsorted(frames.time_s, end_s))
    part = frames.part(slice(first, last))
    weights = np.minimum(lasts_s[first:last], end_s - part.time_s)
    spells = spells_of(part, weights)
    seen = part.label_codes != NO_PICTURE
    total_s = float(weights[seen].sum())
    values = dict.fromkeys(measure_names(frames.labels), np.nan)
    values["duration_s"] = total_s
    if total_s > 0:
        _shares(values, part, weights, total_s)
        _means(values, part, weights)
        _spell_measures(values, spells, segment.start_s, total_s / 60, frames.labels)
        values["others_share"] = float(weights[seen & (part.others > 0)].sum()) / total_s
    return values, spells


def _shares(values: Values, part: SessionFrames, weights: Floats, total_s: float) -> None:
    labels = part.labels
    known = part.label_codes >= 0
    label_s = np.bincount(part.label_codes[known], weights[known], minlength=len(labels) + 1)
    readable_s = float(label_s[: len(labels)].sum())
    values["face_share"] = float(label_s.sum()) / total_s
    values["readable_share"] = readable_s / total_s
    values["unsure_share"] = float(label_s[len(labels)]) / total_s
    for number, label in enumerate(labels):
        values[f"{label}_share"] = float(label_s[number]) / total_s
        if readable_s > 0:
            values[f"{label}_readable"] = float(label_s[number]) / readable_s
    if NEUTRAL in labels and readable_s > 0:
        values["expressiveness"] = 1 - float(label_s[labels.index(NEUTRAL)]) / readable_s


def _means(values: Values, part: SessionFrames, weights: Floats) -> None:
    faces = (part.label_codes != NO_FACE) & (part.label_codes != NO_PICTURE)
    faces &= ~np.isnan(part.probabilities[:, 0])
    if not faces.any() or weights[faces].sum() <= 0:
        return
    shares = np.average(
        part.probabilities[faces].astype(np.float64), axis=0, weights=weights[faces]
    )
    for label, share in zip(part.labels, shares, strict=True):
        values[f"{label}_probability"] = float(share)
    places = positions(part.labels)
    if places is not None:
        values["valence"], values["arousal"] = (float(v) for v in shares @ places)
    values["certainty"] = _median(part.certainty[faces])
    values["head_px"] = float(np.median(part.xyxy[faces, 2] - part.xyxy[faces, 0]))
    values["sharpness"] = _median(part.sharpness[faces])
    yaw = part.angles_deg[:, 0]
    posed = faces & ~np.isnan(yaw)
    if weights[posed].sum() > 0:
        away = np.abs(yaw[posed]) >= AWAY_DEG
        values["away_share"] = float(np.average(away, weights=weights[posed]))


def _median(values: npt.NDArray[np.float32]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def _spell_measures(
    values: Values, spells: Spells, start_s: float, minutes: float, labels: tuple[str, ...]
) -> None:
    values["transitions"] = len(spells.transitions()) / minutes
    lengths_s = spells.end_s - spells.start_s
    for number, label in enumerate(labels):
        own = spells.label == number
        values[f"{label}_spells"] = int(own.sum()) / minutes
        if own.any():
            values[f"{label}_spell_s"] = float(np.median(lengths_s[own]))
            values[f"{label}_onset_s"] = float(spells.start_s[own][0] - start_s)


def transition_counts(spells: Spells, labels: tuple[str, ...]) -> dict[tuple[str, str], int]:
    """How often it went from one label to another."""
    counts: dict[tuple[str, str], int] = {}
    for a, b in spells.transitions():
        key = labels[a], labels[b]
        counts[key] = counts.get(key, 0) + 1
    return counts
