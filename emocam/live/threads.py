"""Detection thread and recognition thread.

A full search takes longer than a frame lasts. It has a thread of its own, so that readings of
tracked faces, which need only a search near each, never wait for it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from emocam.detection.detector import FaceDetector
from emocam.io.camera import LiveCamera
from emocam.readings import FrameReadings
from emocam.tracking.finder import SEARCH_EVERY_S
from emocam.types import Box, Frame

if TYPE_CHECKING:
    from typing_extensions import Self

_WAIT_S = 0.1
_JOIN_S = 5.0
_SEARCH_EMPTY_S = 0.1  # while there is no face at all
_USUAL_PERIOD_S = 1 / 30
_PERIOD_WEIGHT = 0.1  # of a new frame in the mean time from one to the next
_SEARCH_SHARE = 0.25  # of the time, on a machine where a search takes long


class FrameReader(Protocol):
    """Reads the frames of one camera in order, as `Follower` does."""

    @property
    def alone(self) -> bool: ...

    def follow_frame(
        self,
        frame: Frame,
        newcomers: Sequence[Box] | None = None,
        read_until_s: float | None = None,
    ) -> FrameReadings: ...


class Worker:
    """A thread that processes the newest frame of a camera, skipping those that come meanwhile.

    It is joined at the end of its `with` block; `check` raises what it raised.

    Attributes
    ----------
    paused
        Whether it skips all frames for now.
    """

    name = "worker"

    def __init__(self, camera: LiveCamera) -> None:
        self.ending = threading.Event()
        self.paused = False
        self._camera = camera
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._guarded, name=self.name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it after the frame that it is busy with."""
        self.ending.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def check(self) -> None:
        """Raise here what went wrong in the thread."""
        if self._error is not None:
            raise self._error

    def take_in(self, frame: Frame) -> None:
        """What the thread does with a frame."""
        raise NotImplementedError

    def _guarded(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 -- raised again by `check`
            self._error = error

    def _work(self) -> None:
        last = -1
        while not self.ending.is_set():
            frame = self._camera.wait_newer(last, _WAIT_S)
            if frame is None or self.paused:
                self.ending.wait(_WAIT_S if self._camera.ended or self.paused else 0)
                continue
            last = frame.index
            self.take_in(frame)


class DetectionThread(Worker):
    """Runs full searches for new faces, with rests between them.

    Attributes
    ----------
    turned_down
        Number of rejected detections; final once the thread has been joined.
    """

    name = "detection"

    def __init__(self, camera: LiveCamera, *, keep_all: bool = False) -> None:
        super().__init__(camera)
        self.turned_down = 0
        self.alone = True
        self._detector = FaceDetector(keep_all=keep_all)
        self._found: list[Box] = []
        self._lock = threading.Lock()

    def take(self, *, alone: bool) -> list[Box]:
        """What the last search found, once; `alone` says that no face is known just now."""
        self.alone = alone
        with self._lock:
            found, self._found = self._found, []
        return found

    def take_in(self, frame: Frame) -> None:
        """Search it, and rest a while."""
        start_s = time.monotonic()
        faces = self._detector.detect(frame.image_bgr)
        self.turned_down += len(self._detector.rejected)
        with self._lock:
            self._found = [face.xyxy for face in faces]
        took_s = time.monotonic() - start_s
        self._rest(max(0.0, took_s / _SEARCH_SHARE - took_s))

    def _rest(self, least_s: float) -> None:
        done_s = time.monotonic()
        self.ending.wait(least_s if not self.alone else min(least_s, _SEARCH_EMPTY_S))
        while not self.alone and time.monotonic() - done_s < SEARCH_EVERY_S:
            if self.ending.wait(0.02):
                return


class RecognitionThread(Worker):
    """Reads the newest frame as soon as it is done with the last one."""

    name = "recognition"

    def __init__(
        self,
        camera: LiveCamera,
        follower: FrameReader,
        detection: DetectionThread,
        listeners: Sequence[Callable[[FrameReadings], None]] = (),
    ) -> None:
        super().__init__(camera)
        self._follower, self._detection = follower, detection
        # Told at once, in this thread: they must return at once too.
        self._listeners = tuple(listeners)
        # Unbounded: while a window is dragged nothing is taken, and the log needs them all. They
        # hold no pictures.
        self._results: deque[FrameReadings] = deque()
        self._before: tuple[int, float] | None = None  # number and time of the last frame
        self._period_s = _USUAL_PERIOD_S

    def take(self) -> list[FrameReadings]:
        """Readings that are done since the last call, in order."""
        taken = []
        while self._results:
            taken.append(self._results.popleft())
        return taken

    def take_in(self, frame: Frame) -> None:
        """Read it, with what full searches have found since."""
        newcomers = self._detection.take(alone=self._follower.alone)
        result = self._follower.follow_frame(frame, newcomers, self._until_s(frame))
        self._results.append(result)
        for tell in self._listeners:
            tell(result)

    def _until_s(self, frame: Frame) -> float:
        """When the next frame comes: readings that are ready by then are drawn with it."""
        time_s, before = frame.time_s or 0.0, self._before
        self._before = frame.index, time_s
        if before is not None and frame.index > before[0]:
            period_s = (time_s - before[1]) / (frame.index - before[0])
            self._period_s += _PERIOD_WEIGHT * (period_s - self._period_s)
        return time.monotonic() - (self._camera.clock_s - time_s) + self._period_s


class ReadingThreads:
    """Both threads of each camera of a session; a context manager.

    Parameters
    ----------
    cameras
        Open cameras, each with what reads its frames.
    keep_all
        Whether rejected detections are kept.
    listeners
        Told of each result at once, in the thread that reads.
    """

    def __init__(
        self,
        cameras: Sequence[tuple[LiveCamera, FrameReader]],
        *,
        keep_all: bool = False,
        listeners: Sequence[Callable[[FrameReadings], None]] = (),
    ) -> None:
        self._detection = [DetectionThread(camera, keep_all=keep_all) for camera, _ in cameras]
        self._recognition = [
            RecognitionThread(camera, reader, detection, listeners)
            for (camera, reader), detection in zip(cameras, self._detection, strict=True)
        ]
        self._open = ExitStack()

    def __enter__(self) -> Self:
        for worker in (*self._detection, *self._recognition):
            self._open.enter_context(worker)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def turned_down(self) -> int:
        """How many boxes of full searches were no faces; final once the threads have ended."""
        return sum(one.turned_down for one in self._detection)

    def check(self) -> None:
        """Raise what went wrong in a thread: it must not end silently, and nor must the session."""
        for worker in (*self._detection, *self._recognition):
            worker.check()

    def pause(self, paused: bool) -> None:
        """Leave frames alone for now, or go on."""
        for worker in (*self._detection, *self._recognition):
            worker.paused = paused

    def stop(self) -> None:
        """End the reading after the frames that it is busy with."""
        for worker in self._recognition:
            worker.stop()

    def take(self) -> list[FrameReadings]:
        """Readings that are done since the last call, in the order of their frames' times."""
        taken = [result for worker in self._recognition for result in worker.take()]
        return sorted(taken, key=lambda one: one.time_s or 0.0)
