"""The panel of small bars, one for each emotion of a face."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
from PIL import ImageDraw

from emocam.recognition.labels import UNSURE, color_rgb
from emocam.render.sprites import SOFT, WHITE, Sprite, SpriteCache, Text, baseline, plate
from emocam.types import ImageU8, Reading

_FULL_NAMES_PX = 14  # below this size of text names are shortened
_LONGEST = 11  # characters of a label that are shown at most
_TRACK_BGR = (74, 66, 60)
_TICK_BGR = (245, 245, 245)


@lru_cache(maxsize=16)
def short_names(labels: tuple[str, ...], px: int) -> tuple[str, ...]:
    """The labels as the panel shows them: whole, or three letters (more where they'd be alike)."""
    if px >= _FULL_NAMES_PX:
        return tuple(name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
                     for name in labels)  # fmt: skip
    for letters in range(3, _LONGEST):
        short = tuple(name[:letters] for name in labels)
        if len(set(short)) == len(set(labels)):
            return short
    return tuple(name[:_LONGEST] for name in labels)


def panel_size(labels: tuple[str, ...], px: int) -> tuple[int, int]:
    """Width and height in pixels of the panel when the frame's text has `px` pixels."""
    text_px, row, pad = _measures(px)
    return _names_width(labels, px, text_px) + _bar_length(text_px) + 3 * pad, (
        row * len(labels) + 2 * pad
    )


def draw_bars(
    frame_bgr: ImageU8, reading: Reading, at_xy: tuple[int, int], px: int, cache: SpriteCache
) -> None:
    """Draw the panel into a frame, in place.

    Parameters
    ----------
    frame_bgr
        Shape (height, width, 3), uint8.
    reading
        Whose probabilities to show; a full bar is probability 1.
    at_xy
        The panel's top left corner.
    px
        Size of the frame's text in pixels.
    cache
        Where the panel's ground is kept.
    """
    labels = reading.labels
    # An unsure reading lies between two emotions: both names stand out.
    ranked = sorted(range(len(labels)), key=reading.probabilities.__getitem__, reverse=True)
    best = tuple(ranked[: 2 if reading.emotion == UNSURE else 1])
    ground = cache.get(
        ("bars", labels, px, best), lambda: _make_ground(labels, px, highlighted=best)
    )
    ground.lay_on(frame_bgr, *at_xy)
    text_px, row, pad = _measures(px)
    left = at_xy[0] + 2 * pad + _names_width(labels, px, text_px)
    thickness, length = max(3, round(row * 0.52)), _bar_length(text_px)
    tick = max(1, round(px / 14))
    for index, (label, probability) in enumerate(zip(labels, reading.probabilities, strict=True)):
        top = at_xy[1] + pad + index * row + (row - thickness) // 2
        end = left + round(length * probability)
        # Some colours are as dark as the ground: the end is what tells the length.
        for start, stop, color_bgr in (
            (left, left + length, _TRACK_BGR),
            (left, end, color_rgb(label, labels)[::-1]),
            (max(left, end - tick), end, _TICK_BGR),
        ):
            if stop > start:
                corners = (start, top), (stop - 1, top + thickness - 1)
                cv2.rectangle(frame_bgr, *corners, color_bgr, cv2.FILLED)


def _make_ground(labels: tuple[str, ...], px: int, highlighted: Sequence[int]) -> Sprite:
    size_wh = panel_size(labels, px)
    text_px, row, pad = _measures(px)
    picture = plate(size_wh, max(2, round(px * 0.28)))
    pen = ImageDraw.Draw(picture)
    for index, name in enumerate(short_names(labels, px)):
        stands = pad + index * row + baseline(text_px, row)
        is_best = index in highlighted
        Text(name, text_px, WHITE if is_best else SOFT, bold=is_best).draw(pen, pad, stands)
    return Sprite.from_rgba(picture)


def _measures(px: int) -> tuple[int, int, int]:
    text_px = max(9, round(px * 0.72))
    return text_px, round(text_px * 1.3), max(3, round(text_px * 0.5))


def _bar_length(text_px: int) -> int:
    return round(text_px * 4.5)


@lru_cache(maxsize=16)
def _names_width(labels: tuple[str, ...], px: int, text_px: int) -> int:
    return max(Text(name, text_px, bold=True).width for name in short_names(labels, px))
