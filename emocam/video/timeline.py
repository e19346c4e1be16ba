"""A face's timeline as the report draws it: an area an emotion, and its numbers."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from emocam.recognition.labels import UNSURE, color_hex
from emocam.video.clip_summary import ClipSummary, Person

_ROW = 24  # height of an emotion's row in pixels
_REACH = 1.5  # times the usual distance between readings
_STRIP = 14  # height of the row of labels
WIDE = 1000  # width in the drawing's own units


def clock(time_s: float) -> str:
    """A time as `1:05.2`, or `1:02:05` from an hour on."""
    tenths = round(time_s * 10)
    minutes, rest = divmod(tenths, 600)
    if minutes < 60:
        return f"{minutes}:{rest // 10:02d}.{rest % 10}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 10:02d}"


def percent(share: float) -> str:
    """A share in whole percent; `<1%` for a small one that is not 0."""
    return f"{share:.0%}" if share >= 0.005 or share == 0 else "<1%"


class PersonTimeline:
    """The shapes of one face's timeline.

    Attributes
    ----------
    begin_s, end_s
        The clip's time, from edge to edge.
    rows
        For each label its colour, mean probability, share of time and area.
    pieces
        The stretches of time with one label.
    data
        The numbers, for the page's script.
    """

    row_height, strip_height = _ROW, _STRIP

    def __init__(self, summary: ClipSummary, person: Person) -> None:
        self.labels = summary.labels
        self.begin_s = summary.first_s or 0.0
        self.end_s = max(summary.last_s, self.begin_s + 0.1)
        self._line = line = summary.timeline(person)
        self._bin_s = summary.bin_s
        usual_s = float(np.median(np.diff(line.times_s))) if len(line.times_s) > 1 else 0.0
        # Farther from a reading than this, the face counts as away.
        self._reach_s = _REACH * max(summary.bin_s, usual_s)
        self._away = np.diff(line.times_s) > 2 * self._reach_s
        self._shares = summary.shares(person)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        means = self._line.probabilities.mean(axis=0)
        return [
            {
                "label": label,
                "color": color_hex(label, self.labels),
                "mean": float(means[row]),
                "share": self._shares.get(label, 0.0),
                "area": self._area(row),
            }
            for row, label in enumerate(self.labels)
        ]

    def _area(self, row: int) -> str:
        """Path of the area below a label's line, broken where the face was away."""
        xs, bottom = self._across(self._line.times_s), (row + 1) * _ROW
        ys = bottom - self._line.probabilities[:, row] * (_ROW - 3)
        parts: list[str] = []
        for piece in self._split(self._away):
            points = " ".join(f"{xs[n]:.1f} {ys[n]:.1f}" for n in piece)
            # A single moment would have no width.
            last = max(xs[piece[-1]], xs[piece[0]] + 1)
            parts.append(f"M{xs[piece[0]]:.1f} {bottom}L{points} {last:.1f} {bottom}Z")
        return "".join(parts)

    @cached_property
    def pieces(self) -> list[dict[str, Any]]:
        times, labels = self._line.times_s, self._line.label_indices
        known = (*self.labels, UNSURE)
        pieces = []
        for piece in self._split(self._away | (np.diff(labels) != 0)):
            label, last = known[labels[piece[0]]], piece[-1]
            follows = last + 1 < len(times) and not self._away[last]
            from_s = times[piece[0]] - self._bin_s / 2
            to_s = times[last + 1] - self._bin_s / 2 if follows else times[last] + self._bin_s / 2
            x1, x2 = self._across(np.array([from_s, to_s]))
            pieces.append(
                {
                    "label": label,
                    "color": color_hex(label, self.labels),
                    "from_s": from_s,
                    "to_s": to_s,
                    "x": x1,
                    "width": max(1.0, x2 - x1),
                }
            )
        return pieces

    @property
    def data(self) -> dict[str, Any]:
        return {
            "begin": round(self.begin_s, 3),
            "end": round(self.end_s, 3),
            "bin": self._bin_s,
            "reach": round(self._reach_s, 3),
            "labels": self.labels,
            "times": [round(float(time_s), 2) for time_s in self._line.times_s],
            "values": [[round(100 * float(p)) for p in row] for row in self._line.probabilities],
        }

    def _split(self, breaks: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.intp]]:
        every = np.arange(len(self._line.times_s))
        return np.split(every, np.flatnonzero(breaks) + 1) if len(every) else []

    def _across(self, times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        shares = (times_s - self.begin_s) / (self.end_s - self.begin_s)
        return np.asarray(np.clip(shares, 0, 1) * WIDE, dtype=np.float64)
