from __future__ import annotations

import pytest

from emocam.errors import UsageError
from emocam.training.balance import undersample
from emocam.training.dataset import Picture, class_counts

PICTURES = tuple(
    Picture(label, "train", f"{label}/{number}")
    for label, count in (("glad", 9), ("grim", 4), ("odd", 6))
    for number in range(count)
)


def test_every_class_gets_as_many_as_the_smallest():
    drawn = undersample(PICTURES)
    assert class_counts(drawn) == {"glad": 4, "grim": 4, "odd": 4}
    assert len(set(drawn)) == 12
    assert set(drawn) <= set(PICTURES)


def test_order_is_kept():
    drawn = undersample(PICTURES)
    assert list(drawn) == [picture for picture in PICTURES if picture in set(drawn)]


def test_per_class():
    assert class_counts(undersample(PICTURES, per_class=2)) == {"glad": 2, "grim": 2, "odd": 2}


def test_more_than_there_are_is_an_error_that_names_the_class():
    with pytest.raises(UsageError, match=r"--per-class 5 is more than 'grim' has \(4 pictures\)"):
        undersample(PICTURES, per_class=5)


def test_the_seed_decides():
    assert undersample(PICTURES, seed=1) == undersample(PICTURES, seed=1)
    draws = {undersample(PICTURES, seed=seed) for seed in range(5)}
    assert len(draws) > 1
