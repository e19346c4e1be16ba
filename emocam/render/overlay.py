"""What is drawn on a frame: its faces, the history strip, and notes to the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emocam.readings import FrameReadings, Readings
from emocam.render.anonymize import HeadMemory, blur_heads, paint_out_heads
from emocam.render.faces import FaceMarks
from emocam.render.layout import Layout
from emocam.render.notes import draw_help, draw_notice, draw_numbers, draw_recording
from emocam.render.sprites import SpriteCache
from emocam.render.strip import History, draw_strip, strip_height
from emocam.types import AnyArray, ImageU8, Reading, check_bgr


@dataclass(frozen=True)
class OverlayOptions:
    """What to draw besides boxes and labels."""

    bars: bool = True  # a small bar for each emotion beside each face
    strip: bool = False  # the last 30 seconds of each face below the picture, which grows
    blur: bool = False  # heads are smeared beyond recognition
    anonymous: bool = False  # heads are painted out; wins over `blur`


class Overlay:
    """Draws readings on frames.

    It keeps drawn texts, where each face's label stood, and the last 30 seconds of readings; so
    use one for each camera or clip.

    Parameters
    ----------
    labels
        The model's labels.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self._cache = SpriteCache()
        self._history = History(self.labels)
        self._faces = FaceMarks(self.labels, self._cache)
        self._heads = HeadMemory()

    def remember(self, readings: Readings, time_s: float) -> None:
        """Add one analysis' readings to the history strip.

        Parameters
        ----------
        readings
            What was read.
        time_s
            The time of the frame they were read in, in seconds; it never goes back.
        """
        self._history.remember(readings, time_s)

    def draw(
        self,
        frame_bgr: ImageU8,
        readings: Readings,
        *,
        time_s: float = 0.0,
        taken_s: float | None = None,
        options: OverlayOptions | None = None,
        numbers: str = "",
        notice: str = "",
        recording: bool = False,
        help_lines: Sequence[tuple[str, str]] = (),
        mirrored: bool = False,
    ) -> ImageU8:
        """A new picture with everything on it, higher than the frame by the strip if one is shown.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8, blue first. It is not changed.
        readings
            What to draw, with the boxes where they are now. FrameReadings also say how strongly,
            and which faces are not shown but must be covered where heads are.
        time_s
            The time now in seconds, the right end of the history strip.
        taken_s
            When the frame was taken, where that is not now: faces that were missed in a picture
            that stands still must stay hidden.
        options
            What to draw besides boxes and labels; by default the bars.
        numbers
            A line for the top left corner.
        notice
            Something the user must know, such as a lost camera.
        recording
            Whether to show the red dot.
        help_lines
            Keys and what they do; a panel in the middle shows them.
        mirrored
            Whether the frame and its boxes are mirrored: what stays covered is kept by its place
            before that.
        """
        options = options or OverlayOptions()
        if not isinstance(readings, FrameReadings):
            readings = FrameReadings(tuple(readings))
        shown = readings.with_bridged()
        height, width = frame_bgr.shape[:2]
        px = text_size(width, height)
        strip_px = max(9, round(px * 0.8))
        below = strip_height(strip_px) if options.strip else 0
        whole = np.empty((height + below, width, 3), np.uint8)
        drawn = whole[:height]
        drawn[:] = frame_bgr
        self._heads.see(
            readings.heads, time_s if taken_s is None else taken_s, (width, height), mirrored
        )
        if options.blur or options.anonymous:
            hide = paint_out_heads if options.anonymous else blur_heads
            hide(drawn, self._heads.boxes((width, height), mirrored))
        layout = Layout((0, 0, width, height))
        for note in (
            draw_numbers(drawn, numbers, px, self._cache),
            draw_recording(drawn, px, self._cache) if recording else None,
        ):
            if note:
                layout.take(note)
        if below:
            faces = self._strip_faces(shown)
            draw_strip(whole[height:], self._history, faces, time_s, strip_px, self._cache)
        numbered = options.strip or len(shown) > 1
        self._faces.draw(drawn, shown, layout, px, bars=options.bars, numbered=numbered)
        draw_notice(drawn, notice, px, height, self._cache)
        draw_help(drawn, help_lines, px, self._cache)
        return whole

    def _strip_faces(self, readings: Readings) -> list[int]:
        present = sorted(reading.face.id for reading in readings)
        return present + [face for face in self._history.faces if face not in present]


def text_size(width: int, height: int) -> int:
    """Size of the text in pixels: 11 at 320×240, 18 at 640×480, 31 at full HD, 49 at 4K."""
    times: float = (min(height, width * 0.75) / 240) ** 0.68
    return max(11, round(11 * times))


def draw(
    frame_bgr: AnyArray, readings: Reading | Readings, *, bars: bool = True, blur: bool = False
) -> ImageU8:
    """A copy of a single frame with its readings drawn on it.

    Parameters
    ----------
    frame_bgr
        Shape (height, width, 3), uint8, blue first. It is not changed.
    readings
        Of its faces; one or several.
    bars
        Whether to draw a small bar for each emotion beside each face, where there is room.
    blur
        Whether heads are smeared beyond recognition, those in `hidden` too.

    Returns
    -------
    ImageU8
        A new picture of the same shape.

    Raises
    ------
    ValueError
        When the picture has another shape or type.

    Examples
    --------
    >>> from emocam import EmotionRecognizer, draw
    >>> readings = EmotionRecognizer.load().read(frame_bgr)  # doctest: +SKIP
    >>> drawn_bgr = draw(frame_bgr, readings, blur=True)  # doctest: +SKIP
    """
    several = [readings] if isinstance(readings, Reading) else readings
    overlay = Overlay(several[0].labels if several else ())
    return overlay.draw(check_bgr(frame_bgr), several, options=OverlayOptions(bars=bars, blur=blur))
