"""Where labels go, so that they stay in the picture and off each other and the faces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from emocam.render.sprites import Rect

_ORDER = 0.04  # cost of each step down the list of places
_STAY = 0.25  # how much worse a label's old place may be before it jumps to another


@dataclass
class Layout:
    """Rectangles that are taken, and the picture's bounds."""

    bounds: Rect  # left, top, right, bottom of what may be used
    # Rectangles with what covering one of them wholly would cost
    taken: list[tuple[Rect, float]] = field(default_factory=list)

    def place(
        self, size_wh: tuple[int, int], corners: Sequence[tuple[int, int]], last: int | None
    ) -> tuple[Rect, int, float]:
        """Choose the least costly of some places for a rectangle.

        Parameters
        ----------
        size_wh
            Width and height in pixels.
        corners
            Top left corners to choose from, the most wanted first; each is moved into the bounds.
        last
            Index of the place chosen for the last frame; it is kept unless another one is much
            better, because labels that jump can't be read.

        Returns
        -------
        The rectangle, the index of its place, and the share of it (weighted, 0 and up) that
        covers something.
        """
        width, height = size_wh
        left, top, right, bottom = self.bounds
        highest = max(left, right - width), max(top, bottom - height)
        best, least, chosen, covers = 0, math.inf, (left, top), 0.0
        for index, corner in enumerate(corners):
            x = min(max(corner[0], left), highest[0])
            y = min(max(corner[1], top), highest[1])
            covered = self._covered(x, y, x + width, y + height) / (width * height)
            cost = covered + _ORDER * index - (_STAY if index == last else 0.0)
            if cost < least:
                best, least, chosen, covers = index, cost, (x, y), covered
        x, y = chosen
        return (x, y, x + width, y + height), best, covers

    def _covered(self, x1: int, y1: int, x2: int, y2: int) -> float:
        """Pixels of a rectangle that lie on taken ones, times the cost of covering those."""
        # Loops over a few numbers, which NumPy's calls would take ten times as long for.
        shared = 0.0
        for (left, top, right, bottom), weight in self.taken:
            across, down = min(x2, right) - max(x1, left), min(y2, bottom) - max(y1, top)
            if across > 0 and down > 0:
                shared += across * down * weight
        return shared

    def take(self, rect: Rect, weight: float = 1.0) -> None:
        """Mark a rectangle as taken."""
        self.taken.append((rect, weight))


def label_corners(box: Rect, size_wh: tuple[int, int], gap: int) -> list[tuple[int, int]]:
    """Places for a label: above its box, below, inside, then stacked further away."""
    x1, y1, x2, y2 = box
    width, height = size_wh
    return [
        (x1, y1 - height - gap),
        (x1, y2 + gap),
        (x1, y1 + gap),
        (x2 - width, y1 - height - gap),
        (x2 - width, y2 + gap),
        (x1, y1 - 2 * (height + gap)),
        (x1, y2 + height + 2 * gap),
        (x1, y1 - 3 * (height + gap)),
        (x1, y2 + 2 * height + 3 * gap),
        (x1, y2 - height - gap),
        (x1 - width - gap, y1),
        (x2 + gap, y1),
    ]


def panel_corners(box: Rect, size_wh: tuple[int, int], gap: int) -> list[tuple[int, int]]:
    """Places for a panel: right of its box, left, under, over, then in its lower corners."""
    x1, y1, x2, y2 = box
    width, height = size_wh
    return [
        (x2 + gap, y1),
        (x1 - width - gap, y1),
        (x2 + gap, y2 - height),
        (x1 - width - gap, y2 - height),
        (x1, y2 + gap),
        (x1, y1 - height - gap),
        (x2 - width - gap, y2 - height - gap),
        (x1 + gap, y2 - height - gap),
    ]
