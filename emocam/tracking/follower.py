"""Online tracking and reading of one source: detect, track, read, smooth."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from emocam.detection.crop import crop_faces
from emocam.readings import FrameReadings
from emocam.recognition.profile import Profile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.recognition.view_certainty import discounted
from emocam.tracking.finder import NEAR_EVERY_S, FaceFinder
from emocam.tracking.hysteresis import FORGET_S, CausalSmoother
from emocam.tracking.last_read import LastRead
from emocam.types import AnyArray, Box, Face, Frame, Reading, check_bgr

_READ_ALWAYS = 2  # faces, however late it is: both take little longer than one of them


class Follower:
    """Reads the frames of one source in order: faces keep their ids, labels don't flicker.

    Known faces are searched near their last boxes, and the whole frame twice a second, which is
    several times as fast as searching every frame; a face that hardly changed since it was last
    read keeps its answer (see `LastRead`). Smoothing is causal. Use one for each camera
    or clip. `follow` belongs to one thread; `readings_at` may be called from another.

    Parameters
    ----------
    recognizer
        What reads a face.
    profile
        Profile of one person, relative to which that person's face is read; by default that of
        the recognizer, if it has one.
    smooth
        Whether to smooth readings over time.
    keep_all
        Whether rejected detections are tracked too.

    Examples
    --------
    >>> from emocam import EmotionRecognizer, Follower
    >>> follower = Follower(EmotionRecognizer.load())
    >>> readings = follower.follow(frame_bgr, time_s)  # doctest: +SKIP
    """

    def __init__(
        self,
        recognizer: EmotionRecognizer,
        profile: Profile | None = None,
        smooth: bool = True,
        *,
        keep_all: bool = False,
    ) -> None:
        self.recognizer = recognizer if profile is None else recognizer.with_profile(profile)
        self.smooth = smooth
        self._finder = FaceFinder(keep_all=keep_all, near_s=NEAR_EVERY_S)
        self._smoother = CausalSmoother(self.recognizer)
        self._last_read = LastRead(soon=smooth)
        self._last: dict[int, tuple[Reading, float]] = {}
        self._next_index = 0
        self._face_s = 0.0  # what reading a face took last time
        self._last_s: float | None = None
        self._lock = threading.Lock()

    @property
    def alone(self) -> bool:
        """Whether there is no track at the moment."""
        return not self._finder.tracker.boxes

    @property
    def turned_down(self) -> int:
        """Number of rejected detections."""
        return self._finder.turned_down

    @property
    def profile(self) -> Profile | None:
        """What is known of one person."""
        personal = self.recognizer.personal
        return None if personal is None else personal.profile

    def use_profile(self, profile: Profile | None) -> None:
        """Read its owner's face relative to a profile from the next frame on.

        Parameters
        ----------
        profile
            Of one person; None reads all faces alike.

        Raises
        ------
        InputError
            When the profile was made with another model.
        """
        recognizer = self.recognizer.with_profile(profile)
        with self._lock:
            same = recognizer.labels == self.recognizer.labels
            self.recognizer = recognizer
            if not same:
                self._smoother = CausalSmoother(recognizer)
                self._last.clear()
            self._last_read = LastRead(soon=self.smooth)

    def follow(self, frame_bgr: AnyArray, time_s: float) -> FrameReadings:
        """The readings of the next frame.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8, blue first, upright.
        time_s
            Its time in seconds, later than that of the frame before. A time that goes back
            drops all tracks. A face counts once two frames at most 2.5 seconds apart show it:
            times in milliseconds, or frames that come more seldom, give none.

        Returns
        -------
        FrameReadings
            Smoothed readings of the confirmed faces, their ids in `face.id`.

        Raises
        ------
        ValueError
            When the picture has another shape or type.
        """
        frame = Frame(check_bgr(frame_bgr), self._next_index, time_s)
        self._next_index += 1
        return self.follow_frame(frame)

    def follow_frame(
        self,
        frame: Frame,
        newcomers: Sequence[Box] | None = None,
        read_until_s: float | None = None,
    ) -> FrameReadings:
        """The readings of the next frame, where new faces may be searched for elsewhere.

        Parameters
        ----------
        frame
            With its time.
        newcomers
            Result of a full search of this or a slightly older frame; None to run full searches
            here whenever one is due.
        read_until_s
            When reading should be done, by `time.monotonic`: as many faces are read as will fit,
            two at least, those that were not read for longest. The others are `hidden` this time,
            and keep their last readings in `readings_at`. None reads all.

        Returns
        -------
        FrameReadings
            As from `follow`.
        """
        time_s = frame.time_s or 0.0
        found = self._finder.search(frame.image_bgr, time_s, newcomers)
        tracker = self._finder.tracker
        with self._lock:
            faces = tracker.update(found, time_s, frame.image_bgr)
        result = FrameReadings(
            index=frame.index, time_s=time_s, source=frame.source, hidden=self._hidden()
        )
        if not faces:
            return result
        with self._lock:
            recognizer, smoother, last_read = self.recognizer, self._smoother, self._last_read
        tracked = faces
        faces = self._read(recognizer, last_read, frame, tracked, read_until_s)
        prediction = last_read.answers(faces)
        raw = recognizer.readings(faces, prediction)
        of_frame = prediction.of_frame()
        readings = recognizer.readings(faces, of_frame)
        if self.smooth:
            readings = [
                smoother.update(one, row, time_s)
                for one, row in zip(
                    readings, discounted(of_frame.probabilities, faces), strict=True
                )
            ]
            smoother.forget_before(time_s)
        self._remember(readings, time_s)
        return replace(
            result,
            readings=tuple(readings),
            raw=tuple(raw),
            points=prediction.points,
            hidden=result.hidden + tuple(one for one in tracked if one not in faces),
        )

    def _read(
        self,
        recognizer: EmotionRecognizer,
        last_read: LastRead,
        frame: Frame,
        tracked: Sequence[Face],
        until_s: float | None,
    ) -> list[Face]:
        """Read faces into `last_read`; those of which it has the answers now, in their order."""
        time_s = frame.time_s or 0.0
        crops = dict(
            zip(
                (face.id for face in tracked),
                crop_faces(frame.image_bgr, tracked, recognizer.model.size),
                strict=True,
            )
        )
        kept = [face for face in tracked if last_read.keeps(face, crops[face.id], time_s)]
        due = self._to_read([face for face in tracked if face not in kept], until_s)
        if due:
            start_s = time.monotonic()
            read = [crops[face.id] for face in due]
            last_read.remember(due, read, recognizer.predict_crops(np.stack(read)), time_s)
            self._face_s = (time.monotonic() - start_s) / len(due)
        last_read.forget_all_but(tracked)
        return [face for face in tracked if face in kept or face in due]

    def _to_read(self, faces: Sequence[Face], until_s: float | None) -> list[Face]:
        """Those that there is time for, in the same order."""
        if until_s is None:
            return list(faces)
        left_s = until_s - time.monotonic()
        count = max(_READ_ALWAYS, int(left_s / self._face_s) if self._face_s else len(faces))
        with self._lock:
            read_s = {key: at_s for key, (_, at_s) in self._last.items()}
        longest_unread = sorted(faces, key=lambda face: read_s.get(face.id, -math.inf))[:count]
        ids = {face.id for face in longest_unread}
        return [face for face in faces if face.id in ids]

    def readings_at(self, time_s: float) -> FrameReadings:
        """Last readings with their boxes extrapolated to a time, for drawing.

        Parameters
        ----------
        time_s
            In seconds, as for `follow`.

        Returns
        -------
        FrameReadings
            With the opacity of each reading, which falls to 0 once a face is lost.
        """
        with self._lock:
            known = {key: reading for key, (reading, _) in self._last.items()}
            faces = [one for one in self._finder.tracker.at(time_s) if one.face.id in known]
            hidden = self._hidden({one.face.id for one in faces})
        return FrameReadings(
            tuple(replace(known[one.face.id], face=one.face) for one in faces),
            time_s=time_s,
            hidden=hidden,
            opacity=tuple(one.fade for one in faces),
        )

    def _hidden(self, shown: set[int] | None = None) -> tuple[Face, ...]:
        """Tracked faces without a visible reading: unconfirmed or just lost ones."""
        tracker = self._finder.tracker
        unconfirmed = (
            Face(box, id=-1 - number) for number, box in enumerate(self._finder.unconfirmed)
        )
        known = tracker.hidden if shown is None else tracker.besides(shown)
        return (*known, *unconfirmed)

    def _remember(self, readings: Sequence[Reading], time_s: float) -> None:
        with self._lock:
            self._last.update({one.face.id: (one, time_s) for one in readings})
            old = [key for key, (_, at_s) in self._last.items() if time_s - at_s > FORGET_S]
            for key in old:
                del self._last[key]
