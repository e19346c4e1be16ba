"""What is told to other programs, in one form whatever carries it, on one clock."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, TypeAlias

from emocam.io.address import without_login
from emocam.io.camera import Gap
from emocam.readings import FrameReadings
from emocam.types import Reading


@dataclass(frozen=True)
class SessionClock:
    """Ties the seconds of a session, in which everything is timed, to the computer's clocks.

    Both are read once, when the session begins, so what is derived from them never jumps, even
    where the computer's time of day is set meanwhile.
    """

    start_unix_s: float  # Unix time at 0 seconds of the session
    start_monotonic_s: float  # Python's `time.monotonic()` at that moment

    @classmethod
    def at(cls, now_s: float) -> SessionClock:
        """The clock of a session that is `now_s` seconds old."""
        return cls(time.time() - now_s, time.monotonic() - now_s)

    def unix_s(self, time_s: float) -> float:
        """Unix time of a moment of the session."""
        return self.start_unix_s + time_s

    def monotonic_s(self, time_s: float) -> float:
        """The same moment on the clock that `time.monotonic()` reads."""
        return self.start_monotonic_s + time_s


@dataclass(frozen=True)
class Mark:
    """A moment that somebody named."""

    name: str  # what it was called
    time_s: float  # when, in seconds of the session
    source: str = ""  # address of the source that it belongs to


Event: TypeAlias = FrameReadings | Mark | Gap


def json_line(event: Event, clock: SessionClock) -> str:
    """The message as JSON on one line, without a line's end."""
    return json.dumps(message(event, clock), separators=(",", ":"), ensure_ascii=False)


def kind_of(event: Event) -> str:
    """`frame`, `mark` or `gap`."""
    return "mark" if isinstance(event, Mark) else "gap" if isinstance(event, Gap) else "frame"


def message(event: Event, clock: SessionClock) -> dict[str, Any]:
    """The message that every protocol carries which carries text; docs/sending.md describes it."""
    if isinstance(event, Mark):
        what: dict[str, Any] = {"source": without_login(event.source), "name": event.name}
        return {"type": kind_of(event), **what, **_times(event.time_s, clock)}
    if isinstance(event, Gap):
        what = {
            "source": without_login(event.source),
            "reason": event.reason,
            "seconds": round(event.seconds, 4),
        }
        return {"type": kind_of(event), **what, **_times(event.start_s, clock)}
    return {
        "type": kind_of(event),
        "source": without_login(event.source),
        "frame": event.index,
        **_times(event.time_s or 0.0, clock),
        "faces": [_face(one) for one in event],
    }


def _times(time_s: float, clock: SessionClock) -> dict[str, float]:
    return {
        "time_s": round(time_s, 4),
        "unix_s": round(clock.unix_s(time_s), 4),
        "monotonic_s": round(clock.monotonic_s(time_s), 4),
    }


def _face(one: Reading) -> dict[str, Any]:
    shares = zip(one.labels, one.probabilities, strict=True)
    return {
        "face": one.face.id,
        "box": list(one.face.xyxy),
        "detection": round(one.face.detection, 4),
        "yaw": _degrees(one.face.yaw),
        "pitch": _degrees(one.face.pitch),
        "roll": _degrees(one.face.roll),
        "emotion": one.emotion,
        "certainty": round(one.certainty, 4),
        "cluster": one.cluster,
        "probabilities": {label: round(share, 4) for label, share in shares},
    }


def _degrees(angle: float | None) -> float | None:
    return None if angle is None else round(angle, 1)
