"""The film of a session: the participants' readings on it, everybody else's head covered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from emocam.io.clip_streams import ClipSound
from emocam.io.video_reader import VideoFile
from emocam.io.video_writer import FilmRecorder
from emocam.readings import FrameReadings
from emocam.render.anonymize import HeadMemory, blur_heads
from emocam.render.overlay import Overlay, OverlayOptions
from emocam.types import Face, Frame, ImageU8
from emocam.video.clip_readings import frames_with_readings, with_heads


def write_film(
    path: Path,
    stack: ExitStack,
    video: VideoFile,
    labels: Sequence[str],
    analysed: Callable[[], Iterator[FrameReadings]],
    heads: Callable[[], Iterator[FrameReadings]],
) -> Iterator[FrameReadings]:
    """Write the film while the readings go by.

    Parameters
    ----------
    path
        Where it goes; it appears there when the stack is unwound.
    stack
        Ends what reads and writes.
    video
        The open clip.
    labels
        The model's labels.
    analysed
        Starts the reading; faces that are not the participants' are `hidden` in what it gives.
    heads
        Starts the search for such faces in the frames that are not analysed.
    """
    second = stack.enter_context(VideoFile(video.path, video.start_s, video.end_s))
    film = _Film(path, stack, video.fps, second.sound(), labels)
    steps = frames_with_readings(stack, second, analysed())
    for frame, now, drawn in with_heads(steps, heads()):
        film.add(frame, now, drawn)
        if now is not None:
            yield now


class _Film:
    def __init__(
        self,
        path: Path,
        stack: ExitStack,
        fps: float,
        sound: ClipSound | None,
        labels: Sequence[str],
    ) -> None:
        self._path, self._stack, self._fps, self._sound = path, stack, fps, sound
        self._recorder: FilmRecorder | None = None
        self._overlay = Overlay(labels)
        self._others = HeadMemory()

    def add(self, frame: Frame, now: FrameReadings | None, drawn: FrameReadings) -> None:
        time_s, picture = frame.time_s or 0.0, np.array(frame.image_bgr)
        self._cover_others(picture, drawn, time_s, (picture.shape[1], picture.shape[0]))
        if now is not None:
            self._overlay.remember(now.readings, time_s)
        options = OverlayOptions(strip=True)
        picture = self._overlay.draw(picture, drawn, time_s=time_s, options=options)
        if self._recorder is None:
            size_wh = picture.shape[1], picture.shape[0]
            recorder = FilmRecorder(self._path, size_wh, fps=self._fps, sound=self._sound)
            self._recorder = self._stack.enter_context(recorder)
        self._recorder.write(picture, time_s)

    def _cover_others(
        self, picture: ImageU8, drawn: FrameReadings, time_s: float, size_wh: tuple[int, int]
    ) -> None:
        own = {reading.face.id for reading in (*drawn.readings, *drawn.bridged)}
        others: list[Face] = [face for face in drawn.hidden if face.id not in own]
        self._others.see(others, time_s, size_wh)
        # Before it was first found a participant's face counts among those to cover.
        self._others.forget(own)
        blur_heads(picture, self._others.boxes(size_wh))
