"""What a live session is taught while it goes on: a neutral face, and what was said wrongly."""

from __future__ import annotations

import math
from collections import deque
from pathlib import Path

from emocam.errors import InputError
from emocam.live.side_by_side import FollowerGroup
from emocam.readings import FrameReadings
from emocam.recognition.labels import NEUTRAL
from emocam.recognition.profile import Example, Profile
from emocam.recognition.takes import examples_of_take
from emocam.tracking.follower import Follower
from emocam.types import FloatArray

_NEUTRAL_S = 3.0
_PATIENCE_S = 6.0  # with interruptions: a face that is lost meanwhile makes it fail
_FEWEST = 5
_REMEMBERED_S = 1.0  # what a correction is about
_AWAY_S = 2.0  # faces are turned away for a moment now and then


class Take:
    """Three seconds of the largest face.

    Parameters
    ----------
    start_s
        When the user asked for it, in seconds of the session.

    Attributes
    ----------
    face
        Number of the face it follows; None before one was seen.
    points
        The face in the learnt space.
    """

    def __init__(self, start_s: float) -> None:
        self.start_s = start_s
        self.face: int | None = None
        self.points: list[FloatArray] = []
        self._first_s = math.inf

    def add(self, readings: FrameReadings) -> None:
        """Take in a frame's readings."""
        time_s, largest = readings.time_s or 0.0, readings.largest
        if time_s < self.start_s or largest is None or readings.points is None:
            return
        if self.face is None:
            self.face = largest.face.id
            self._first_s = time_s
        for one, point in zip(readings.readings, readings.points, strict=True):
            if one.face.id == self.face:
                self.points.append(point)

    def is_done(self, now_s: float) -> bool:
        """Whether the time is over."""
        return now_s - self._first_s >= _NEUTRAL_S or now_s - self.start_s >= _PATIENCE_S

    def notice(self, now_s: float) -> str:
        """What to tell the user meanwhile."""
        left_s = _NEUTRAL_S if self.face is None else self._first_s + _NEUTRAL_S - now_s
        return f"look neutral: {max(1, math.ceil(left_s))} s"


class LiveTeacher:
    """Changes the profile that a session reads with.

    Parameters
    ----------
    follower
        What reads the session's frames.

    Attributes
    ----------
    is_changed
        Whether the profile is another one than at first.
    """

    def __init__(self, follower: Follower | FollowerGroup) -> None:
        self.is_changed = False
        self._follower = follower
        self._take: Take | None = None
        self._last: deque[tuple[float, int, FloatArray]] = deque()
        self._asked: list[FloatArray] | None = None
        self._owner_s: float | None = None  # when the profile's owner was last seen
        self._is_here: bool | None = None

    def add(self, readings: FrameReadings) -> None:
        """Take in a frame's readings."""
        if self._take is not None:
            self._take.add(readings)
        time_s, points = readings.time_s or 0.0, readings.points
        face = self._face(readings)
        if face is not None and points is not None:
            self._last.append((time_s, readings[face].face.id, points[face]))
        while self._last and self._last[0][0] < time_s - _REMEMBERED_S:
            self._last.popleft()

    def owner_change(self, readings: FrameReadings) -> str:
        """What to say when the profile's owner comes or has been away; mostly nothing."""
        if self._follower.profile is None or not len(readings):
            return ""
        time_s = readings.time_s or 0.0
        self._owner_s = time_s if self._owner_s is None else self._owner_s
        if any(self._follower.recognizer.is_personal(one) for one in readings):
            self._owner_s = time_s
        is_here = self._owner_s == time_s
        if is_here == self._is_here or 0 < time_s - self._owner_s < _AWAY_S:
            return ""
        self._is_here = is_here
        if is_here:
            return "the profile is in use"
        return "no face is near enough to the profile: readings are generic"

    def start_neutral(self, now_s: float) -> None:
        """From now on the face is neutral for three seconds."""
        self._take = Take(now_s)

    def ask(self) -> None:
        """Something was said wrongly just now; `question` asks what it was.

        Raises
        ------
        InputError
            When no face was seen.
        """
        if not self._last:
            self._asked = None
            raise InputError("no face was seen in the last second that could be corrected")
        face = self._last[-1][1]
        self._asked = [point for _, number, point in self._last if number == face]

    @property
    def question(self) -> str:
        """The labels and their keys; empty when nothing is asked."""
        if self._asked is None:
            return ""
        named = (f"{number % 10} {name}" for number, name in enumerate(self._labels[:10], 1))
        return "what was it? " + ", ".join(named)

    def answer(self, number: int) -> str:
        """Take the answer: the last second showed the label of this number, from 1; what to say.

        Raises
        ------
        InputError
            When there is no such label, or the model can't be taught.
        """
        asked, self._asked = self._asked, None
        labels = self._labels
        if asked is None or not 1 <= number <= len(labels):
            raise InputError(f"the labels are numbered from 1 to {min(10, len(labels))}")
        label = labels[number - 1]
        self._teach(examples_of_take(label, asked, "a correction"), anew=())
        return f"learnt: that was {label}"

    def forget_question(self) -> None:
        """Another key was pressed."""
        self._asked = None

    def finish(self, now_s: float) -> str:
        """What to say when the neutral face has been seen for long enough; empty before.

        Raises
        ------
        InputError
            When it was not seen often enough, or the model can't be taught.
        """
        take = self._take
        if take is None or not take.is_done(now_s):
            return ""
        self._take = None
        if NEUTRAL not in self._follower.recognizer.model.labels:
            raise InputError(f"not calibrated: the model has no label '{NEUTRAL}'")
        if len(take.points) < _FEWEST:
            raise InputError(
                f"not calibrated: seen {len(take.points)} times, at least {_FEWEST} are needed"
            )
        self._teach(examples_of_take(NEUTRAL, take.points, "live"), anew=(NEUTRAL,))
        return "calibrated: readings are relative to your neutral face"

    def notice(self, now_s: float) -> str:
        """What to tell the user just now, if anything."""
        return self._take.notice(now_s) if self._take is not None else self.question

    def save(self, path: Path) -> None:
        """Keep the profile, if it was changed.

        Raises
        ------
        OutputError
            When it can't be written there.
        """
        if self.is_changed and self._follower.profile is not None:
            self._follower.profile.save(path)
            self.is_changed = False

    def _teach(self, examples: list[Example], anew: tuple[str, ...]) -> None:
        before = self._follower.profile
        if before is None:
            profile = Profile.learn(self._follower.recognizer, examples)
        else:
            profile = before.with_examples(examples, anew=anew)
        self._follower.use_profile(profile)
        self.is_changed = True

    def _face(self, readings: FrameReadings) -> int | None:
        """Place of the face that a correction is about: the profile's owner, or the largest."""
        if not len(readings):
            return None
        is_personal = self._follower.recognizer.is_personal
        personal = [n for n, one in enumerate(readings) if is_personal(one)]
        sizes = [one.face.size_wh[0] for one in readings]
        return personal[0] if personal else sizes.index(max(sizes))

    @property
    def _labels(self) -> tuple[str, ...]:
        return self._follower.recognizer.labels
