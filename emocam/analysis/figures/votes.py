"""Figures of a model beside the votes of several people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emocam.analysis.figures.base import new_figure
from emocam.analysis.figures.evaluation import draw_confusion
from emocam.training.evaluate import Evaluation
from emocam.training.evaluate_votes import VotesEvaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_judgements(evaluation: Evaluation, votes: VotesEvaluation) -> Figure:
    """Confusion matrices by label and by votes, and the accuracy over people's agreement."""
    side = 2.4 + 0.6 * len(evaluation.labels)
    figure = new_figure(3 * side + 1.2, side)
    left, middle, right = figure.subplots(1, 3)
    by_votes = votes.by_majority
    for axes, judged, truth in (
        (left, evaluation, "label"),
        (middle, by_votes, "votes' majority"),
    ):
        image = draw_confusion(axes, judged.confusion(), judged.labels, counts=False)
        accuracy = 100 * float((judged.predicted == judged.targets).mean())
        axes.set_ylabel(truth)
        axes.set_title(f"By the {truth}: {accuracy:.1f} % of {len(judged.targets)} faces")
    figure.colorbar(image, ax=[left, middle], label="% of the row's faces", shrink=0.7)
    _draw_agreement(right, votes)
    right.set_xlabel("votes that go with the majority (%)")
    return figure


def plot_agreement(votes: VotesEvaluation) -> Figure:
    """Accuracy over the agreement of the voters, and how many faces each level has."""
    figure = new_figure(6.5, 6.5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_agreement(upper, votes)
    levels = votes.by_agreement()
    lower.bar(
        [100 * level["agreement"] for level in levels],
        [level["n"] for level in levels],
        width=8,
        color="#0b5394",
    )
    lower.set_xlabel("votes that go with the majority (%)")
    lower.set_ylabel("faces")
    return figure


def _draw_agreement(axes: Axes, votes: VotesEvaluation) -> None:
    levels = votes.by_agreement()
    agreement = 100 * np.array([level["agreement"] for level in levels])
    for name, kind, color, marker in (
        ("accuracy", "this model", "#0b5394", "o"),
        ("label_accuracy", "the data set's label", "#777777", "s"),
    ):
        shares = [100 * level[name] for level in levels]
        axes.plot(agreement, shares, label=kind, color=color, marker=marker)
    axes.set_ylabel("answers that are the majority's (%)")
    axes.set_ylim(0, 102)
    axes.set_title("Accuracy by the votes over people's agreement")
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
