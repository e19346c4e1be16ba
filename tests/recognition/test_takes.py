from __future__ import annotations

import numpy as np

from emocam.recognition.takes import alike, examples_of_take


def test_a_take_becomes_three_examples_without_what_is_unlike_it():
    random = np.random.default_rng(0)
    points = list(random.normal(0, 1, (30, 50)).astype(np.float32))
    points[12] = points[12] + 9
    points[13] = points[13] + 9
    assert np.flatnonzero(~alike(np.stack(points))).tolist() == [12, 13]
    examples = examples_of_take("happy", points, "clip.mp4 1–4 s")
    assert [one.name for one in examples] == [f"clip.mp4 1–4 s, part {n}" for n in (1, 2, 3)]
    assert max(np.abs(one.point).max() for one in examples) < 2


def test_few_moments_become_one_example_and_none_none():
    points = [np.full(4, n, np.float32) for n in range(3)]
    examples = examples_of_take("sad", points, "x")
    assert len(examples) == 1
    assert examples[0].point.tolist() == [1, 1, 1, 1]
    assert examples_of_take("sad", [], "x") == []
