"""Readings, pictures to draw them on, and what was changed there."""

from __future__ import annotations

import numpy as np

from emocam.recognition.labels import EMOTIONS, UNSURE, color_rgb
from emocam.render.overlay import OverlayOptions
from emocam.types import Box, Face, ImageU8, Reading

PLAIN = OverlayOptions(bars=False)
SIZES = [(320, 240), (640, 480), (1920, 1080), (3840, 2160)]


def reading(
    box: Box, face: int = 0, emotion: str = "happy", labels: tuple[str, ...] = EMOTIONS
) -> Reading:
    best = emotion if emotion != UNSURE else labels[0]
    odds = np.where(np.array(labels) == best, 0.82, 0.18 / (len(labels) - 1))
    return Reading(Face(box, 1.0, face), emotion, 0.82, 0, tuple(odds.tolist()), labels)


def gray(height: int, width: int, value: int = 128) -> ImageU8:
    return np.full((height, width, 3), value, np.uint8)


def noise(height: int, width: int) -> ImageU8:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def differs(before: ImageU8, after: ImageU8) -> np.ndarray:
    return (before != after).any(axis=2)


def changed(before: ImageU8, after: ImageU8) -> Box:
    """The smallest box around all pixels that differ."""
    rows, columns = np.nonzero(differs(before, after))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def count_color(picture: ImageU8, label: str) -> int:
    return int((picture == np.array(color_rgb(label)[::-1])).all(axis=2).sum())
