"""Figures of a comparison: each method's measures with their intervals, and its matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from emocam.analysis.compare import MEASURES, MethodResult, measure_name
from emocam.analysis.figures.base import new_figure
from emocam.analysis.figures.evaluation import draw_confusion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOOKS = (("o", "#0b5394"), ("s", "#b45f06"), ("^", "#38761d"))


def plot_comparison(results: Sequence[MethodResult], labels: Sequence[str], faces: int) -> Figure:
    """Measures of each method with 95 % intervals, beside what guessing gives; and the times."""
    fitted = [result for result in results if result.measures]
    figure = new_figure(11, 1.9 + 0.62 * len(fitted))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    places = np.arange(len(fitted))
    for number, (measure, (marker, color)) in enumerate(zip(MEASURES, _LOOKS, strict=True)):
        found = [result.measures[measure] for result in fitted]
        values = np.array([100 * m.value for m in found])
        below = values - [100 * m.low for m in found]
        above = np.array([100 * m.high for m in found]) - values
        left.errorbar(
            values,
            places + (number - 1) * 0.22,
            xerr=(below, above),
            fmt=marker,
            color=color,
            capsize=3,
            label=measure_name(measure),
        )
    chance = 100 / len(labels)
    left.axvline(chance, linestyle="--", color="gray", label=f"guessing ({chance:.1f} %)")
    left.set_yticks(places, [result.name for result in fitted])
    left.invert_yaxis()
    left.set_xlim(0, 100)
    left.set_xlabel(f"share of {faces} test faces (%), bars: 95 % intervals")
    left.set_ylabel("method")
    left.set_title(f"{len(labels)} expressions: {_listed(labels)}")
    left.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=4)
    times = [1000 * result.predict_seconds_per_face for result in fitted]
    bars = right.barh(places, times, color="#888888", height=0.5)
    right.bar_label(bars, labels=[f"{value:.2g}" for value in times], padding=3, fontsize=8)
    right.set_xscale("log")
    right.margins(x=0.3)
    right.set_xlabel("time to read a face (ms)")
    right.set_title("Speed")
    return figure


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(labels) if len(labels) <= 8 else f"{', '.join(labels[:7])}, …"


def plot_confusions(results: Sequence[MethodResult], labels: Sequence[str]) -> Figure:
    """The confusion matrices of all methods, in percent of each true label's faces."""
    fitted = [result for result in results if result.confusion is not None]
    columns = min(3, len(fitted))
    rows = -(-len(fitted) // columns)
    side = 1.7 + 0.42 * len(labels)
    figure = new_figure(columns * side, rows * side)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, result in zip(grid.flat, fitted, strict=False):
        image = draw_confusion(axes, np.asarray(result.confusion), labels, counts=False)
        axes.set_title(result.name, fontsize=10)
    for axes in grid.flat[len(fitted) :]:
        axes.set_axis_off()
    figure.colorbar(image, ax=grid, label="% of the true label's faces", shrink=0.5)
    return figure
