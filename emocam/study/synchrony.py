"""How alike two participants move who are seen together: windowed cross-correlation with lags.

After Boker, Xu, Rotondo and King ("Windowed cross-correlation and peak picking for the analysis
of variability in the association between behavioral time series", Psychological Methods 7,
2002), beside the same with windows that don't belong together (Ramseyer and Tschacher,
"Nonverbal synchrony in psychotherapy", Journal of Consulting and Clinical Psychology 79, 2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emocam.recognition.labels import NEUTRAL
from emocam.study.affect import positions
from emocam.study.frames import Floats, SessionFrames

STEP_S = 0.2
WINDOW_S = 10.0
EVERY_S = 5.0
MOST_LAG_S = 3.0
_GAP_S = 1.0  # longer without a reading, a window does not count
_MOST_R = 0.999  # so that one window can't outweigh all others


@dataclass(frozen=True)
class Synchrony:
    """Of two participants over the windows in which both could be read."""

    windows: int  # how many there were
    # Means over windows (by Fisher's z) of the correlation at lag 0, and of the highest within the
    # lags
    r_same_time: float
    r_peak: float
    lag_s: float  # median lag of the highest; above 0 the second participant follows the first
    r_unrelated: float  # as `r_peak`, of windows that don't belong together: what chance gives


def synchrony(first: SessionFrames, second: SessionFrames) -> Synchrony | None:
    """Synchrony of two participants' valence; of what is not neutral where there is none.

    Parameters
    ----------
    first, second
        Frames of the same stretch of time.

    Returns
    -------
    None when no window can be compared.
    """
    if not len(first) or not len(second):
        return None
    start_s = max(first.time_s[0], second.time_s[0])
    end_s = min(first.time_s[-1], second.time_s[-1])
    grid = np.arange(start_s, end_s, STEP_S)
    a, b = _signal(first, grid), _signal(second, grid)
    lags = round(MOST_LAG_S / STEP_S)
    size = round(WINDOW_S / STEP_S)
    starts = range(lags, len(grid) - size - lags + 1, round(EVERY_S / STEP_S))
    rows = [_correlations(a[s : s + size], b[s - lags : s + size + lags]) for s in starts]
    known = [n for n, row in enumerate(rows) if row is not None]
    if not known:
        return None
    table = np.array([rows[n] for n in known])
    unrelated = _unrelated(a, b, [starts[n] for n in known], size, lags)
    return Synchrony(
        windows=len(known),
        r_same_time=_fisher_mean(table[:, lags]),
        r_peak=_fisher_mean(table.max(axis=1)),
        lag_s=float(np.median(table.argmax(axis=1) - lags)) * STEP_S,
        r_unrelated=unrelated,
    )


def _signal(frames: SessionFrames, grid: Floats) -> Floats:
    """Valence at even times; NaN where no reading is near."""
    read = ~np.isnan(frames.probabilities[:, 0])
    if not read.any():
        return np.full(len(grid), np.nan)
    shares = frames.probabilities[read].astype(np.float64)
    places = positions(frames.labels)
    if places is not None:
        values = shares @ places[:, 0]
    elif NEUTRAL in frames.labels:
        values = 1 - shares[:, frames.labels.index(NEUTRAL)]
    else:
        values = shares.max(axis=1)
    times = frames.time_s[read]
    signal = np.interp(grid, times, values)
    after = np.clip(np.searchsorted(times, grid), 1, max(1, len(times) - 1))
    near = np.minimum(
        abs(grid - times[after - 1]), abs(times[min(1, len(times) - 1) :][after - 1] - grid)
    )
    signal[near > _GAP_S] = np.nan
    return signal


def _correlations(window: Floats, wider: Floats) -> npt.NDArray[np.float64] | None:
    """Pearson's r of a window with each of the same length in a wider one."""
    if np.isnan(window).any() or np.isnan(wider).any():
        return None
    others = np.lib.stride_tricks.sliding_window_view(wider, len(window))
    a = window - window.mean()
    b = others - others.mean(axis=1, keepdims=True)
    spread = np.sqrt((a @ a) * (b * b).sum(axis=1))
    if (spread < 1e-9).any():
        return None
    return np.asarray(b @ a / spread)


def _unrelated(a: Floats, b: Floats, starts: list[int], size: int, lags: int) -> float:
    """The highest correlation of windows that are at least one window apart, on the average."""
    peaks = []
    for place, start in enumerate(starts):
        far = [other for other in starts if abs(other - start) >= size + lags]
        for other in far[place % max(1, len(far)) :][:1]:
            row = _correlations(a[start : start + size], b[other - lags : other + size + lags])
            if row is not None:
                peaks.append(row.max())
    return _fisher_mean(np.array(peaks)) if peaks else np.nan


def _fisher_mean(r: npt.NDArray[np.float64]) -> float:
    return float(np.tanh(np.arctanh(np.clip(r, -_MOST_R, _MOST_R)).mean()))
