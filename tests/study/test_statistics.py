from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from emocam.study.statistics import FEWEST, contrast, corrected, mean_intervals


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_means_leave_out_who_has_no_value(rng: np.random.Generator) -> None:
    values = rng.normal(size=(12, 3))
    values[:4, 1] = np.nan
    values[:, 2] = np.nan
    means = mean_intervals(values)
    assert means.n.tolist() == [12, 8, 0]
    assert means.mean[1] == pytest.approx(values[4:, 1].mean())
    assert np.isnan(means.mean[2])
    assert (means.low[:2] < means.mean[:2]).all()
    assert (means.high[:2] > means.mean[:2]).all()


def test_few_participants_get_no_interval(rng: np.random.Generator) -> None:
    means = mean_intervals(rng.normal(size=(FEWEST - 1, 2)))
    assert np.isfinite(means.mean).all()
    assert np.isnan(means.low).all()
    found = contrast(rng.normal(size=(4, 1)), rng.normal(size=(9, 1)), paired=False)
    assert np.isfinite(found.difference).all()
    assert np.isnan([found.low, found.p, found.effect]).all()


def test_intervals_are_about_those_of_student(rng: np.random.Generator) -> None:
    values = rng.normal(size=(30, 40))
    means = mean_intervals(values)
    half = stats.t.ppf(0.975, 29) * values.std(axis=0, ddof=1) / np.sqrt(30)
    assert np.median((means.high - means.low) / (2 * half)) == pytest.approx(1.0, abs=0.03)


def test_paired_differences_ignore_what_people_have_in_common(rng: np.random.Generator) -> None:
    people = rng.normal(scale=10.0, size=(20, 1))
    first = people + 1 + rng.normal(scale=0.2, size=(20, 1))
    second = people + rng.normal(scale=0.2, size=(20, 1))
    paired = contrast(first, second, paired=True)
    assert paired.low[0] > 0
    assert paired.p[0] < 0.001
    assert paired.n[0][0] == paired.n[1][0] == 20
    assert contrast(first, second, paired=False).p[0] > 0.3


def test_hedges_g_of_known_groups() -> None:
    first, second = np.arange(10.0)[:, None], np.arange(10.0)[:, None] - 3
    found = contrast(first, second, paired=False)
    spread = np.arange(10.0).std(ddof=1)
    assert found.effect[0] == pytest.approx(3 / spread * (1 - 3 / (4 * 18 - 1)))


def test_without_any_effect_p_is_uniform(rng: np.random.Generator) -> None:
    first, second = rng.normal(size=(10, 300)), rng.normal(size=(12, 300))
    p = contrast(first, second, paired=False, resamples=499).p
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_correction_keeps_what_was_not_tested() -> None:
    p = corrected([0.01, np.nan, 0.02, 0.9])
    assert np.isnan(p[1])
    assert p[0] == pytest.approx(0.03)
    assert p[2] == pytest.approx(0.03)
