"""Steady boxes: the one-euro filter (Casiez, Roussel, Vogel, CHI 2012), in seconds."""

from __future__ import annotations

import math

from emocam.types import Box

_REST_HZ = 1.2  # cut-off for a face at rest: lower trembles less, and lags more
_HASTE = 4.0  # rise of the cut-off for each face width a second
_SPEED_HZ = 1.5  # cut-off of the speed itself
_FORGET_S = 0.5  # after a longer gap the filter restarts: the old speed no longer holds
_MAX_HORIZON_S = 0.15  # boxes are extrapolated for this long at most


class OneEuroBox:
    """Centre and size of a face, smoothed over time.

    Slow changes are smoothed strongly, fast ones hardly: a face at rest doesn't tremble, and
    a moving one is not left behind. Lengths count in face widths, so a face near the camera
    is treated as one far away.
    """

    def __init__(self, xyxy: Box, time_s: float) -> None:
        self._restart(xyxy, time_s)

    def _restart(self, xyxy: Box, time_s: float) -> None:
        self._values = _measures(xyxy)
        self._speeds = (0.0, 0.0, 0.0, 0.0)
        self._time_s = time_s

    def update(self, xyxy: Box, time_s: float) -> Box:
        """Filter a detected box."""
        dt = time_s - self._time_s
        if dt <= 0 or dt > _FORGET_S:
            self._restart(xyxy, time_s)
            return xyxy
        new, width = _measures(xyxy), max(1.0, self._values[2])
        ease = _share(_SPEED_HZ, dt)
        raw = [(n - v) / dt for n, v in zip(new, self._values, strict=True)]
        speeds = [s + ease * (r - s) for s, r in zip(self._speeds, raw, strict=True)]
        shares = [_share(_REST_HZ + _HASTE * abs(s) / width, dt) for s in speeds]
        values = [v + a * (n - v) for v, a, n in zip(self._values, shares, new, strict=True)]
        self._values = (values[0], values[1], values[2], values[3])
        self._speeds = (speeds[0], speeds[1], speeds[2], speeds[3])
        self._time_s = time_s
        return self.at(time_s)

    def at(self, time_s: float) -> Box:
        """The box extrapolated to a time with its speed."""
        horizon_s = min(max(0.0, time_s - self._time_s), _MAX_HORIZON_S)
        x = self._values[0] + horizon_s * self._speeds[0]
        y = self._values[1] + horizon_s * self._speeds[1]
        width, height = max(1.0, self._values[2]), max(1.0, self._values[3])
        left, top = round(x - width / 2), round(y - height / 2)
        return left, top, left + max(1, round(width)), top + max(1, round(height))


def _measures(xyxy: Box) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = xyxy
    return (x1 + x2) / 2, (y1 + y2) / 2, float(x2 - x1), float(y2 - y1)


def _share(cutoff_hz: float, dt: float) -> float:
    """Weight of the newest value in a low-pass filter with this cut-off frequency."""
    return 1.0 - math.exp(-2 * math.pi * cutoff_hz * dt)
