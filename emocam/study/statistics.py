"""Means with intervals and contrasts, over participants, never over frames.

Frames of one person are no independent observations: a hundred seconds of one face say little
about people. So each participant gives one value, and participants are what is drawn again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95
RESAMPLES = 4999
FEWEST = 5  # participants for an interval: of fewer, no bootstrap interval covers as it says
_SEED = 0
_BATCH = 200  # resamples at once, which stay in the processor's cache


@dataclass(frozen=True, eq=False)
class Means:
    """Means over participants, one a measure, m of them."""

    # Shape (m,); `low` and `high` are NaN below FEWEST participants
    mean: Floats
    low: Floats
    high: Floats
    n: npt.NDArray[np.int64]  # participants with a value, shape (m,)


def mean_intervals(values: Floats, resamples: int = RESAMPLES) -> Means:
    """Means with 95 % bootstrap intervals over participants.

    Percentile intervals, expanded so that they cover as they should in small samples: the
    percentiles are those that a t-interval would have (Hesterberg, "What teachers should know
    about the bootstrap", The American Statistician 69, 2015).

    Parameters
    ----------
    values
        A row a participant, a column a measure; NaN where a participant has no value.
    resamples
        How often participants are drawn again.
    """
    columns = values.shape[1]
    mean, low, high = (np.full(columns, np.nan) for _ in range(3))
    result = Means(mean, low, high, np.zeros(columns, np.int64))
    for chosen, known in _alike(values):
        sample = values[np.ix_(known, chosen)]
        n = len(sample)
        result.n[chosen] = n
        if n:
            result.mean[chosen] = sample.mean(axis=0)
        if n >= FEWEST:
            ends = _interval((sample,), n - 1, n, resamples)
            result.low[chosen], result.high[chosen] = ends
    return result


def _alike(values: Floats) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]]:
    """Columns that the same participants have values in, and those participants."""
    there = ~np.isnan(values)
    if not values.shape[1]:
        return
    patterns, place = np.unique(there, axis=1, return_inverse=True)
    for number in range(patterns.shape[1]):
        yield np.flatnonzero(place.reshape(-1) == number), patterns[:, number]


def _mean(sample: Floats, axis: int) -> Floats:
    return np.asarray(sample.mean(axis=axis))


def _difference(a: Floats, b: Floats, axis: int) -> Floats:
    return np.asarray(a.mean(axis=axis) - b.mean(axis=axis))


def _interval(
    samples: tuple[Floats, ...], freedom: float, size: float, resamples: int
) -> tuple[Floats, Floats]:
    """The expanded percentile interval of a mean, or of the difference of two."""
    outer = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * math.sqrt(size / (size - 1))
    confidence = 1 - 2 * float(stats.norm.sf(outer))
    found = stats.bootstrap(
        samples,
        _mean if len(samples) == 1 else _difference,
        n_resamples=resamples,
        batch=_BATCH,
        vectorized=True,
        axis=0,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    )
    return found.confidence_interval.low, found.confidence_interval.high


@dataclass(frozen=True, eq=False)
class Contrast:
    """Differences between two conditions, one a measure, m of them."""

    paired: bool  # whether the same participants were under both
    # Participants under the first and the second, each of shape (m,); alike when paired
    n: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    # First less second, with its 95 % interval, shape (m,)
    difference: Floats
    low: Floats
    high: Floats
    # Hedges' g: the difference in standard deviations; when paired in the mean of both conditions'
    # (g_av; Lakens, Frontiers in Psychology 4, 2013)
    effect: Floats
    p: Floats  # of the permutation test, two-sided


def contrast(
    first: Floats, second: Floats, *, paired: bool, tested: bool = True, resamples: int = RESAMPLES
) -> Contrast:
    """Compare two conditions.

    Parameters
    ----------
    first, second
        A row a participant, a column a measure, NaN where there is no value. When paired the
        rows are the same participants.
    paired
        Whether they are.
    tested
        Whether to do the permutation test too.
    resamples
        Of the bootstrap and of the test.
    """
    columns = first.shape[1]
    nan = np.full(columns, np.nan)
    counts = np.zeros(columns, np.int64)
    result = Contrast(
        paired, (counts, counts.copy()), nan, nan.copy(), nan.copy(), nan.copy(), nan.copy()
    )
    if paired:
        both = ~np.isnan(first) & ~np.isnan(second)
        first, second = np.where(both, first, np.nan), np.where(both, second, np.nan)
    stacked = np.concatenate([first, second])
    for chosen, known in _alike(stacked):
        a = first[np.ix_(known[: len(first)], chosen)]
        b = second[np.ix_(known[len(first) :], chosen)]
        result.n[0][chosen], result.n[1][chosen] = len(a), len(b)
        if len(a) and len(b):
            result.difference[chosen] = a.mean(axis=0) - b.mean(axis=0)
        if min(len(a), len(b)) >= FEWEST:
            _compare(result, chosen, a, b, tested, resamples)
    return result


def _compare(
    result: Contrast,
    chosen: npt.NDArray[np.int64],
    a: Floats,
    b: Floats,
    tested: bool,
    resamples: int,
) -> None:
    result.effect[chosen] = _effect(a, b, result.paired)
    if result.paired:
        low, high = _interval((a - b,), len(a) - 1, len(a), resamples)
    else:
        # The smaller group is what a small sample's correction has to follow.
        size = 2 / (1 / len(a) + 1 / len(b))
        low, high = _interval((a, b), len(a) + len(b) - 2, size, resamples)
    result.low[chosen], result.high[chosen] = low, high
    if tested:
        result.p[chosen] = _permutation_p(a, b, result.paired, resamples)


def _permutation_p(a: Floats, b: Floats, paired: bool, resamples: int) -> Floats:
    found = stats.permutation_test(
        (a, b),
        _difference,
        permutation_type="samples" if paired else "independent",
        vectorized=True,
        n_resamples=resamples,
        batch=_BATCH,
        axis=0,
        rng=np.random.default_rng(_SEED),
    )
    return np.asarray(found.pvalue)


def _effect(a: Floats, b: Floats, paired: bool) -> Floats:
    """Hedges' g, with its correction for small samples (Hedges, 1981)."""
    if paired:
        spread = (a.std(axis=0, ddof=1) + b.std(axis=0, ddof=1)) / 2
        freedom = len(a) - 1
    else:
        freedom = len(a) + len(b) - 2
        squares = (len(a) - 1) * a.var(axis=0, ddof=1) + (len(b) - 1) * b.var(axis=0, ddof=1)
        spread = np.sqrt(squares / freedom)
    correction = 1 - 3 / (4 * freedom - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = correction * (a.mean(axis=0) - b.mean(axis=0)) / spread
    return np.where(spread > 1e-12, effect, np.nan)


def corrected(p: Any) -> Floats:
    """p-values corrected for their number: Benjamini and Hochberg's false discovery rate.

    NaN stays, and does not count (Journal of the Royal Statistical Society B 57, 1995).
    """
    given = np.asarray(p, np.float64)
    known = ~np.isnan(given)
    result = np.full(given.shape, np.nan)
    if known.any():
        result[known] = stats.false_discovery_control(given[known], method="bh")
    return result
