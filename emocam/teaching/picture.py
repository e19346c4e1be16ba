"""The picture of a guided session: the face, what to do, and what was caught so far."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import ImageDraw

from emocam.recognition.labels import color_rgb
from emocam.render.sprites import SOFT, WHITE, Rgb, Sprite, baseline, fit_text, plate
from emocam.teaching.steps import GuidedSteps, Prompt
from emocam.types import Box, ImageU8

_GOOD: Rgb = (60, 200, 110)
_POOR: Rgb = (230, 159, 0)
_GROUND_BGR = (26, 22, 20)
_SMALLEST_SIDE = 480  # pictures are enlarged to this height, so that text can be read
KEYS = "a: again · s: skip · 1–9: choose · q: end and keep"


def guided_picture(
    frame_bgr: ImageU8, box: Box | None, steps: GuidedSteps, prompt: Prompt, *, is_good: bool
) -> ImageU8:
    """Draw a frame, mirrored as people know their face, with the strip of labels below it.

    Parameters
    ----------
    frame_bgr
        Shape (height, width, 3), uint8.
    box
        The face that is taught.
    steps
        How far it is.
    prompt
        What to say.
    is_good
        Whether the face can be learnt from as it is.
    """
    frame_bgr, box = _enlarged(frame_bgr, box)
    height, width = frame_bgr.shape[:2]
    picture = np.ascontiguousarray(frame_bgr[:, ::-1])
    if box is not None:
        x1, y1, x2, y2 = box
        color = (_GOOD if is_good else _POOR)[::-1]
        cv2.rectangle(picture, (width - x2, y1), (width - x1, y2), color, max(2, height // 200))
    _draw_prompt(picture, prompt)
    strip = _strip(steps, width, round(height * 0.24))
    return np.concatenate([picture, strip])


def _enlarged(frame_bgr: ImageU8, box: Box | None) -> tuple[ImageU8, Box | None]:
    scale = _SMALLEST_SIDE / frame_bgr.shape[0]
    if scale <= 1:
        return frame_bgr, box
    size_wh = round(frame_bgr.shape[1] * scale), _SMALLEST_SIDE
    large = cv2.resize(frame_bgr, size_wh).astype(np.uint8, copy=False)
    if box is None:
        return large, None
    x1, y1, x2, y2 = (round(side * scale) for side in box)
    return large, (x1, y1, x2, y2)


def _draw_prompt(picture: ImageU8, prompt: Prompt) -> None:
    height, width = picture.shape[:2]
    px = max(20, height // 13)
    small = max(13, height // 26)
    pad = small // 2
    title = fit_text(prompt.title, width - 6 * pad, px, bold=True)
    detail = fit_text(prompt.detail, width - 6 * pad, small)
    wide = max(title.width, detail.width, round(0.4 * width)) + 4 * pad
    high = round(px * 1.35) + round(small * 1.4) + 3 * pad
    ground = plate((wide, high), pad)
    pen = ImageDraw.Draw(ground)
    title.draw(pen, (wide - title.width) / 2, pad + baseline(title.px, round(px * 1.35)))
    line = pad + round(px * 1.35)
    detail.draw(pen, (wide - detail.width) / 2, line + baseline(detail.px, round(small * 1.4)))
    bar = round((wide - 4 * pad) * min(1.0, prompt.share))
    if bar:
        pen.rectangle((2 * pad, high - pad - 3, 2 * pad + bar, high - pad), fill=(*_GOOD, 255))
    Sprite.from_rgba(ground).lay_on(picture, (width - wide) // 2, pad)


def _strip(steps: GuidedSteps, width: int, height: int) -> ImageU8:
    """A place for each label, with what was caught."""
    strip = np.full((height, width, 3), _GROUND_BGR, np.uint8)
    px = max(11, height // 9)
    line = round(px * 1.5)
    slot = width / len(steps.labels)
    side = max(8, min(round(slot) - 8, height - 2 * line - 8))
    rgba = plate((width, height), 0, alpha=0)
    pen = ImageDraw.Draw(rgba)
    for number, label in enumerate(steps.labels):
        left = round(number * slot + (slot - side) / 2)
        _draw_caught(strip, steps, label, (left, 6, side))
        color = WHITE if label == steps.current else SOFT
        name = f"{(number + 1) % 10} {label}" if number < 10 else label
        text = fit_text(name, round(slot) - 4, px, bold=label == steps.current)
        x = number * slot + (slot - text.width) / 2
        type(text)(text.text, text.px, color, text.bold).draw(pen, x, 8 + side + text.px)
    keys = fit_text(KEYS, width - 12, px)
    type(keys)(keys.text, keys.px, SOFT).draw(pen, (width - keys.width) / 2, height - line // 3)
    Sprite.from_rgba(rgba).lay_on(strip, 0, 0)
    return strip


def _draw_caught(
    strip: ImageU8, steps: GuidedSteps, label: str, place: tuple[int, int, int]
) -> None:
    left, top, side = place
    take = steps.takes.get(label)
    caught = None if take is None else take.picture_bgr
    right, bottom = left + side, top + side
    if caught is not None:
        strip[top:bottom, left:right] = cv2.resize(caught[:, ::-1], (side, side))
    color = color_rgb(label, steps.labels)[::-1]
    thickness = 3 if label == steps.current else 1
    cv2.rectangle(strip, (left, top), (right - 1, bottom - 1), color, thickness)
    if label in steps.left_out:
        cv2.line(strip, (left, bottom - 1), (right - 1, top), color, 1)
