"""What of a study's files is read in one go: parts that overlap are read once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from emocam.study.participant_face import LARGEST
from emocam.study.plan import Session
from emocam.study.reading import Unit


def units_of(
    sessions: Iterable[Session], *, every_s: float = 0.0, films: Path | None = None
) -> dict[str, Unit]:
    """The unit of each session that is no table, by the session's name.

    Parameters
    ----------
    sessions
        Of the plan.
    every_s
        Seconds from one analysed frame to the next; 0 analyses all.
    films
        Folder for a film of each clip; None for no films.
    """
    by_file: dict[Path, list[Session]] = defaultdict(list)
    for one in sessions:
        if not one.is_table:
            by_file[one.file.absolute()].append(one)
    parts = [part for some in by_file.values() for part in _overlapping(some)]
    return {
        one.name: unit for part in parts for unit in [_unit(part, every_s, films)] for one in part
    }


def _unit(part: Sequence[Session], every_s: float, films: Path | None) -> Unit:
    first, ends_s = part[0], [one.end_s for one in part]
    film = None
    if films is not None and not first.is_photos:
        film = films / (re.sub(r"[^\w.() -]+", "-", first.name) + ".mp4")
    return Unit(
        file=first.file,
        faces=tuple(dict.fromkeys(one.face or LARGEST for one in part)),
        start_s=min(one.start_s for one in part),
        end_s=None if None in ends_s else max(end for end in ends_s if end is not None),
        every_s=every_s,
        film=film,
    )


def _overlapping(sessions: Sequence[Session]) -> list[list[Session]]:
    parts: list[list[Session]] = []
    reaches_s = -np.inf
    for one in sorted(sessions, key=lambda session: session.start_s):
        if not parts or one.start_s >= reaches_s:
            parts.append([])
        parts[-1].append(one)
        reaches_s = max(reaches_s, np.inf if one.end_s is None else one.end_s)
    return parts
