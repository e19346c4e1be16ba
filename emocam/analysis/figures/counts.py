"""Figures of what a data set holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from emocam.analysis.figures.base import new_figure
from emocam.recognition.labels import color_hex
from emocam.training.equalised import Equalisation, even_levels
from emocam.training.faces import Faces

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HATCHES = ("", "//", "..", "xx")
_LINES = 60  # of single pictures that can still be told from each other


def plot_counts(counts: Mapping[str, Mapping[str, int]], labels: tuple[str, ...]) -> Figure:
    """Bar chart of pictures a label, a bar for each of the given columns.

    Parameters
    ----------
    counts
        Name of the column (such as `train`) to label to number of pictures.
    labels
        Order of the labels.
    """
    thickness = 0.8 / len(counts)
    figure = new_figure(8, 1.4 + 0.32 * len(counts) * len(labels))
    axes = figure.subplots()
    places = np.arange(len(labels))
    for number, (column, of_label) in enumerate(counts.items()):
        bars = axes.barh(
            places + (number - (len(counts) - 1) / 2) * thickness,
            [of_label.get(label, 0) for label in labels],
            height=thickness * 0.9,
            color=[color_hex(label, labels) for label in labels],
            edgecolor="#333333",
            hatch=_HATCHES[number % len(_HATCHES)],
        )
        texts = [f"{of_label.get(label, 0)} {column}" for label in labels]
        axes.bar_label(bars, labels=texts, padding=4, fontsize=8)
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.margins(x=0.22)
    axes.set_xlabel("pictures")
    axes.set_ylabel("label")
    axes.set_title("Pictures of each label")
    return figure


def plot_mean_faces(columns: Sequence[tuple[str, Faces]]) -> Figure:
    """The average of each label's pictures, a row for each part."""
    labels = columns[0][1].labels
    figure = new_figure(1.35 * len(labels) + 0.5, 1.7 * len(columns) + 0.6)
    figure.suptitle("Average of each label's pictures")
    grid = figure.subplots(len(columns), len(labels), squeeze=False)
    for row, (name, faces) in zip(grid, columns, strict=True):
        for number, (label, axes) in enumerate(zip(labels, row, strict=True)):
            own = faces.images[faces.targets == number]
            axes.set(xticks=[], yticks=[])
            axes.set_title(f"{label}\n{len(own)} {name}", fontsize=9)
            if len(own):
                axes.imshow(own.mean(axis=0), cmap="gray", vmin=0, vmax=255)
    return figure


def plot_grey_levels(equalised: Equalisation) -> Figure:
    """Cumulative histograms of some pictures, and that of one with all levels equally often."""
    figure = new_figure(6, 4.5)
    axes = figure.subplots()
    levels = np.arange(256)
    for cumulative in equalised.cumulative[:_LINES]:
        axes.plot(levels, 100 * cumulative, color="#0b5394", alpha=0.3, lw=0.8)
    axes.plot(levels, 100 * even_levels(), color="#c00000", ls="--", label="spread evenly")
    axes.set_xlabel("grey level")
    axes.set_ylabel("pixels that are darker (%)")
    axes.set_title(f"Grey levels of {len(equalised.cumulative[:_LINES])} pictures")
    axes.legend(loc="upper left")
    return figure
