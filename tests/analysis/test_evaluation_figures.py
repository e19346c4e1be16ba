"""Figures of an evaluation can be read whatever they show."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.analysis.figures.evaluation import plot_found
from emocam.training.evaluate import Evaluation


@pytest.mark.parametrize("labels", [2, 3, 7])
def test_the_legend_hides_no_number_when_all_faces_are_found(labels: int):
    answers = np.repeat(np.arange(labels), 12)
    probabilities = np.eye(labels, dtype=np.float32)[answers]
    names = tuple(f"label {number}" for number in range(labels))
    figure = plot_found(Evaluation(names, answers, answers, probabilities, answers, 0.001))
    figure.draw_without_rendering()
    (legend,) = [*figure.legends, *filter(None, (axes.get_legend() for axes in figure.axes))]
    numbers = [text for text in figure.axes[0].texts if text.get_text() == "100 % of 12"]
    assert len(numbers) == labels
    for number in numbers:
        assert not number.get_window_extent().overlaps(legend.get_window_extent())
