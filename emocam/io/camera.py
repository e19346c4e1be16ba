"""A live source that keeps only its newest frame, and is reopened when it fails.

A thread reads every frame as it comes. Consumers get the newest one; older ones are dropped.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emocam.errors import SourceError, reason_of
from emocam.io.address import Address
from emocam.io.backends import (
    READ_TIMEOUT_S,
    CameraSettings,
    Capture,
    EndOfFile,
    GarbledPicture,
    find_cameras,
    open_capture,
    prepare_backends,
)
from emocam.types import Frame, ImageU8

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0
_FIRST_PICTURE_S = 10.0
_GARBLED_S = 1.0  # without a good picture, after which the source is reopened
_REPEATED_S = 5.0  # a sensor's noise makes each picture differ from the last
_END_S = READ_TIMEOUT_S + 0.5
_MOST_GAPS = 1000

Opener = Callable[[Address], Capture]


@dataclass(frozen=True)
class Gap:
    """A time without pictures, or a change of their size."""

    # Time of the last picture before and of the first one after, in seconds of the session
    start_s: float
    end_s: float
    reason: str  # one line
    frame: int  # number of the first picture after it
    source: str = ""  # address of the source that it is about

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end_s - self.start_s


class LiveCamera:
    """Newest frame of a camera, a stream, or a file at its own pace; a context manager.

    Parameters
    ----------
    address
        Where the pictures come from.
    settings
        Size and rate to ask for.
    opener
        Opens an address; tests give their own.
    changed, start_s
        For several cameras of one session: what is notified of news of any, and where on
        `time.monotonic()` their common clock begins. By default each has its own.

    Attributes
    ----------
    garbled
        Pictures that could not be decoded.
    """

    def __init__(
        self,
        address: Address,
        settings: CameraSettings | None = None,
        *,
        opener: Opener | None = None,
        changed: threading.Condition | None = None,
        start_s: float | None = None,
    ) -> None:
        self.address = address
        self.garbled = 0
        wanted = settings or CameraSettings()
        self._open = opener or (lambda place: open_capture(place, wanted))
        self._given = address
        self._changed = changed or threading.Condition()
        self._given_start_s = start_s
        self._ending = threading.Event()
        self._frame: Frame | None = None
        self._fault = ""
        self._error: SourceError | None = None
        self._ended = False
        self._gaps: deque[Gap] = deque(maxlen=_MOST_GAPS)
        self._wants_next = threading.Event()
        self._repeated_since_s: float | None = None
        self._still: ImageU8 | None = None  # a picture that stays the same after reopening

    def __enter__(self) -> LiveCamera:
        # Opened here and not in the thread: macOS asks for permission on the main thread only.
        prepare_backends()
        self._capture = self._open(self.address)
        given_s = self._given_start_s
        self._start_s = time.monotonic() if given_s is None else given_s
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()
        try:
            self._wait_for_first()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def clock_s(self) -> float:
        """Seconds since the source was opened: the clock of all frames."""
        return time.monotonic() - self._start_s

    @property
    def ended(self) -> bool:
        """Whether a file has been shown to its end."""
        return self._ended

    @property
    def backend(self) -> str:
        """Name of the backend that reads the source."""
        return self._capture.backend

    @property
    def fault(self) -> str:
        """The current fault in one line; empty while pictures come."""
        with self._changed:
            frame, fault = self._frame, self._fault
        if fault or frame is None or self._ended:
            return fault
        if self._still is not None:
            return "the camera gives the same picture again and again"
        silent_s = self.clock_s - (frame.time_s or 0.0)
        return f"no picture for {silent_s:.0f} s" if silent_s > 1.0 else ""

    def newest(self) -> Frame | None:
        """The newest frame there is."""
        with self._changed:
            return self._frame

    def wait_newer(self, than: int, timeout_s: float) -> Frame | None:
        """The newest frame once its number is over `than`; None when none came in time.

        Raises
        ------
        SourceError
            When the camera's thread has failed for good.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._number() > than or self._ended, timeout_s)
            if self._error is not None:
                raise self._error
            return self._frame if self._number() > than else None

    def take_gaps(self) -> list[Gap]:
        """Gaps that ended since the last call."""
        with self._changed:
            gaps = list(self._gaps)
            self._gaps.clear()
        return gaps

    def next_camera(self) -> None:
        """Change to the next camera of this computer that opens."""
        self._wants_next.set()

    def _number(self) -> int:
        return -1 if self._frame is None else self._frame.index

    def _wait_for_first(self) -> None:
        if self.wait_newer(-1, _FIRST_PICTURE_S) is None:
            raise SourceError(
                f"{self.address.kind} {self.address.text} opened but gave no picture"
                + (f": {self._fault}" if self._fault else f" in {_FIRST_PICTURE_S:.0f} s")
            )

    def _end(self) -> None:
        self._ending.set()
        # A driver that hangs in a read can't be interrupted; the daemon thread then ends with the
        # process.
        self._thread.join(_END_S)

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                try:
                    self._grab()
                except EndOfFile:
                    break
                except SourceError as error:
                    self._reopen(str(error))
        except Exception as error:  # noqa: BLE001 -- raised again in the consumer
            what = f"{type(error).__name__}: {reason_of(error)}"
            self._error = SourceError(f"{self.address.text} can't be read any more ({what})")
        finally:
            self._capture.release()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _grab(self) -> None:
        """Publish frames until the source fails or the session ends."""
        good_s = time.monotonic()
        while not self._ending.is_set():
            if self._wants_next.is_set():
                self._wants_next.clear()
                self._change_camera()
            try:
                image = self._capture.read()
            except GarbledPicture as error:
                self.garbled += 1
                if time.monotonic() - good_s > _GARBLED_S:
                    raise SourceError(f"garbled pictures: {error}") from error
                continue
            good_s = time.monotonic()
            self._check_repeated(image)
            self._publish(image)

    def _publish(self, image: ImageU8) -> None:
        now_s, last = self.clock_s, self._frame
        number = self._number() + 1
        with self._changed:
            if last is not None and last.image_bgr.shape != image.shape:
                change = f"the pictures changed from {_size(last.image_bgr)} to {_size(image)}"
                self._gaps.append(Gap(last.time_s or 0.0, now_s, change, number, self.address.text))
            self._frame = Frame(image, number, now_s, self.address.text)
            self._fault = ""
            self._changed.notify_all()

    def _check_repeated(self, image: ImageU8) -> None:
        if self.address.kind == "screen":
            return  # which may well stand still
        last = None if self._frame is None else self._frame.image_bgr
        if last is None or not _same(last, image):
            self._repeated_since_s, self._still = None, None
            return
        now_s = time.monotonic()
        if self._repeated_since_s is None:
            self._repeated_since_s = now_s
        is_frozen = now_s - self._repeated_since_s > _REPEATED_S
        if is_frozen and (self._still is None or not _same(self._still, image)):
            # Only once for each picture: a source may show a still scene.
            self._still = image
            raise SourceError(f"frozen: the same picture for {_REPEATED_S:.0f} s")

    def _reopen(self, reason: str) -> None:
        last = self._frame
        start_s = self.clock_s if last is None else last.time_s or 0.0
        wait_s = FIRST_WAIT_S
        self._capture.release()
        while not self._ending.is_set():
            with self._changed:
                self._fault = f"{reason}; trying again in {wait_s:g} s"
            if self._ending.wait(wait_s):
                return
            image = self._try_open(self.address)
            if image is not None:
                with self._changed:
                    self._gaps.append(self._gap(start_s, reason))
                self._publish(image)
                return
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _change_camera(self) -> None:
        others = [camera for camera in find_cameras() if camera != self._given]
        cycle = [self._given, *others]
        here = cycle.index(self.address) if self.address in cycle else 0
        start_s = self.clock_s
        self._capture.release()
        for address in (*cycle[here + 1 :], *cycle[: here + 1]):
            image = self._try_open(address)
            if image is not None:
                self.address = address
                reason = f"changed to {address.kind} {address.text}"
                with self._changed:
                    self._gaps.append(self._gap(start_s, reason))
                self._publish(image)
                return
        raise SourceError(f"{self.address.kind} {self.address.text} did not open again")

    def _gap(self, start_s: float, reason: str) -> Gap:
        return Gap(start_s, self.clock_s, reason, self._number() + 1, self.address.text)

    def _try_open(self, address: Address) -> ImageU8 | None:
        """Open a source and read its first picture; None when either fails."""
        try:
            self._capture = self._open(address)
            return self._capture.read()
        except SourceError:
            self._capture.release()
            return None


def _same(a: ImageU8, b: ImageU8) -> bool:
    return a.shape == b.shape and np.array_equal(a[::16], b[::16])


def _size(image: ImageU8) -> str:
    return f"{image.shape[1]}×{image.shape[0]}"
