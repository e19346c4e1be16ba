"""Figures of how often a model is right: confusion matrix, reliability, test pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from emocam.analysis.figures.base import new_figure
from emocam.recognition.labels import color_hex
from emocam.training.evaluate import Evaluation
from emocam.training.faces import Faces
from emocam.types import IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_BINS = 10
_DARK = 50  # from this percentage on the matrix's cells are dark and want white figures


def plot_confusion(evaluation: Evaluation) -> Figure:
    """Confusion matrix: rows true, columns predicted, shares of each row and counts."""
    side = 2.4 + 0.75 * len(evaluation.labels)
    figure = new_figure(side + 1.2, side)
    axes = figure.subplots()
    image = draw_confusion(axes, evaluation.confusion(), evaluation.labels, counts=True)
    axes.set_title(f"Confusion matrix of {len(evaluation.targets)} faces")
    figure.colorbar(image, label="% of the true label's faces", shrink=0.8)
    return figure


def plot_found(evaluation: Evaluation) -> Figure:
    """How many of each label's faces are found, beside all together and guessing."""
    labels, confusion = evaluation.labels, evaluation.confusion()
    faces = confusion.sum(axis=1)
    found = 100 * np.diag(confusion) / np.maximum(faces, 1)
    order = np.argsort(-found, kind="stable")
    every = 100 * float((evaluation.predicted == evaluation.targets).mean())
    figure = new_figure(9, 1.8 + 0.42 * len(labels))
    axes = figure.subplots()
    bars = axes.barh(
        range(len(labels)),
        found[order],
        color=[color_hex(labels[index], labels) for index in order],
        edgecolor="#333333",
    )
    axes.bar_label(bars, labels=[f"{found[i]:.0f} % of {faces[i]}" for i in order], padding=4)
    axes.set_yticks(range(len(labels)), [labels[index] for index in order])
    axes.invert_yaxis()
    axes.set_xlim(0, 115)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("% of the label's faces that are read as it")
    axes.axvline(every, color="#333333", linestyle="--", label=f"all faces: {every:.1f} %")
    guessing = 100 / len(labels)
    axes.axvline(guessing, color="#999999", linestyle=":", label=f"guessing: {guessing:.0f} %")
    axes.set_title(f"{every:.0f} of 100 faces are read as their label says")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def draw_confusion(
    axes: Axes, confusion: IntArray, labels: Sequence[str], *, counts: bool
) -> AxesImage:
    """Draw a confusion matrix in percent of each row; gives what a colour bar wants.

    Parameters
    ----------
    axes
        Where to draw.
    confusion
        Shape (labels, labels): rows true, columns predicted.
    labels
        Their names.
    counts
        Write the numbers of faces below the percentages.
    """
    percent = 100 * confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    ticks = range(len(labels))
    axes.set_xticks(ticks, labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, labels)
    axes.set_xlabel("predicted expression")
    axes.set_ylabel("true label")
    for row, column in np.ndindex(*percent.shape):
        color = "white" if percent[row, column] > _DARK else "black"
        text = f"{percent[row, column]:.0f}"
        text += f" %\n{confusion[row, column]}" if counts else ""
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=8)
    return image


def plot_reliability(evaluation: Evaluation) -> Figure:
    """Reliability diagram: how often answers of a certainty are right (DeGroot, Fienberg 1983)."""
    certainty = evaluation.probabilities.max(axis=1)
    right = evaluation.predicted == evaluation.targets
    bins = np.minimum((certainty * _BINS).astype(int), _BINS - 1)
    count = np.bincount(bins, minlength=_BINS)
    used = count > 0
    confidence = np.bincount(bins, certainty, minlength=_BINS)[used] / count[used]
    was = np.bincount(bins, right, minlength=_BINS)[used] / count[used]
    figure = new_figure(6, 6.5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot((0, 100), (0, 100), linestyle="--", color="gray", label="perfectly calibrated")
    upper.plot(100 * confidence, 100 * was, marker="o", color="#0b5394", label="this model")
    upper.set_ylabel("answers that are right (%)")
    upper.set_ylim(0, 100)
    upper.set_title(f"Reliability on {len(certainty)} faces")
    upper.legend(loc="upper left")
    upper.grid(alpha=0.3)
    centers = (np.arange(_BINS) + 0.5) * 100 / _BINS
    lower.bar(centers, count, width=92 / _BINS, color="#0b5394")
    lower.set_xlabel("certainty that the model states (%)")
    lower.set_ylabel("faces")
    lower.set_xlim(0, 100)
    return figure


def plot_sheet(evaluation: Evaluation, faces: Faces, *, right: bool) -> Figure | None:
    """Sheet of test pictures with predicted and true label, the right ones or the wrong ones.

    Parameters
    ----------
    evaluation, faces
        The answers, and the faces they were given for.
    right
        Which answers to show.

    Returns
    -------
    None when there is no such answer.
    """
    matches = (evaluation.predicted == evaluation.targets) == right
    chosen = _some_of_each_label(evaluation, matches)
    if not len(chosen):
        return None
    columns = 7
    rows = -(-len(chosen) // columns)
    figure = new_figure(columns * 1.45, rows * 1.85 + 0.6)
    kind = "right" if right else "wrong"
    figure.suptitle(
        f"{matches.sum()} of {len(matches)} test pictures are {kind}; {len(chosen)} of these, "
        "some of each label"
    )
    for axes, index in zip(
        figure.subplots(rows, columns, squeeze=False).flat, chosen, strict=False
    ):
        _draw_answer(axes, evaluation, faces, index)
    for axes in list(figure.axes)[len(chosen) :]:
        axes.set_axis_off()
    return figure


def _draw_answer(axes: Axes, evaluation: Evaluation, faces: Faces, index: int) -> None:
    predicted = evaluation.labels[evaluation.predicted[index]]
    true = evaluation.labels[evaluation.targets[index]]
    axes.imshow(faces.images[index], cmap="gray", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(color=color_hex(predicted, evaluation.labels), linewidth=3)
    mark = "✓" if predicted == true else "✗"
    axes.set_title(f"{mark} {predicted}\ntrue: {true}", fontsize=8)


def _some_of_each_label(evaluation: Evaluation, matches: np.ndarray) -> list[int]:
    random = np.random.default_rng(0)
    each = max(1, 28 // len(evaluation.labels))
    chosen: list[int] = []
    for label in range(len(evaluation.labels)):
        own = np.flatnonzero(matches & (evaluation.targets == label))
        chosen += sorted(random.permutation(own)[:each].tolist())
    return chosen
