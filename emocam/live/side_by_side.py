"""Several cameras in one session: a picture of all side by side, and ids that stay apart.

Each camera keeps its own threads and its own follower, so that none waits for another. Their
readings are in their own pixels and frames; only what is shown is put together.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import cv2
import numpy as np

from emocam.errors import SourceError
from emocam.io.address import Address
from emocam.io.backends import CameraSettings
from emocam.io.camera import Gap, LiveCamera, Opener
from emocam.live.threads import FrameReader
from emocam.readings import FrameReadings
from emocam.recognition.profile import Profile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.tracking.follower import Follower
from emocam.types import Box, Face, Frame, ImageU8

if TYPE_CHECKING:
    from typing_extensions import Self

_MOST_WIDTH = 1920  # of the picture of all
_STALE_S, _STALE_LIGHT = 1.0, 0.45  # a camera that is behind the others is darkened


@dataclass(frozen=True)
class Place:
    """Where a camera's picture lies in that of all."""

    left: int
    top: int
    scale: float
    time_s: float  # of the camera's frame

    def face(self, one: Face) -> Face:
        """A face of the camera's picture where it is in that of all; never without an area."""
        x1, y1, x2, y2 = (round(side * self.scale) for side in one.xyxy)
        x2, y2 = self.left + max(x2, x1 + 1), self.top + max(y2, y1 + 1)
        return replace(one, xyxy=(self.left + x1, self.top + y1, x2, y2))


class CameraGroup:
    """Several live sources as one; a context manager.

    Parameters
    ----------
    addresses
        Where the pictures come from.
    settings
        What each is asked for.
    opener
        Opens an address; tests give their own.

    Attributes
    ----------
    members
        The sources, all on one clock.
    places
        Where their pictures lie in the last picture of all.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        settings: CameraSettings | None = None,
        *,
        opener: Opener | None = None,
    ) -> None:
        self._changed = threading.Condition()
        start_s = time.monotonic()
        self.members = [
            LiveCamera(one, settings, opener=opener, changed=self._changed, start_s=start_s)
            for one in addresses
        ]
        self.places: tuple[Place, ...] = ()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            for member in self.members:
                opening.enter_context(member)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def address(self) -> Address:
        """All addresses in one."""
        text = " + ".join(member.address.text for member in self.members)
        return Address(self.members[0].address.kind, text)

    @property
    def clock_s(self) -> float:
        """Seconds since the session began: the clock of all frames."""
        return self.members[0].clock_s

    @property
    def ended(self) -> bool:
        """Whether all have been shown to their end."""
        return all(member.ended for member in self.members)

    @property
    def garbled(self) -> int:
        """Pictures that could not be decoded."""
        return sum(member.garbled for member in self.members)

    @property
    def fault(self) -> str:
        """What is wrong just now, one line; empty while all give pictures."""
        faults = ((member.address.text, member.fault) for member in self.members)
        return "; ".join(f"{text}: {fault}" for text, fault in faults if fault)

    def newest(self) -> Frame | None:
        """The newest picture of all."""
        return self.wait_newer(-1, 0.0)

    def wait_newer(self, than: int, timeout_s: float) -> Frame | None:
        """The picture of all once one of them is newer; None when none came in time.

        Its index counts the frames of all cameras; its time is that of the newest.

        Raises
        ------
        SourceError
            When a camera's thread has failed for good.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._number() > than or self.ended, timeout_s)
            frames = [member.wait_newer(-1, 0.0) for member in self.members]
        there = [frame for frame in frames if frame is not None]
        number = sum(frame.index + 1 for frame in there) - 1
        if len(there) < len(frames) or number <= than:
            return None
        image_bgr, self.places = put_together(there)
        newest_s = max(frame.time_s or 0.0 for frame in there)
        return Frame(image_bgr, number, newest_s, self.address.text)

    def take_gaps(self) -> list[Gap]:
        """Gaps that ended since the last call, of all."""
        return list(chain.from_iterable(member.take_gaps() for member in self.members))

    def next_camera(self) -> None:
        """Not for several: none would be left that is not shown already.

        Raises
        ------
        SourceError
            Always.
        """
        raise SourceError("the next camera can be had where one alone is shown")

    def _number(self) -> int:
        newest = (member.newest() for member in self.members)
        return sum(frame.index + 1 for frame in newest if frame is not None) - 1


