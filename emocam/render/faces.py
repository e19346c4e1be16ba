"""What is drawn of each face: its box, its label, its bars, and where these go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from emocam.readings import FrameReadings
from emocam.recognition.labels import UNSURE, color_rgb
from emocam.render.layout import Layout, label_corners, panel_corners
from emocam.render.panel import draw_bars, panel_size
from emocam.render.sprites import (
    Rect,
    Sprite,
    SpriteCache,
    Text,
    fit_text,
    luminance,
    make_pill,
    make_pill_end,
)
from emocam.types import ImageU8, Reading

_DARK = 90  # luminance of 255 below which a colour is edged brightly
_COVERS = 10.0  # cost of a place on another face or label beside one on the label's own face
_LEAST_FACE = 0.5  # of a panel's width: narrower faces have the label alone
_MOST_OF_OWN = 0.5  # share of a panel that may lie on its own face where that is the only one
_AROUND_HEAD = 0.15  # of a face's size: panels keep so far from the others, hair and chin included


class FaceMarks:
    """Draws boxes, labels and bars; it keeps where those of each face stood, so they stay there.

    Parameters
    ----------
    labels
        The model's labels.
    cache
        Where drawn texts are kept.
    """

    def __init__(self, labels: Sequence[str], cache: SpriteCache) -> None:
        self._labels, self._cache = tuple(labels), cache
        self._label_places: dict[int, int] = {}
        self._panel_places: dict[int, int] = {}

    def draw(
        self,
        drawn: ImageU8,
        readings: FrameReadings,
        layout: Layout,
        px: int,
        *,
        bars: bool,
        numbered: bool,
    ) -> None:
        """Draw on a picture.

        Parameters
        ----------
        drawn
            Shape (height, width, 3), uint8, blue first; changed in place.
        readings
            What to draw, and how strongly.
        layout
            What lies on the picture already; labels and panels keep off it, and are added.
        px
            Size of the text, in pixels.
        bars
            Whether to draw a small bar for each emotion where there is room.
        numbered
            Whether labels carry the number of their face.
        """
        opacity = {
            one.face.id: share for one, share in zip(readings, readings.opacity, strict=False)
        }
        parts = self._place(readings, layout, px, drawn.shape[1], bars=bars, numbered=numbered)
        fading = [part for part in parts if opacity.get(part.reading.face.id, 1.0) < 1]
        for part in fading:
            area = _clip(part.area(px), drawn)
            before = area.copy()
            self._draw_layers(drawn, [part], px)
            strength = max(0.0, opacity[part.reading.face.id])
            cv2.addWeighted(area, strength, before, 1 - strength, 0, dst=area)
        self._draw_layers(drawn, [part for part in parts if part not in fading], px)

    def _draw_layers(self, drawn: ImageU8, parts: Sequence[_Part], px: int) -> None:
        # No box crosses a word: all boxes lie below all panels, and those below all labels.
        for part in parts:
            _draw_box(drawn, part.reading, px)
        for part in parts:
            if part.panel is not None:
                draw_bars(drawn, part.reading, part.panel[:2], px, self._cache)
        for part in parts:
            x, y = part.label_rect[:2]
            for sprite in part.label:
                sprite.lay_on(drawn, x, y)
                x += sprite.size_wh[0]

    def _place(
        self,
        readings: FrameReadings,
        layout: Layout,
        px: int,
        width: int,
        *,
        bars: bool,
        numbered: bool,
    ) -> list[_Part]:
        """Where each face's label and panel go; labels first, for a panel can be left out."""
        for reading in readings:
            layout.take(reading.face.xyxy, _COVERS)
        # Larger faces choose first: they are looked at first.
        ordered = sorted(readings, key=lambda one: -one.face.size_wh[1])
        labels = [self._place_label(one, layout, px, width, numbered) for one in ordered]
        panels = [self._place_panel(one, ordered, layout, px) if bars else None for one in ordered]
        present = {reading.face.id for reading in readings}
        for places in (self._label_places, self._panel_places):
            for face in places.keys() - present:
                del places[face]
        return [
            _Part(reading, label, rect, panel)
            for reading, (label, rect), panel in zip(ordered, labels, panels, strict=True)
        ]

    def _place_label(
        self, reading: Reading, layout: Layout, px: int, width: int, numbered: bool
    ) -> tuple[list[Sprite], Rect]:
        face = reading.face
        chip = str(face.id) if numbered else ""
        sprites = self._label(reading, chip, px, width)
        size_wh = sum(one.size_wh[0] for one in sprites), sprites[0].size_wh[1]
        corners = label_corners(face.xyxy, size_wh, _gap(px))
        rect, place, _ = _beside(face.xyxy, layout, 1.0).place(
            size_wh, corners, self._label_places.get(face.id)
        )
        self._label_places[face.id] = place
        layout.take(rect, _COVERS)
        return sprites, rect

    def _label(self, reading: Reading, chip: str, px: int, width: int) -> list[Sprite]:
        """The pieces of a face's label: its emotion, then the certainty, or what it hesitates
        between."""
        name = fit_text(reading.emotion, width - 6 * px, px, bold=True)
        color, is_sure = _color(reading), reading.emotion != UNSURE
        end = f"{reading.certainty:.0%}" if is_sure else f"{' or '.join(_nearest(reading))}?"
        small = Text(end, name.px if is_sure else max(8, round(name.px * 0.75)))
        # A hint that would stand out far beyond its face only gets in others' way.
        has_end = is_sure or name.width + small.width < 2 * reading.face.size_wh[0]
        key = name, color, chip, has_end
        make = partial(make_pill, name, color, chip, is_whole=not has_end)
        sprites = [self._cache.get(key, make)]
        if has_end:
            end_key = small, name.px
            sprites.append(self._cache.get(end_key, lambda: make_pill_end(small, name.px)))
        return sprites

    def _place_panel(
        self, reading: Reading, ordered: Sequence[Reading], layout: Layout, px: int
    ) -> Rect | None:
        """Where a face's bars go; nowhere where they would lie over another face or a label."""
        face, size_wh = reading.face, panel_size(self._labels, px)
        if face.size_wh[0] < _LEAST_FACE * size_wh[0]:
            return None
        room = _beside(face.xyxy, layout, _MOST_OF_OWN if len(ordered) == 1 else _COVERS)
        for other in ordered:
            if other is not reading:
                room.take(_head(other.face.xyxy), _COVERS)
        last = self._panel_places.get(face.id)
        rect, place, covered = room.place(
            size_wh, panel_corners(face.xyxy, size_wh, _gap(px)), last
        )
        if covered > (_MOST_OF_OWN**2 if len(ordered) == 1 else 0):
            return None
        self._panel_places[face.id] = place
        layout.take(rect, _COVERS)
        return rect


