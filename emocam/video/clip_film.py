"""The annotated film of a clip: its frames with what was read in them, encoded as they come."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from emocam.io.clip_streams import ClipSound
from emocam.io.video_writer import FilmRecorder
from emocam.readings import FrameReadings
from emocam.render.overlay import Overlay, OverlayOptions
from emocam.types import Frame
from emocam.video.film_thread import FilmThread


class ClipFilm:
    """Draws readings into a clip's frames, and writes them; begun by the first frame.

    Parameters
    ----------
    completing
        Completes the film when it ends.
    encoding
        Encodes the last frames when it ends, which is before. The sound is read until then: the
        clip must not be closed earlier.
    path
        Where it goes.
    labels
        The model's expressions.
    fps
        The clip's average frames a second.
    sound
        The clip's sound, None where there is none.
    blur
        Whether heads are made unrecognisable.

    Attributes
    ----------
    start_s
        Time of the clip at which the film begins; 0 as long as there is no frame.
    """

    def __init__(
        self,
        completing: ExitStack,
        encoding: ExitStack,
        path: Path,
        labels: Sequence[str],
        *,
        fps: float,
        sound: ClipSound | None,
        blur: bool,
    ) -> None:
        self.start_s = 0.0
        self._completing, self._encoding = completing, encoding
        self._path, self._fps, self._sound = path, fps, sound
        self._overlay = Overlay(labels)
        self._options = OverlayOptions(strip=True, blur=blur)
        self._recorder: FilmRecorder | None = None

    @property
    def lacks(self) -> str:
        """What it lacks, such as sound that can't be read, else empty."""
        return "" if self._recorder is None else self._recorder.lacks

    def add(self, frame: Frame, now: FrameReadings | None, drawn: FrameReadings) -> None:
        """Append a frame of the clip.

        Parameters
        ----------
        frame
            With its time, which is later than that of the one before.
        now
            Its readings, if it was analysed.
        drawn
            What to draw in it.
        """
        time_s = frame.time_s or 0.0
        if now is not None:
            self._overlay.remember(now.readings, time_s)
        picture = self._overlay.draw(frame.image_bgr, drawn, time_s=time_s, options=self._options)
        if self._recorder is None:
            size_wh = picture.shape[1], picture.shape[0]
            recorder = FilmRecorder(self._path, size_wh, fps=self._fps, sound=self._sound)
            self._recorder, self.start_s = self._completing.enter_context(recorder), time_s
            self._thread = self._encoding.enter_context(FilmThread(recorder))
        self._thread.write(picture, time_s)
