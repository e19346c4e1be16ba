"""What a study consists of once it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emocam.study.frames import SessionFrames
from emocam.study.plan import Session
from emocam.study.segments import Segment


@dataclass(frozen=True, eq=False)
class ReadSession:
    """A session with its readings.

    Attributes
    ----------
    session
        Of the plan.
    frames
        Its analysed frames, in order of time.
    own_segments
        Those of the plan and of the marks that a live session wrote, as they were found.
    segments
        All of them, within the session; the first is the whole.
    size_wh
        Width and height of the picture in pixels; 0 where not known.
    remark
        What is wrong with the file, else empty.
    film
        Address of the film for the page, relative to the results; empty for none.
    film_start_s
        Time of the file at which the film begins, in seconds.
    """

    session: Session
    frames: SessionFrames
    own_segments: tuple[Segment, ...] = ()
    segments: tuple[Segment, ...] = ()
    size_wh: tuple[int, int] = (0, 0)
    remark: str = ""
    film: str = ""
    film_start_s: float = 0.0


@dataclass(frozen=True, eq=False)
class Study:
    """All sessions that could be read.

    Attributes
    ----------
    sessions
        In the order of the plan.
    labels
        The model's labels.
    certainty
        Below it a face is `unsure`.
    settings
        How it was read and measured, for the methods paragraph.
    failed
        Name and reason of each session that could not be read.
    left_out
        Names of sessions that were not to be read, since nobody in them is marked.
    """

    sessions: tuple[ReadSession, ...]
    labels: tuple[str, ...]
    certainty: float
    settings: dict[str, Any] = field(default_factory=dict)
    failed: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
