"""The figure of `emocam explain`: face, heat map, probabilities, distances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from emocam.analysis.explain import Explanation
from emocam.analysis.figures.base import new_figure
from emocam.analysis.figures.words import draw_words
from emocam.recognition.labels import color_hex

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_CLUSTERS = 12
_WIDTH_IN, _ALONE_IN, _ROW_IN = 13.5, 4.2, 2.9  # inches of 110 pixels


def plot_explanations(explanations: Sequence[Explanation]) -> Figure:
    """A row for each face; of a single one also its visual words, which take a row of their own.

    See `Explanation` for what is shown.
    """
    with_words = len(explanations) == 1 and bool(explanations[0].words)
    row = _ALONE_IN if len(explanations) == 1 else _ROW_IN
    figure = new_figure(_WIDTH_IN, row * (len(explanations) + with_words))
    parts = figure.subfigures(len(explanations) + with_words, 1, squeeze=False).flat
    for part, explanation in zip(parts, explanations, strict=False):
        label = explanation.labels[explanation.label]
        second = explanation.labels[explanation.second]
        doubt = "unsure, first choice " if explanation.is_unsure else ""
        part.suptitle(f"Face {explanation.face}: {doubt}{label}, second choice {second}")
        face, heat, bars, clusters = part.subplots(1, 4, width_ratios=(1, 1.25, 1, 1))
        _draw_face(face, explanation)
        _draw_heat(heat, explanation)
        _draw_probabilities(bars, explanation)
        _draw_distances(clusters, explanation)
        if with_words:
            draw_words(parts[1], explanation.face_gray, explanation.words, label, second)
    return figure


def _draw_face(axes: Axes, explanation: Explanation) -> None:
    axes.imshow(explanation.face_gray, cmap="gray", vmin=0, vmax=255)
    axes.set_title("the face as the model sees it", fontsize=10)
    axes.set_xlabel("pixels")
    axes.set_ylabel("pixels")


def _draw_heat(axes: Axes, explanation: Explanation) -> None:
    size = len(explanation.face_gray)
    strongest = max(float(np.abs(explanation.heat).max()), 1e-9)
    axes.imshow(explanation.face_gray, cmap="gray", vmin=0, vmax=255)
    image = axes.imshow(
        explanation.heat,
        cmap="RdBu_r",
        vmin=-strongest,
        vmax=strongest,
        alpha=0.55,
        extent=(-0.5, size - 0.5, size - 0.5, -0.5),
        interpolation="bilinear",
    )
    cell = size / len(explanation.heat)
    for row, column in np.ndindex(*explanation.heat.shape):
        share = explanation.heat[row, column] / strongest
        if abs(share) > 0.33:  # signs as well, for those who can't tell red from blue
            place = ((column + 0.5) * cell - 0.5, (row + 0.5) * cell - 0.5)
            sign = "+" if share > 0 else "−"
            axes.text(*place, sign, ha="center", va="center", fontsize=11, weight="bold")
    axes.set(xticks=[], yticks=[])
    axes.set_title("what spoke for it (+) and against (−)", fontsize=10)
    second = explanation.labels[explanation.second]
    axes.figure.colorbar(
        image, ax=axes, shrink=0.8, label=f"loss of lead over {second}\nwhen blurred (evidence)"
    )


def _draw_probabilities(axes: Axes, explanation: Explanation) -> None:
    labels = explanation.labels
    colors = [color_hex(label, labels) for label in labels]
    places = np.arange(len(labels))
    percent = 100 * explanation.probabilities
    bars = axes.barh(places, percent, color=colors, edgecolor="#333333")
    axes.bar_label(bars, labels=[f"{value:.0f}" for value in percent], padding=3, fontsize=8)
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.set_xlim(0, 115)
    axes.set_xticks((0, 50, 100))
    axes.set_xlabel("probability (%)")
    axes.set_title("how likely each is", fontsize=10)


def _draw_distances(axes: Axes, explanation: Explanation) -> None:
    nearest = np.argsort(explanation.distances, kind="stable")[:_MOST_CLUSTERS]
    names = [f"{number} = {explanation.cluster_names[number]}" for number in nearest]
    colors = [
        color_hex(explanation.cluster_names[number], explanation.labels) for number in nearest
    ]
    places = np.arange(len(nearest))
    distances = explanation.distances[nearest]
    bars = axes.barh(places, distances, color=colors, edgecolor="#333333")
    axes.bar_label(bars, fmt="%.2f" if explanation.is_personal else "%.1f", padding=3, fontsize=8)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.margins(x=0.2)
    if explanation.is_personal:
        axes.set_xlabel("squared distance to the centre\n(1: as faces of a label in general)")
        axes.set_title("own centres, nearest first", fontsize=10)
    else:
        axes.set_xlabel("distance to the centre\n(units of the cluster space)")
        axes.set_title("clusters, nearest first", fontsize=10)
