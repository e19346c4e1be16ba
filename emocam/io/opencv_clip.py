"""A video file decoded by OpenCV alone, where PyAV is not installed."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from emocam.errors import SourceError
from emocam.io.probe import TEXT_CODEC, why_not
from emocam.types import ImageU8


class OpenCvClip:
    """The pictures of a clip one by one; OpenCV turns those of phones upright by itself.

    Parameters
    ----------
    path
        A file that OpenCV's FFmpeg decodes.
    from_s
        Where to begin, a few frames off; at the first picture where the file can't be searched.

    Attributes
    ----------
    fps
        Average frames a second, 0 where the file doesn't say.
    frame_count
        About how many frames there are, 0 or less where the file doesn't say.
    size_wh
        Width and height of the upright frames in pixels.
    first_s
        Time of the first frame that comes, in seconds from the clip's first picture.

    Raises
    ------
    SourceError
        When no picture in it can be decoded.
    """

    def __init__(self, path: Path, from_s: float = 0.0) -> None:
        self._capture = _open(path)
        codec = self._capture.get(cv2.CAP_PROP_FOURCC)
        if not self._capture.isOpened() or codec == cv2.VideoWriter.fourcc(*TEXT_CODEC):
            self._capture.release()
            raise SourceError(f"{path} {why_not(path)}")
        self.fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.frame_count = round(min(2e9, float(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))))
        self.size_wh = (
            int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        self.first_s = 0.0
        if from_s > 0 and self._capture.set(cv2.CAP_PROP_POS_MSEC, from_s * 1000):
            next_frame = round(float(self._capture.get(cv2.CAP_PROP_POS_FRAMES)))
            self.first_s = next_frame / self.fps if self.fps > 0 else 0.0
            if not 0 < self.time_s() <= from_s + 1 or next_frame <= 0:
                self._capture.release()  # this file can't jump: from the beginning then
                self._capture = _open(path)
                self.first_s = 0.0

    def grab(self) -> bool:
        """Go to the next picture; False at the end, and where one is damaged."""
        return self._capture.grab()

    def time_s(self) -> float:
        """When the picture is shown, in seconds from the clip's first."""
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000

    def picture(self) -> ImageU8 | None:
        """The picture, shape (height, width, 3), uint8, BGR; None if damaged."""
        ok, image = self._capture.retrieve()
        return image.astype(np.uint8, copy=False) if ok else None

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


def _open(path: Path) -> cv2.VideoCapture:
    # FFmpeg and OpenCV would tell of a file they can't open in lines of their own.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    finally:
        cv2.utils.logging.setLogLevel(level)
