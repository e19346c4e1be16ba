"""Irreversible anonymisation of faces."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

import cv2
import numpy as np

from emocam.types import Box, Face, ImageU8

_CELLS = 4  # colours kept across a head: mosaics of 16 and more have been recognised again
_LEVELS = 16  # brightness levels that are kept of each colour
_PAINT_BGR = (58, 52, 48)
_KEEP_COVERED_S = 2.0  # a head stays covered this long after it was last found


class HeadMemory:
    """Recent boxes of heads, so that a missed detection uncovers none.

    Places are kept as shares of the picture before any mirroring, so that neither a mirrored
    view nor another picture size moves them. It is updated while nothing is covered too, since
    covering may begin at a moment when a head is missed.
    """

    def __init__(self) -> None:
        self._seen: dict[int | Box, tuple[tuple[float, ...], float]] = {}

    def see(
        self, faces: Sequence[Face], time_s: float, size_wh: tuple[int, int], mirrored: bool = False
    ) -> None:
        """Add the faces of a picture, and drop those that are long gone."""
        width, height = size_wh
        for face in faces:
            x1, y1, x2, y2 = _mirror(face.xyxy, width) if mirrored else face.xyxy
            # Faces below 0 have no number that stays with them.
            key = face.id if face.id >= 0 else face.xyxy
            self._seen[key] = (x1 / width, y1 / height, x2 / width, y2 / height), time_s
        self._seen = {
            key: (place, seen_s)
            for key, (place, seen_s) in self._seen.items()
            if 0 <= time_s - seen_s <= _KEEP_COVERED_S
        }

    def forget(self, numbers: Collection[int]) -> None:
        """Uncover faces by their numbers."""
        self._seen = {key: seen for key, seen in self._seen.items() if key not in numbers}

    def boxes(self, size_wh: tuple[int, int], mirrored: bool = False) -> list[Box]:
        """The faces' boxes in a picture of this size."""
        width, height = size_wh
        boxes = [
            (round(x1 * width), round(y1 * height), round(x2 * width), round(y2 * height))
            for (x1, y1, x2, y2), _ in self._seen.values()
        ]
        return [_mirror(box, width) for box in boxes] if mirrored else boxes


def _mirror(box: Box, width: int) -> Box:
    return width - box[2], box[1], width - box[0], box[3]


def head_box(xyxy: Box) -> Box:
    """Box of the ellipse that covers the whole head (hair, ears, chin) around a face's box."""
    x1, y1, x2, y2 = xyxy
    width, height = x2 - x1, y2 - y1
    return (
        round(x1 - 0.3 * width),
        round(y1 - 0.5 * height),
        round(x2 + 0.3 * width),
        round(y2 + 0.4 * height),
    )


def blur_heads(picture_bgr: ImageU8, boxes: Sequence[Box]) -> None:
    """Replace each head by a smooth smear of a few colours, in place.

    Of a head 4 × 4 mean colours in 16 levels remain, so nothing can bring its features back. A
    Gaussian blur or a fine mosaic would not do: networks recognise people through both
    (McPherson, Shokri, Shmatikov, "Defeating Image Obfuscation with Deep Learning", 2016).

    Parameters
    ----------
    picture_bgr
        Shape (height, width, 3), uint8.
    boxes
        The faces' boxes; the head around each is covered.
    """
    for xyxy in boxes:
        _cover(picture_bgr, xyxy, _smear)


def paint_out_heads(picture_bgr: ImageU8, boxes: Sequence[Box]) -> None:
    """Fill each head with one flat colour, in place. Parameters as for `blur_heads`."""
    for xyxy in boxes:
        _cover(picture_bgr, xyxy, _paint)


def _cover(picture_bgr: ImageU8, xyxy: Box, make: Callable[[ImageU8], ImageU8]) -> None:
    x1, y1, x2, y2 = head_box(xyxy)
    left, top = max(0, x1), max(0, y1)
    right, bottom = min(picture_bgr.shape[1], x2), min(picture_bgr.shape[0], y2)
    if right <= left or bottom <= top:
        return
    seen = picture_bgr[top:bottom, left:right]
    mask = np.zeros(seen.shape[:2], np.uint8)
    center = (x1 + x2) // 2 - left, (y1 + y2) // 2 - top
    axes = math.ceil((x2 - x1) / 2), math.ceil((y2 - y1) / 2)
    cv2.ellipse(mask, center, axes, 0, 0, 360, 255, cv2.FILLED)
    cv2.copyTo(make(seen), mask, dst=seen)


def _smear(head_bgr: ImageU8) -> ImageU8:
    cells = cv2.resize(head_bgr, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    step = 256 // _LEVELS
    cells = (cells // step * step + step // 2).astype(np.uint8)
    size_wh = head_bgr.shape[1], head_bgr.shape[0]
    smear = cv2.resize(cells, size_wh, interpolation=cv2.INTER_LINEAR)
    return smear.astype(np.uint8, copy=False)


def _paint(head_bgr: ImageU8) -> ImageU8:
    return np.full_like(head_bgr, _PAINT_BGR)
