"""Small pictures with transparency, made once with Pillow and laid over many frames."""

from __future__ import annotations

import math
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw

from emocam.render.fonts import open_font, own_font, text_runs
from emocam.types import ImageU8

Rgb = tuple[int, int, int]
Rect = tuple[int, int, int, int]

WHITE: Rgb = (255, 255, 255)
SOFT: Rgb = (208, 213, 220)
GROUND: Rgb = (16, 18, 22)
GROUND_ALPHA = 184  # of 255: white text on it keeps a contrast of over 7 to 1 even on white

_CACHE_BYTES = 24_000_000  # some hundred labels at 4K
_LONGEST_LINE = 120  # characters; more never fit
_SMOOTH = 4  # rounded corners are drawn this much larger, then reduced


@dataclass(frozen=True, eq=False)
class Sprite:
    """A picture to lay over others."""

    ink_bgr: ImageU8  # shape (height, width, 3), uint8: colour times opacity
    clear: ImageU8  # same shape, uint8: 255 times what stays visible of the ground

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.ink_bgr.shape[1], self.ink_bgr.shape[0]

    @classmethod
    def from_rgba(cls, picture: Image.Image) -> Sprite:
        """Make one of a Pillow picture of mode RGBA."""
        rgba = np.asarray(picture, dtype=np.uint16)
        alpha = rgba[:, :, 3:]
        ink = ((rgba[:, :, 2::-1] * alpha + 127) // 255).astype(np.uint8)
        clear = np.repeat(255 - alpha, 3, axis=2).astype(np.uint8)
        return cls(np.ascontiguousarray(ink), clear)

    def lay_on(self, frame_bgr: ImageU8, x: int, y: int) -> None:
        """Blend it into a frame, in place; what lies outside the frame is left out."""
        width, height = self.size_wh
        left, top = max(0, x), max(0, y)
        right = min(frame_bgr.shape[1], x + width)
        bottom = min(frame_bgr.shape[0], y + height)
        if right <= left or bottom <= top:
            return
        part = np.s_[top - y : bottom - y, left - x : right - x]
        ground = frame_bgr[top:bottom, left:right]
        cv2.multiply(ground, self.clear[part], dst=ground, scale=1 / 255)
        cv2.add(ground, self.ink_bgr[part], dst=ground)


class SpriteCache:
    """Keeps the sprites that were used last, up to a number of bytes."""

    def __init__(self, limit_bytes: int = _CACHE_BYTES) -> None:
        self._limit = limit_bytes
        self._bytes = 0
        self._sprites: OrderedDict[Hashable, Sprite] = OrderedDict()
        self._newest: dict[str, tuple[Hashable, Sprite]] = {}

    def get(self, key: Hashable, make: Callable[[], Sprite]) -> Sprite:
        """The sprite of a key; made when it is not there."""
        sprite = self._sprites.get(key)
        if sprite is not None:
            self._sprites.move_to_end(key)
            return sprite
        sprite = self._sprites[key] = make()
        self._bytes += 2 * sprite.ink_bgr.nbytes
        while self._bytes > self._limit and len(self._sprites) > 1:
            _, oldest = self._sprites.popitem(last=False)
            self._bytes -= 2 * oldest.ink_bgr.nbytes
        return sprite

    def get_newest(self, slot: str, key: Hashable, make: Callable[[], Sprite]) -> Sprite:
        """The same for sprites that are seldom reused, such as rates: each slot keeps one."""
        kept = self._newest.get(slot)
        if kept is None or kept[0] != key:
            kept = self._newest[slot] = key, make()
        return kept[1]


@dataclass(frozen=True)
class Text:
    """One line of text: its size in pixels, colour, and weight."""

    text: str
    px: int
    rgb: Rgb = WHITE
    bold: bool = False
    outline: int = 0

    @property
    def width(self) -> int:
        """Width in pixels, the outline included."""
        return _text_width(self.text, self.px, self.bold) + 2 * self.outline

    def draw(self, pen: ImageDraw.ImageDraw, x: float, baseline: float) -> None:
        """Draw it with its left end at `x`."""
        x += self.outline
        around = (0, 0, 0, 150) if luminance(self.rgb) > 110 else (255, 255, 255, 150)
        for piece, path in text_runs(one_line(self.text), self.bold):
            font = open_font(path, self.px)
            pen.text((x, baseline), piece, font=font, fill=self.rgb, anchor="ls",
                     stroke_width=self.outline, stroke_fill=around)  # fmt: skip
            x += font.getlength(piece)


@lru_cache(maxsize=2048)
def _text_width(text: str, px: int, bold: bool) -> int:
    runs = text_runs(one_line(text), bold)
    return math.ceil(sum(open_font(path, px).getlength(piece) for piece, path in runs))


def one_line(text: str) -> str:
    """The text without line breaks and control characters, its accents joined to their letters."""
    plain = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    return " ".join(plain.split())


@lru_cache(maxsize=64)
def line_height(px: int) -> tuple[int, int]:
    """Ascent and descent in pixels of a line of text."""
    ascent, descent = open_font(own_font(bold=False), px).getmetrics()
    # DejaVu's own metrics leave room for stacked accents, which makes lines look lost.
    return round(ascent * 0.92), round(descent * 0.9)


def baseline(px: int, height: int) -> int:
    """Where text stands in a row of this height, from its top, to look centred."""
    ascent, descent = line_height(px)
    return (height + ascent - descent) // 2


def fit_text(text: str, width: int, px: int, *, bold: bool = False) -> Text:
    """The text as large as `px`, smaller (down to 8 px), then shortened so that it fits a width."""
    line = one_line(text)
    if len(line) > _LONGEST_LINE:
        line = line[: _LONGEST_LINE - 1] + "…"
    for size in range(px, 7, -1):
        fitted = Text(line, size, bold=bold)
        if fitted.width <= width:
            return fitted
    while len(line) > 1:
        line = line[:-1]
        fitted = Text(line + "…", min(px, 8), bold=bold)
        if fitted.width <= width:
            break
    return fitted


def plate(
    size_wh: tuple[int, int],
    radius: int,
    *,
    edge_rgb: Rgb | None = None,
    edge: int = 0,
    alpha: int = GROUND_ALPHA,
    round_left: bool = True,
    round_right: bool = True,
) -> Image.Image:
    """A dark rounded ground for text, with a coloured left edge where one is given."""
    width, height = size_wh
    picture = Image.new("RGBA", (width, height), (*GROUND, alpha))
    if edge_rgb is not None:
        picture.paste((*edge_rgb, 255), (0, 0, edge, height))
    shape = _rounded(width, height, radius, round_left, round_right)
    alpha_map = np.asarray(picture.getchannel("A"), dtype=np.uint16) * shape // 255
    picture.putalpha(Image.fromarray(alpha_map.astype(np.uint8)))
    return picture


@lru_cache(maxsize=32)
def _rounded(width: int, height: int, radius: int, left: bool, right: bool) -> ImageU8:
    """A rectangle whose corners are rounded and smooth, 0 outside and 255 inside."""
    large = Image.new("L", (width * _SMOOTH, height * _SMOOTH), 0)
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, width * _SMOOTH - 1, height * _SMOOTH - 1),
        radius * _SMOOTH,
        fill=255,
        corners=(left, right, right, left),
    )
    return np.asarray(large.resize((width, height), Image.Resampling.BOX))


