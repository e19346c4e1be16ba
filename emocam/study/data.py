"""What a study consists of once it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emocam.study.frames import SessionFrames
from emocam.study.plan import Session
from emocam.study.segments import Segment


@dataclass(frozen=True, eq=False)
class ReadSession:
    """A session with its readings."""

    session: Session  # of the plan
    frames: SessionFrames  # its analysed frames, in order of time
    # Those of the plan and of the marks that a live session wrote, as they were found
    own_segments: tuple[Segment, ...] = ()
    segments: tuple[Segment, ...] = ()  # all of them, within the session; the first is the whole
    # Width and height of the picture in pixels; 0 where not known
    size_wh: tuple[int, int] = (0, 0)
    remark: str = ""  # what is wrong with the file, else empty
    film: str = ""  # address of the film for the page, relative to the results; empty for none
    film_start_s: float = 0.0  # time of the file at which the film begins, in seconds


@dataclass(frozen=True, eq=False)
class Study:
    """All sessions that could be read."""

    sessions: tuple[ReadSession, ...]  # in the order of the plan
    labels: tuple[str, ...]  # the model's labels
    certainty: float  # below it a face is `unsure`
    # How it was read and measured, for the methods paragraph
    settings: dict[str, Any] = field(default_factory=dict)
    # Name and reason of each session that could not be read
    failed: tuple[tuple[str, str], ...] = ()
    # Names of sessions that were not to be read, since nobody in them is marked
    left_out: tuple[str, ...] = ()
