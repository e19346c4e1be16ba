"""What is said to the user on the picture: numbers, recording, a notice, the keys."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from emocam.render.sprites import (
    SOFT,
    WHITE,
    Rect,
    Rgb,
    Sprite,
    SpriteCache,
    Text,
    baseline,
    fit_text,
    line_height,
    make_pill,
    plate,
)
from emocam.types import ImageU8

_RED: Rgb = (230, 40, 40)
_AMBER: Rgb = (230, 159, 0)


def draw_numbers(frame_bgr: ImageU8, numbers: str, px: int, cache: SpriteCache) -> Rect | None:
    """Draw a small line into the top left corner; gives back what it covers."""
    if not numbers:
        return None
    small, margin = max(9, round(px * 0.72)), _margin(px)
    text = fit_text(numbers, frame_bgr.shape[1] - 2 * margin - 2 * small, small)
    sprite = cache.get_newest("numbers", text, lambda: make_pill(text))
    sprite.lay_on(frame_bgr, margin, margin)
    return _covered(sprite, margin, margin)


def draw_recording(frame_bgr: ImageU8, px: int, cache: SpriteCache) -> Rect:
    """Draw a red dot and the word into the top right corner; gives back what it covers."""
    sprite = cache.get(("recording", px), lambda: _make_recording(px))
    x, y = frame_bgr.shape[1] - sprite.size_wh[0] - _margin(px), _margin(px)
    sprite.lay_on(frame_bgr, x, y)
    return _covered(sprite, x, y)


def draw_notice(frame_bgr: ImageU8, notice: str, px: int, bottom: int, cache: SpriteCache) -> None:
    """Draw something the user must know, just above `bottom`, where faces seldom are."""
    if not notice:
        return
    width = frame_bgr.shape[1]
    sprite = cache.get(("notice", notice, px, width), lambda: _make_notice(notice, px, width))
    wide, high = sprite.size_wh
    sprite.lay_on(frame_bgr, (width - wide) // 2, max(0, bottom - high - 2 * _margin(px)))


def draw_help(
    frame_bgr: ImageU8, lines: Sequence[tuple[str, str]], px: int, cache: SpriteCache
) -> None:
    """Draw keys and what they do in the middle of the picture, as large as fits."""
    if not lines:
        return
    height, width = frame_bgr.shape[:2]
    key = ("help", tuple(lines), px, width, height)
    sprite = cache.get(key, lambda: _make_help(lines, px, (width, height)))
    x, y = (width - sprite.size_wh[0]) // 2, (height - sprite.size_wh[1]) // 2
    sprite.lay_on(frame_bgr, max(0, x), max(0, y))


def wrap_text(text: str, px: int, width: int) -> list[Text]:
    """Break a text into lines of a width in pixels."""
    lines: list[str] = []
    for word in text.split():
        if lines and Text(f"{lines[-1]} {word}", px).width <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return [fit_text(line, width, px) for line in lines]


def _make_recording(px: int) -> Sprite:
    small = max(9, round(px * 0.72))
    word, pad = Text("recording", small), max(4, round(small * 0.55))
    height, dot = sum(line_height(small)) + pad, round(small * 0.75)
    picture = plate((word.width + dot + 3 * pad, height), height // 2)
    large = Image.new("L", (dot * 4, dot * 4), 0)
    ImageDraw.Draw(large).ellipse((0, 0, dot * 4 - 1, dot * 4 - 1), fill=255)
    picture.paste((*_RED, 255), (pad, (height - dot) // 2),
                  large.resize((dot, dot), Image.Resampling.BOX))  # fmt: skip
    word.draw(ImageDraw.Draw(picture), 2 * pad + dot, baseline(small, height))
    return Sprite.from_rgba(picture)


def _make_notice(notice: str, px: int, width: int) -> Sprite:
    pad = max(6, round(px * 0.7))
    texts = wrap_text(notice, px, max(4 * px, width - 4 * pad))
    row = round(sum(line_height(px)) * 1.15)
    size_wh = max(text.width for text in texts) + 3 * pad, row * len(texts) + 2 * pad
    picture = plate(size_wh, max(3, px // 3), edge_rgb=_AMBER, edge=pad // 2, alpha=216)
    pen = ImageDraw.Draw(picture)
    for index, text in enumerate(texts):
        text.draw(pen, 2 * pad, pad + index * row + baseline(px, row))
    return Sprite.from_rgba(picture)


def _make_help(lines: Sequence[tuple[str, str]], px: int, frame_wh: tuple[int, int]) -> Sprite:
    width, height = frame_wh
    while True:
        row, pad = round(px * 1.5), round(px * 1.1)
        keys = [Text(key, px, WHITE, bold=True) for key, _ in lines]
        meanings = [Text(meaning, px, SOFT) for _, meaning in lines]
        first = max(text.width for text in keys)
        size_wh = first + max(text.width for text in meanings) + 3 * pad, row * len(lines) + 2 * pad
        if px <= 8 or (size_wh[0] <= width * 0.96 and size_wh[1] <= height * 0.96):
            break
        px -= 1
    picture = plate(size_wh, max(4, px // 2), alpha=224)
    pen = ImageDraw.Draw(picture)
    for index, (key, meaning) in enumerate(zip(keys, meanings, strict=True)):
        stands = pad + index * row + baseline(px, row)
        key.draw(pen, pad + first - key.width, stands)
        meaning.draw(pen, 2 * pad + first, stands)
    return Sprite.from_rgba(picture)


def _margin(px: int) -> int:
    return max(3, round(px * 0.4))


def _covered(sprite: Sprite, x: int, y: int) -> Rect:
    return x, y, x + sprite.size_wh[0], y + sprite.size_wh[1]
