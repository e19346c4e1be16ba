"""Paths of the page's pictures, in the units of their own `viewBox`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WIDE = 1000


def across(times_s: Floats, first_s: float, last_s: float) -> Floats:
    """Times as places from 0 to WIDE."""
    return (np.asarray(times_s) - first_s) / max(last_s - first_s, 1e-9) * WIDE


def runs(known: npt.NDArray[np.bool_]) -> Iterator[slice]:
    """Stretches in which all is known."""
    edges = np.flatnonzero(np.diff(np.r_[False, known, False].astype(np.int8)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        yield slice(int(first), int(last))


def area(xs: Floats, ys: Floats, bottom: float) -> str:
    """An area from the bottom to a line that is broken where it is not known."""
    parts = []
    for run in runs(~np.isnan(ys)):
        x, y = _widened(xs[run], ys[run])
        parts.append(f"M{x[0]:.0f} {bottom:g}L{_points(x, y)} {x[-1]:.0f} {bottom:g}Z")
    return "".join(parts)


def band(xs: Floats, low: Floats, high: Floats) -> str:
    """The area between two lines."""
    parts = []
    for run in runs(~np.isnan(low) & ~np.isnan(high)):
        x, up = _widened(xs[run], high[run])
        _, down = _widened(xs[run], low[run])
        parts.append(f"M{_points(x, up)} {_points(x[::-1], down[::-1])}Z")
    return "".join(parts)


def line(xs: Floats, ys: Floats) -> str:
    """A line that is broken where it is not known."""
    parts = []
    for run in runs(~np.isnan(ys)):
        x, y = _widened(xs[run], ys[run])
        parts.append(f"M{_points(x, y)}")
    return "".join(parts)


def _widened(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """A single moment would have no width."""
    return (np.r_[x, x + 2], np.r_[y, y]) if len(x) == 1 else (x, y)


def _points(x: Floats, y: Floats) -> str:
    return " ".join(f"{a:.0f} {b:.1f}" for a, b in zip(x, y, strict=True))
