"""A face's timeline as HTML: an area an emotion, drawn without scripts, and its numbers."""

from __future__ import annotations

import json
from html import escape

import numpy as np
import numpy.typing as npt

from emocam.recognition.labels import UNSURE, color_hex
from emocam.video.clip_summary import ClipSummary, Person

_ROW = 24  # height of an emotion's row in pixels
_REACH = 1.5  # times the usual distance between readings
_STRIP = 14  # height of the row that shows what was said
_WIDE = 1000  # width in the drawing's own units


def clock(time_s: float) -> str:
    """A time as `1:05.2`, or `1:02:05` from an hour on."""
    tenths = round(time_s * 10)
    minutes, rest = divmod(tenths, 600)
    if minutes < 60:
        return f"{minutes}:{rest // 10:02d}.{rest % 10}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 10:02d}"


def percent(share: float) -> str:
    """A share in whole percent; what is there at all is not said to be 0."""
    return f"{share:.0%}" if share >= 0.005 or share == 0 else "<1%"


def timeline_html(summary: ClipSummary, person: Person, *, jumps: bool) -> str:
    """A face's rows with their labels and mean values, and beside them the lines.

    Parameters
    ----------
    summary
        Of the clip.
    person
        Whose timeline.
    jumps
        Whether there is a film that a click jumps to.
    """
    plot = _Plot(summary, person)
    hint = "Hover, or the arrow keys, give the values at a moment."
    if jumps:
        hint += " Enter or a click shows that moment in the film."
    begin, end = f"{plot.begin_s:.1f}", f"{plot.end_s:.1f}"
    kinds = len(plot.labels)
    return (
        f"<div class=timeline><ul><li class=said>label</li>{plot.rows()}</ul>"
        f'<div class=plot tabindex=0 role=slider aria-valuemin="{begin}" aria-valuemax="{end}" '
        f'aria-valuenow="{begin}" aria-valuetext="{clock(plot.begin_s)}" '
        f'aria-label="Timeline of face {person.id}: probability of each emotion">'
        f"{_svg(plot.strip(), _STRIP, 'Which label was said when')}"
        f"{_svg(plot.areas(), _ROW * kinds, f'{kinds} lines over time, one an emotion')}"
        f"<div class=cursor hidden></div></div><div class=ticks>{plot.ticks()}</div>"
        f"<script type=application/json>{plot.data()}</script></div>"
        f'<p class="soft hint" hidden>{hint}</p>'
    )


def _svg(content: str, height: int, what: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDE} {height}" height={height} preserveAspectRatio=none role=img '
        f'aria-label="{what}">{content}</svg>'
    )


class _Plot:
    """One face's timeline and its scale."""

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

    def rows(self) -> str:
        means = self._line.probabilities.mean(axis=0)
        return "".join(
            f'<li><b style="background:{color_hex(label, self.labels)}"></b>{escape(label)} '
            f"<output>{percent(float(mean))}</output></li>"
            for label, mean in zip(self.labels, means, strict=True)
        )

    def areas(self) -> str:
        """An area for each emotion below its line, broken where the face was away."""
        parts = [
            f'<path class=line d="M0 {(row + 1) * _ROW}H{_WIDE}"/>'
            for row in range(len(self.labels))
        ]
        for row, label in enumerate(self.labels):
            share = percent(self._shares.get(label, 0.0))
            parts.append(
                f'<path fill="{color_hex(label, self.labels)}" d="{self._area(row)}">'
                f"<title>{escape(label)}, {share} of the time</title></path>"
            )
        return "".join(parts)

    def _area(self, row: int) -> str:
        xs, bottom = self._across(self._line.times_s), (row + 1) * _ROW
        ys = bottom - self._line.probabilities[:, row] * (_ROW - 3)
        parts: list[str] = []
        for piece in self._pieces(self._away):
            points = " ".join(f"{xs[n]:.1f} {ys[n]:.1f}" for n in piece)
            # A single moment would have no width.
            last = max(xs[piece[-1]], xs[piece[0]] + 1)
            parts.append(f"M{xs[piece[0]]:.1f} {bottom}L{points} {last:.1f} {bottom}Z")
        return "".join(parts)

    def strip(self) -> str:
        """A coloured piece for each stretch of one label."""
        times, labels = self._line.times_s, self._line.label_indices
        known = (*self.labels, UNSURE)
        parts = []
        for piece in self._pieces(self._away | (np.diff(labels) != 0)):
            label, last = known[labels[piece[0]]], piece[-1]
            follows = last + 1 < len(times) and not self._away[last]
            from_s = max(0.0, times[piece[0]] - self._bin_s / 2)
            to_s = times[last + 1] - self._bin_s / 2 if follows else times[last] + self._bin_s / 2
            x1, x2 = self._across(np.array([from_s, to_s]))
            when = f"{escape(label)}, {clock(from_s)} to {clock(to_s)}"
            parts.append(
                f'<rect x="{x1:.1f}" width="{max(1.0, x2 - x1):.1f}" height={_STRIP} '
                f'fill="{color_hex(label, self.labels)}"><title>{when}</title></rect>'
            )
        return "".join(parts)

    def ticks(self) -> str:
        at = (self.begin_s, (self.begin_s + self.end_s) / 2, self.end_s)
        return "".join(f"<span>{clock(time_s)}</span>" for time_s in at)

    def data(self) -> str:
        """The numbers, for the script; nothing in them can end it."""
        numbers = {
            "begin": round(self.begin_s, 3),
            "end": round(self.end_s, 3),
            "bin": self._bin_s,
            "reach": round(self._reach_s, 3),
            "labels": self.labels,
            "times": [round(float(time_s), 2) for time_s in self._line.times_s],
            "values": [[round(100 * float(p)) for p in row] for row in self._line.probabilities],
        }
        return json.dumps(numbers, separators=(",", ":")).replace("<", "\\u003c")

    def _pieces(self, breaks: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.intp]]:
        every = np.arange(len(self._line.times_s))
        return np.split(every, np.flatnonzero(breaks) + 1) if len(every) else []

    def _across(self, times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        shares = (times_s - self.begin_s) / (self.end_s - self.begin_s)
        return np.asarray(np.clip(shares, 0, 1) * _WIDE, dtype=np.float64)