class NumberedFollower:
    """The follower of one camera of several, with ids that no other has.

    Parameters
    ----------
    follower
        That of this camera.
    number, count
        Which of how many it is: its faces have the ids `number`, `number + count`, and so on.
    """

    def __init__(self, follower: Follower, number: int, count: int) -> None:
        self.follower, self._number, self._count = follower, number, count

    @property
    def alone(self) -> bool:
        """Whether no face is known just now."""
        return self.follower.alone

    def follow_frame(
        self,
        frame: Frame,
        newcomers: Sequence[Box] | None = None,
        read_until_s: float | None = None,
    ) -> FrameReadings:
        """As that of the follower."""
        return self._numbered(self.follower.follow_frame(frame, newcomers, read_until_s))

    def readings_at(self, time_s: float) -> FrameReadings:
        """As that of the follower."""
        return self._numbered(self.follower.readings_at(time_s))

    def _numbered(self, given: FrameReadings) -> FrameReadings:
        def face(one: Face) -> Face:
            return replace(one, id=one.id * self._count + self._number)

        return given.with_faces(face)


class FollowerGroup:
    """The followers of several cameras, as one for who shows them.

    Parameters
    ----------
    cameras
        The cameras.
    followers
        One for each.
    """

    def __init__(self, cameras: CameraGroup, followers: Sequence[Follower]) -> None:
        self._cameras = cameras
        self.members = [
            NumberedFollower(one, number, len(followers)) for number, one in enumerate(followers)
        ]

    @property
    def recognizer(self) -> EmotionRecognizer:
        """What reads the faces."""
        return self.members[0].follower.recognizer

    @property
    def profile(self) -> Profile | None:
        """Of one person, wherever that person is seen."""
        return self.members[0].follower.profile

    @property
    def turned_down(self) -> int:
        """How many boxes were no faces."""
        return sum(member.follower.turned_down for member in self.members)

    def use_profile(self, profile: Profile | None) -> None:
        """Read a person by this profile from now on, whichever camera sees the person."""
        for member in self.members:
            member.follower.use_profile(profile)

    def readings_at(self, time_s: float) -> FrameReadings:
        """Last readings with their faces where they are in the picture of all."""
        shown = []
        for member, place in zip(self.members, self._cameras.places, strict=False):
            shown.append(member.readings_at(place.time_s).with_faces(place.face))
        return FrameReadings(
            tuple(chain.from_iterable(one.readings for one in shown)),
            time_s=time_s,
            hidden=tuple(chain.from_iterable(one.hidden for one in shown)),
            opacity=tuple(chain.from_iterable(one.opacity or (1.0,) * len(one) for one in shown)),
        )


def put_together(frames: Sequence[Frame]) -> tuple[ImageU8, tuple[Place, ...]]:
    """One picture of several, side by side at equal height, and where each lies in it."""
    columns = math.ceil(math.sqrt(len(frames)))
    rows = math.ceil(len(frames) / columns)
    height = max(frame.image_bgr.shape[0] for frame in frames)
    widest = max(frame.image_bgr.shape[1] / frame.image_bgr.shape[0] for frame in frames)
    height = max(1, min(height, int(_MOST_WIDTH / columns / widest)))
    width = max(1, round(height * widest))
    whole = np.zeros((rows * height, columns * width, 3), np.uint8)
    newest_s = max(frame.time_s or 0.0 for frame in frames)
    places = []
    for number, frame in enumerate(frames):
        row, column = divmod(number, columns)
        scale = height / frame.image_bgr.shape[0]
        size_wh = max(1, round(frame.image_bgr.shape[1] * scale)), height
        image = frame.image_bgr
        if scale != 1:
            image = np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
        if newest_s - (frame.time_s or 0.0) > _STALE_S:
            image = np.asarray(cv2.convertScaleAbs(image, alpha=_STALE_LIGHT), np.uint8)
        left, top = column * width + (width - size_wh[0]) // 2, row * height
        whole[top : top + height, left : left + size_wh[0]] = image
        places.append(Place(left, top, scale, frame.time_s or 0.0))
    return whole, tuple(places)


def pairs(
    camera: LiveCamera | CameraGroup, follower: Follower | FollowerGroup
) -> list[tuple[LiveCamera, FrameReader]]:
    """Each camera with what reads its frames, be it one or several."""
    if isinstance(camera, CameraGroup) and isinstance(follower, FollowerGroup):
        return list(zip(camera.members, follower.members, strict=True))
    if isinstance(camera, CameraGroup) or isinstance(follower, FollowerGroup):
        raise TypeError("several cameras go with several followers, one with one")
    return [(camera, follower)]
