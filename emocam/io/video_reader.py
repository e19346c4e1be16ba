"""Frames of a video file, upright and with their true times."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from emocam.errors import SourceError
from emocam.io.clip_streams import ClipPictures, ClipSound
from emocam.io.probe import is_cut_off, why_not
from emocam.types import Frame, ImageU8

from av.error import FFmpegError  # isort: skip

_USUAL_FPS = 25.0  # where the file doesn't say
_PATIENCE = 60  # damaged frames in a row that are skipped before the clip counts as ended
_RUN_UP_S = 1.0  # seeking aims this much earlier, since it is a few frames off


class VideoFile:
    """Frames of a video file; closed when the `with` block ends.

    Rotation tags are applied, and time counts from the first picture.

    Parameters
    ----------
    path
        A file of any kind that FFmpeg decodes.
    start_s
        Frames before this time are left out.
    end_s
        Frames from this time on are left out; None for all.

    Attributes
    ----------
    fps
        Average frames a second, 25 where the file doesn't say. Known once entered.
    frame_count
        About how many frames the whole file has, as it says itself; None where it doesn't.
    size_wh
        Width and height of the upright frames in pixels.
    frames_read
        Number of frames read so far, from the start on.

    Raises
    ------
    SourceError
        On entering, when there is no such file or no picture in it can be decoded.
    """

    def __init__(self, path: Path, start_s: float = 0.0, end_s: float | None = None) -> None:
        self.path = path
        self.start_s = start_s
        self.end_s = end_s
        self.frames_read = 0
        self._last_s: float | None = None
        self._skipped = 0
        self._open = ExitStack()

    def __enter__(self) -> VideoFile:
        _check_file(self.path)
        from_s = max(0.0, self.start_s - _RUN_UP_S)
        clip = self._pictures = _open_pictures(self.path, from_s)
        self._open.callback(clip.close)
        self._first_index = round(clip.first_s * clip.fps)
        self.fps = clip.fps if 1.0 <= clip.fps <= 240.0 else _USUAL_FPS
        self.frame_count = clip.frame_count if 0 < clip.frame_count < 1e9 else None
        self.size_wh = clip.size_wh
        return self

    def sound(self) -> ClipSound | None:
        """The clip's sound, open as long as the pictures are; None where there is none."""
        try:
            sound = ClipSound(self.path, self._pictures.from_s)
        except (FFmpegError, ValueError):
            return None
        self._open.callback(sound.close)
        return sound

    @property
    def frames_wanted(self) -> int | None:
        """About how many frames lie between start and end; None where the file doesn't say."""
        if self.frame_count is None:
            return None
        first = self.start_s * self.fps
        last = math.inf if self.end_s is None else self.end_s * self.fps
        return max(0, math.ceil(min(self.frame_count, last)) - math.ceil(first))

    @property
    def shortfall(self) -> str:
        """`48 of about 101 frames` when damage cost frames, else empty.

        Judged by the times too, since the number of frames is an estimate in many files.
        """
        wanted, last_s = self.frames_wanted, self._last_s
        if wanted is None or last_s is None or self.frames_read >= wanted:
            return ""
        ends_s = self.start_s + wanted / self.fps
        early = last_s + 1 / self.fps < ends_s - 0.02 * (ends_s - self.start_s) - 0.1
        if self._skipped or (early and is_cut_off(self.path)):
            return f"{self.frames_read} of about {wanted} frames"
        return ""

    def ticks(self) -> Iterator[tuple[int, float]]:
        """Number and time of each frame; `picture` gives the one it stands at.

        Going past a frame without taking its picture saves its conversion.
        """
        index = self._first_index
        while self._grab(index):
            time_s = self._time(index)
            if self.end_s is not None and time_s >= self.end_s:
                return
            self._last_s = time_s
            if time_s >= self.start_s:
                self.frames_read += 1
                yield index, time_s
            index += 1

    def picture(self) -> ImageU8 | None:
        """The frame that `ticks` stands at, (height, width, 3), uint8, BGR; None if damaged."""
        return self._pictures.picture()

    def later(self) -> Callable[[], ImageU8]:
        """What gives the same whenever it is called, in any thread.

        A frame that nobody asks for is not converted; a damaged one raises SourceError.
        """
        convert = self._pictures.later()

        def picture() -> ImageU8:
            image = convert()
            if image is None:
                raise SourceError(f"{self.path} has a frame that can't be converted")
            return image

        return picture

    def luma(self) -> ImageU8 | None:
        """Brightness of the frame that `ticks` stands at; see `ClipPictures.luma`."""
        return self._pictures.luma()

    def __iter__(self) -> Iterator[Frame]:
        for index, time_s in self.ticks():
            image = self.picture()
            if image is not None:
                yield Frame(image, index, time_s, str(self.path))

    def _grab(self, index: int) -> bool:
        """Go to the next frame, skipping damaged ones; False at the end."""
        near_end = self.frame_count is not None and index >= self.frame_count - 1
        for failures in range(1 if near_end else _PATIENCE):
            if self._pictures.grab():
                self._skipped += failures
                return True
        return False

    def _time(self, index: int) -> float:
        time_s = self._pictures.time_s()
        if self._last_s is not None and not self._last_s < time_s < math.inf:
            # A bare stream has no times, a damaged one wrong ones.
            return self._last_s + 1 / self.fps
        return time_s if math.isfinite(time_s) else index / self.fps

    def __exit__(self, *_: object) -> None:
        self._open.close()


def _open_pictures(path: Path, from_s: float) -> ClipPictures:
    try:
        return ClipPictures(path, from_s)
    except (FFmpegError, ValueError) as error:
        raise SourceError(f"{path} {why_not(path)}") from error


def _check_file(path: Path) -> None:
    if not path.exists():
        raise SourceError(f"there is no video file {path}")
    if not path.is_file():
        raise SourceError(f"{path} is not a file")
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except OSError as error:
        raise SourceError(f"can't read {path}: {error.strerror}") from error
    if not first:
        raise SourceError(f"{path} is empty (0 bytes)")