def make_pill(
    text: Text, edge_rgb: Rgb | None = None, chip: str = "", *, is_whole: bool = True
) -> Sprite:
    """A text on a dark rounded ground.

    Parameters
    ----------
    text
        What it says.
    edge_rgb
        Colour of the left edge; None for no edge.
    chip
        A word that stands on the edge, which is then as wide as it.
    is_whole
        False for one that a `make_pill_end` is put behind.
    """
    pad = max(3, round(text.px * 0.4))
    edge = max(3, round(text.px * 0.36)) if edge_rgb is not None else 0
    label = Text(chip, text.px, bold=True)
    if edge_rgb is not None and chip:
        label = replace(label, rgb=ink_on(edge_rgb))
        edge = label.width + pad + pad // 2
    size_wh = edge + 2 * pad + text.width, _pill_height(text.px)
    picture = plate(
        size_wh, _pill_radius(text.px), edge_rgb=edge_rgb, edge=edge, round_right=is_whole
    )
    pen, stands = ImageDraw.Draw(picture), baseline(text.px, size_wh[1])
    label.draw(pen, (edge - label.width) / 2, stands)
    text.draw(pen, edge + pad, stands)
    return Sprite.from_rgba(picture)


def make_pill_end(text: Text, px: int) -> Sprite:
    """The right end of a pill whose text has `px` pixels.

    Kept apart from the rest, the hundred percentages and the few emotions need not be drawn in
    every combination.
    """
    size_wh = text.width + max(3, round(px * 0.4)), _pill_height(px)
    picture = plate(size_wh, _pill_radius(px), round_left=False)
    text.draw(ImageDraw.Draw(picture), 0, baseline(px, size_wh[1]))
    return Sprite.from_rgba(picture)


def _pill_height(px: int) -> int:
    return sum(line_height(px)) + 2 * max(1, round(px * 0.12))


def _pill_radius(px: int) -> int:
    return max(2, round(px * 0.28))


def luminance(rgb: Rgb) -> float:
    """How bright a colour looks, roughly, 0 to 255."""
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def ink_on(rgb: Rgb) -> Rgb:
    """Black or white, whichever is read better on a colour."""
    return (0, 0, 0) if luminance(rgb) > 110 else WHITE


def make_text(text: Text) -> Sprite:
    """A text alone, without a ground."""
    ascent, descent = line_height(text.px)
    size_wh = max(1, text.width), ascent + descent + 2 * text.outline
    picture = Image.new("RGBA", size_wh, (0, 0, 0, 0))
    text.draw(ImageDraw.Draw(picture), 0, ascent + text.outline)
    return Sprite.from_rgba(picture)