def _beside(xyxy: Rect, layout: Layout, own: float) -> Layout:
    """The layout as one face has it: what covering that face itself costs."""
    return Layout(layout.bounds, [(r, own if r == xyxy else cost) for r, cost in layout.taken])


def _head(xyxy: Rect) -> Rect:
    x1, y1, x2, y2 = xyxy
    wide, high = round(_AROUND_HEAD * (x2 - x1)), round(_AROUND_HEAD * (y2 - y1))
    return x1 - wide, y1 - 2 * high, x2 + wide, y2 + high


def _nearest(reading: Reading) -> list[str]:
    """The two emotions that an unsure reading lies between, the likelier first."""
    ranked = sorted(zip(reading.probabilities, reading.labels, strict=True), reverse=True)
    return [label for _, label in ranked[:2]]


@dataclass(frozen=True, eq=False)
class _Part:
    """One face's drawing: its label, where that goes, and where the panel goes if there is one."""

    reading: Reading
    label: Sequence[Sprite]
    label_rect: Rect
    panel: Rect | None

    def area(self, px: int) -> Rect:
        """All that it may change."""
        x1, y1, x2, y2 = self.reading.face.xyxy
        rects = [
            (x1 - px, y1 - px, x2 + px, y2 + px),
            self.label_rect,
            self.panel or self.label_rect,
        ]
        return (
            min(rect[0] for rect in rects),
            min(rect[1] for rect in rects),
            max(rect[2] for rect in rects),
            max(rect[3] for rect in rects),
        )


def _clip(rect: Rect, picture: ImageU8) -> ImageU8:
    return picture[max(0, rect[1]) : max(0, rect[3]), max(0, rect[0]) : max(0, rect[2])]


def _gap(px: int) -> int:
    return max(2, round(px * 0.25))


def _color(reading: Reading) -> tuple[int, int, int]:
    """Red, green, blue of what is said: gray where it is in doubt."""
    return color_rgb(UNSURE if reading.held else reading.emotion, reading.labels)


def _draw_box(drawn: ImageU8, reading: Reading, px: int) -> None:
    red, green, blue = _color(reading)
    x1, y1, x2, y2 = reading.face.xyxy
    x2, y2 = x2 - 1, y2 - 1
    thin, thick = max(1, round(px / 16)), max(2, round(px / 6))
    arm = max(4, round(0.16 * min(x2 - x1, y2 - y1)))
    corners = [
        np.array([(x, y + dy), (x, y), (x + dx, y)], dtype=np.int32)
        for x, dx in ((x1, arm), (x2, -arm))
        for y, dy in ((y1, arm), (y2, -arm))
    ]
    # An edge of the other brightness keeps the box visible on any ground.
    edge = (235, 235, 235) if luminance((red, green, blue)) < _DARK else (20, 18, 16)
    for color, more in ((edge, 2), ((blue, green, red), 0)):
        cv2.rectangle(drawn, (x1, y1), (x2, y2), color, thin + more)
        cv2.polylines(drawn, corners, False, color, thick + more)
