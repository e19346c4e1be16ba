"""The annotated picture of a live session, drawn for window, browser and film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from emocam.errors import OutputError
from emocam.live.controls import Controls
from emocam.live.film import LiveFilm
from emocam.live.log import save_picture
from emocam.live.sinks import LiveSinks
from emocam.readings import FrameReadings
from emocam.render.overlay import Overlay
from emocam.types import Face, Frame, ImageU8

_STALE_LIGHT = 0.45  # of a picture that shows the past


class LiveView:
    """Draws frames and hands them to a window, a browser, a virtual camera and a film.

    Parameters
    ----------
    labels
        The model's labels.
    sinks
        Where pictures are shown.

    Attributes
    ----------
    controls
        What is switched on.
    film
        What is recorded.
    """

    def __init__(self, labels: Sequence[str], sinks: LiveSinks) -> None:
        self._window, self._browser = sinks.window, sinks.browser
        self._virtual_camera = sinks.virtual_camera
        self.controls = Controls()
        self.film = LiveFilm()
        self._overlay = Overlay(labels)
        self._picture: ImageU8 | None = None

    @property
    def is_local(self) -> bool:
        """Whether pictures go to a window or a browser."""
        return self._window is not None or self._browser is not None

    @property
    def is_seen(self) -> bool:
        """Whether a picture must be drawn at all."""
        is_browsed = self._browser is not None and self._browser.clients > 0
        is_kept = self.film.path is not None or self._virtual_camera is not None
        return self._window is not None or is_browsed or is_kept

    def remember(self, frames: Sequence[FrameReadings]) -> None:
        """Take readings into the history strip."""
        for one in frames:
            self._overlay.remember(one.readings, one.time_s or 0.0)

    def show(
        self,
        frame: Frame,
        readings: FrameReadings,
        *,
        now_s: float,
        fps: float,
        notice: str = "",
        numbers: str = "",
        stale: bool = False,
        is_new: bool = True,
    ) -> str:
        """Draw a frame and show it; the name of the key that was pressed meanwhile.

        Parameters
        ----------
        frame
            The camera's.
        readings
            Readings with their faces where they are in this frame.
        now_s
            The time in seconds of the session.
        fps
            The camera's rate, for a film that is recorded.
        notice
            Something the user must know.
        numbers
            Rates and delay.
        stale
            Whether the frame shows the past: it is darkened.
        is_new
            Whether the frame comes for the first time.
        """
        image = frame.image_bgr
        if stale:
            image = cv2.convertScaleAbs(image, alpha=_STALE_LIGHT).astype(np.uint8, copy=False)
        if self.controls.mirrored:
            image = np.ascontiguousarray(image[:, ::-1])
            readings = _mirrored(readings, image.shape[1])
        draw = partial(
            self._overlay.draw,
            image,
            readings,
            time_s=now_s,
            taken_s=frame.time_s,
            options=self.controls.overlay,
            notice=notice,
            mirrored=self.controls.mirrored,
        )
        is_filmed = self.film.path is not None and not self.controls.paused
        if is_filmed or self._virtual_camera is not None:
            # Drawn separately: others see no rates, no help and no recording mark.
            clean = draw()
            if self._virtual_camera is not None:
                self._virtual_camera.show(clean)
            if is_filmed:
                self.film.write(clean, now_s, fps, is_new=is_new)
        if not self.is_local:
            return ""
        self._picture = draw(
            numbers=numbers if self.controls.numbers else "",
            recording=self.film.path is not None,
            help_lines=self.controls.help_lines,
        )
        if self._browser is not None:
            from emocam.live.browser import readings_json  # its server is slow to import

            self._browser.show(self._picture, readings_json(readings, notice))
        return "" if self._window is None else self._window.show(self._picture)

    def full_screen(self) -> None:
        """Fill the screen or not, as the controls say."""
        if self._window is not None:
            self._window.fullscreen(self.controls.full_screen)

    def save(self, path: Path) -> None:
        """Write the picture that is shown as a PNG.

        Raises
        ------
        OutputError
            When there is none yet, or it can't be written there.
        """
        if self._picture is None:
            raise OutputError("there is no picture yet")
        save_picture(self._picture, path)


def _mirrored(readings: FrameReadings, width: int) -> FrameReadings:
    def face(one: Face) -> Face:
        x1, y1, x2, y2 = one.xyxy
        return replace(one, xyxy=(width - x2, y1, width - x1, y2))

    return readings.with_faces(face)
