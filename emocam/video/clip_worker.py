"""What a `ClipProcess` does: go through a clip, and give its readings part by part."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from functools import lru_cache
from itertools import islice

import cv2

from emocam.io.video_reader import VideoFile
from emocam.readings import FrameReadings
from emocam.runtime import give_back_memory
from emocam.video.clip_process import ClipRequest
from emocam.video.clip_readings import clip_readings, frames_ahead
from emocam.video.model_process import ModelArguments
from emocam.video.reading_process import ReadingProcess
from emocam.video.reading_worker import recognizer_of


class _Clip:
    """A clip that is gone through."""

    def __init__(self, arguments: ModelArguments, request: ClipRequest) -> None:
        self._open = ExitStack()
        video = self._open.enter_context(VideoFile(request.path, request.start_s, request.end_s))
        self._readings = clip_readings(
            self._open,
            video,
            recognizer_of(arguments),
            every_s=request.every_s,
            largest=request.largest,
            smooth=request.smooth,
            beside=_beside(arguments),
        )
        self._size = max(1, frames_ahead(request.every_s) // 2)

    def more(self) -> list[FrameReadings]:
        return list(islice(self._readings, self._size))

    def close(self) -> None:
        self._open.close()


_clip: _Clip | None = None  # one at a time


def load(arguments: ModelArguments) -> None:
    """Load what the first clip would have to wait for."""
    cv2.setNumThreads(1)
    recognizer_of(arguments)  # what is forked has it as well, in the same memory
    give_back_memory()
    # Nothing else goes on here until the fork is done; see `Process`.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later: of all forks
        _beside(arguments).wait_started()


def begin(arguments: ModelArguments, request: ClipRequest) -> list[FrameReadings]:
    """Begin with a clip, and leave the one before; its first readings."""
    global _clip
    if _clip is not None:
        _clip.close()
    _clip = _Clip(arguments, request)
    return _clip.more()


def more(_arguments: ModelArguments) -> list[FrameReadings]:
    """The next readings of the clip; none at its end."""
    assert _clip is not None  # it was begun
    return _clip.more()


@lru_cache(1)
def _beside(arguments: ModelArguments) -> ReadingProcess:
    """Until this process ends."""
    return ReadingProcess(arguments, is_forked_here=True).__enter__()
