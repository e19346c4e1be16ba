"""Statistics of a live session, printed at its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emocam.io.camera import Gap
from emocam.readings import FrameReadings

_MOST_MS = 10_000
_LONGEST_STEP_S = 0.5  # between two readings of a face; a longer gap does not count
_MOST_FACES = 20
_MOST_MARKS = 50


class LatencyHistogram:
    """A histogram of latencies in constant memory."""

    def __init__(self) -> None:
        self._counts = np.zeros(_MOST_MS, dtype=np.int64)

    def add(self, seconds: float) -> None:
        """Count one time; over ten seconds count as ten."""
        self._counts[int(np.clip(seconds * 1000, 0, _MOST_MS - 1))] += 1

    def quantile(self, share: float) -> float:
        """The time in milliseconds that a share of all (0 to 1) did not exceed; 0 without any."""
        total = int(self._counts.sum())
        if not total:
            return 0.0
        return float(np.searchsorted(self._counts.cumsum(), share * total, side="left")) + 0.5


@dataclass
class _LastLabel:
    label: str
    raw: str
    time_s: float


@dataclass
class Summary:
    """Figures of a session."""

    # Frames that the camera gave, and those of them that were drawn
    frames: int = 0
    drawn: int = 0
    # Frames that were analysed, and those of them with a face
    analyses: int = 0
    read: int = 0
    read_seconds: float = 0.0
    seconds: float = 0.0  # from the first frame to the end
    # From taking a frame to drawing what was read in it
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    # Changes of a face's label as shown, and as it was before smoothing
    switches: int = 0
    raw_switches: int = 0
    face_seconds: float = 0.0  # time for which faces were read, all together
    # Seconds in each emotion by face
    emotions: dict[int, dict[str, float]] = field(default_factory=dict)
    # Times without pictures
    gaps: int = 0
    gap_seconds: float = 0.0
    garbled: int = 0  # pictures that could not be decoded
    turned_down: int = 0  # boxes that looked like faces at first and were none
    marks: list[tuple[str, float]] = field(default_factory=list)  # name, time in seconds
    sending: list[str] = field(default_factory=list)  # a line for each receiver of readings
    is_incomplete: bool = False  # whether a film or profile that was asked for was not written
    _seen: dict[int, _LastLabel] = field(default_factory=dict)
    _last_read_s: dict[str, float] = field(default_factory=dict)  # by source

    def add(self, readings: FrameReadings) -> None:
        """Count one analysis; they come in order."""
        self.analyses += 1
        time_s = readings.time_s or 0.0
        self.read += bool(readings)
        last_s = self._last_read_s.pop(readings.source, None)
        if readings:
            self.read_seconds += 0.0 if last_s is None else self._step(last_s, time_s)
            self._last_read_s[readings.source] = time_s
        for reading, raw in zip(readings, readings.raw, strict=True):
            now = _LastLabel(reading.emotion, raw.emotion, time_s)
            before = self._seen.get(reading.face.id)
            if before is not None:
                step_s = self._step(before.time_s, now.time_s)
                times = self.emotions.setdefault(reading.face.id, defaultdict(float))
                times[before.label] += step_s
                self.face_seconds += step_s
                self.switches += now.label != before.label
                self.raw_switches += now.raw != before.raw
            self._seen[reading.face.id] = now

    def add_gaps(self, gaps: Sequence[Gap]) -> None:
        """Count gaps that have ended."""
        self.gaps += len(gaps)
        self.gap_seconds += sum(gap.seconds for gap in gaps)

    @property
    def readings_per_second(self) -> float:
        """Analyses with a face a second, while there was one."""
        return self.read / self.read_seconds if self.read_seconds > 0 else 0.0

    @property
    def switches_per_minute(self) -> float:
        """Changes of the shown label a minute and face."""
        return self._per_minute(self.switches)

    @property
    def raw_switches_per_minute(self) -> float:
        """The same before smoothing."""
        return self._per_minute(self.raw_switches)

    def lines(self) -> list[str]:
        """The summary as plain text."""
        text = [
            self._frames_line(),
            f"{self.read} readings of {self.analyses} analysed frames; "
            f"{self.readings_per_second:.1f}/s while a face was there; "
            f"from camera to {'screen' if self.drawn else 'reading'} "
            f"{self.latency.quantile(0.5):.0f} ms (median), "
            f"{self.latency.quantile(0.95):.0f} ms (95th percentile)",
            f"label switches a minute: {self.switches_per_minute:.1f} "
            f"({self.raw_switches_per_minute:.1f} without smoothing)",
        ]
        if self.gaps:
            gaps = "1 gap" if self.gaps == 1 else f"{self.gaps} gaps"
            text.append(f"{gaps}, {self.gap_seconds:.1f} s in all")
        if self.turned_down:
            text.append(f"boxes turned down as no faces: {self.turned_down}")
        if self.marks:
            named = ", ".join(f"{name} {time_s:.1f} s" for name, time_s in self.marks[:_MOST_MARKS])
            rest = len(self.marks) - _MOST_MARKS
            text.append(f"marks: {named}" + (f" and {rest} more" if rest > 0 else ""))
        return text + self._face_lines() + self.sending

    def _frames_line(self) -> str:
        rate = self.frames / max(self.seconds, 1e-9)
        parts = [f"{self.seconds:.1f} s: {self.frames} frames ({rate:.1f}/s)"]
        if self.drawn:  # nothing is where nobody sees it
            parts.append(f"{self.drawn} drawn")
            if self.frames > self.drawn:
                parts.append(f"{self.frames - self.drawn} superseded by a newer one")
        if self.garbled:
            parts.append(f"{self.garbled} garbled")
        return ", ".join(parts)

    def _face_lines(self) -> list[str]:
        longest = sorted(self.emotions.items(), key=lambda item: -sum(item[1].values()))
        lines = [
            f"face {face}: "
            + ", ".join(
                f"{label} {times[label]:.1f} s"
                for label in sorted(times, key=lambda one: -times[one])
            )
            for face, times in sorted(longest[:_MOST_FACES])
        ]
        rest = len(longest) - len(lines)
        return [*lines, f"and {rest} more faces, seen for a shorter time"] if rest else lines

    def _per_minute(self, switches: int) -> float:
        return 60 * switches / self.face_seconds if self.face_seconds > 0 else 0.0

    @staticmethod
    def _step(before_s: float, now_s: float) -> float:
        step_s = now_s - before_s
        return step_s if 0 <= step_s <= _LONGEST_STEP_S else 0.0
