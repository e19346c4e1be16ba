"""The figures of a study, for papers: each as SVG and PNG."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emocam.output import complete_file
from emocam.recognition.labels import color_hex
from emocam.study.affect import RATINGS, positions
from emocam.study.analysis import Analysis, Comparison
from emocam.study.data import Study
from emocam.study.page_text import nice
from emocam.study.segments import WHOLE
from emocam.study.timelines import Band

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 150
_INK = "#24292f"
_SIGNS = "osD^vPX*"
_MOST_CONTRASTS = 3


def write_figures(
    folder: Path,
    study: Study,
    analysis: Analysis,
    bands: Sequence[Band],
    *,
    align: str | None = None,
) -> Path:
    """Write all figures; returns their folder.

    Raises
    ------
    OutputError
        When one can't be written.
    """
    for name, figure in _figures(study, analysis, bands, align):
        for ending in ("svg", "png"):
            with complete_file(folder / f"{name}.{ending}") as temporary:
                temporary.write_bytes(_drawn(figure, ending))
    return folder


def _drawn(figure: Figure, ending: str) -> bytes:
    from matplotlib import rc_context

    buffer = io.BytesIO()
    # Text stays text, and the same data make the same file.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "emocam"}):
        metadata = {"Date": None} if ending == "svg" else {"Software": None}
        figure.savefig(buffer, format=ending, dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


def _figures(
    study: Study, analysis: Analysis, bands: Sequence[Band], align: str | None
) -> Iterator[tuple[str, Figure]]:
    yield "shares", _shares(study, analysis)
    yield "timelines", _timelines(study.labels, bands, align)
    if positions(study.labels) is not None:
        yield "circumplex", _circumplex(analysis)
    for number, one in enumerate(analysis.comparisons[:_MOST_CONTRASTS], 1):
        yield f"contrast-{number}", _contrast(one, study.labels)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)


def _shares(study: Study, analysis: Analysis) -> Figure:
    """Shares of readable time: mean and interval by label and condition."""
    labels, conditions = study.labels, analysis.conditions
    figure = _figure(1.2 + 0.95 * len(labels), 3.4)
    axes = figure.subplots()
    columns = [analysis.measures.index(f"{label}_readable") for label in labels]
    places = np.arange(len(labels))
    step = 0.7 / max(1, len(conditions))
    for number, condition in enumerate(conditions):
        cell = analysis.cells.get((condition, WHOLE))
        if cell is None:
            continue
        mean, low, high = (v[columns] for v in (cell.means.mean, cell.means.low, cell.means.high))
        xs = places + (number - (len(conditions) - 1) / 2) * step
        errors = np.nan_to_num(np.stack([mean - low, high - mean]))
        axes.errorbar(
            xs, mean, yerr=np.maximum(errors, 0), fmt="none", ecolor=_INK, capsize=3, linewidth=1
        )
        colors = [color_hex(label, labels) for label in labels]
        sign = _SIGNS[number % len(_SIGNS)]
        axes.scatter(xs, mean, c=colors, s=55, marker=sign, edgecolors=_INK, zorder=3)
        n = int(cell.means.n[columns].max())
        axes.scatter(
            [], [], c="white", edgecolors=_INK, marker=sign, label=f"{condition} (n = {n})"
        )
    axes.set_xticks(places, labels)
    axes.set_ylabel("share of readable time")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize="small")
    _plain(axes)
    return figure


def _timelines(labels: tuple[str, ...], bands: Sequence[Band], align: str | None) -> Figure:
    """Small multiples: a row a label, a column a condition."""
    columns = max(1, len(bands))
    figure = _figure(1.0 + 3.2 * columns, 0.6 + 0.75 * len(labels))
    grid = figure.subplots(len(labels), columns, sharex=True, sharey=True, squeeze=False)
    for column, band in enumerate(bands):
        for row, label in enumerate(labels):
            axes = grid[row][column]
            color = color_hex(label, labels)
            axes.fill_between(
                band.times_s,
                band.low[:, row],
                band.high[:, row],
                color=color,
                alpha=0.55,
                linewidth=0,
            )
            axes.plot(band.times_s, band.mean[:, row], color=_INK, linewidth=0.8)
            _plain(axes)
            if align is not None:
                axes.axvline(0, color=_INK, linewidth=0.8, linestyle="--")
            if column == 0:
                axes.set_ylabel(label, rotation=0, ha="right", va="center")
            if row == 0:
                axes.set_title(f"{band.condition} (n = {band.participants})", fontsize="medium")
    since = "session's start" if align is None else f"start of '{align}'"
    figure.supxlabel(f"seconds from the {since}", fontsize="medium")
    return figure


def _circumplex(analysis: Analysis) -> Figure:
    """Each participant's valence and arousal, the conditions' means, and where labels lie."""
    figure = _figure(5.2, 5.0)
    axes = figure.subplots()
    columns = [analysis.measures.index(name) for name in ("valence", "arousal")]
    points = []
    for number, condition in enumerate(analysis.conditions):
        cell = analysis.cells.get((condition, WHOLE))
        if cell is None:
            continue
        values, sign = cell.values[:, columns], _SIGNS[number % len(_SIGNS)]
        points.append(values)
        color = f"C{number}"
        axes.scatter(values[:, 0], values[:, 1], s=18, marker=sign, alpha=0.45, color=color)
        mean, low, high = (v[columns] for v in (cell.means.mean, cell.means.low, cell.means.high))
        errors = np.nan_to_num(np.stack([mean - low, high - mean]))
        axes.errorbar(
            [mean[0]], [mean[1]], xerr=errors[:, :1], yerr=errors[:, 1:], fmt=sign, color=_INK,
            markerfacecolor=color, markersize=9, capsize=3,
            label=f"{condition} (n = {len(values)})",
        )  # fmt: skip
    for label, (valence, arousal, _) in RATINGS.items():
        axes.annotate(
            label,
            ((valence - 5) / 4, (arousal - 5) / 4),
            color="#6e7781",
            fontsize="small",
            ha="center",
        )
    axes.axhline(0, color="#d0d7de", linewidth=0.8, zorder=0)
    axes.axvline(0, color="#d0d7de", linewidth=0.8, zorder=0)
    axes.set(xlim=(-1, 1), ylim=(-1, 1), xlabel="valence (derived)", ylabel="arousal (derived)")
    axes.legend(frameon=False, fontsize="small", loc="lower right")
    _plain(axes)
    return figure


def _contrast(one: Comparison, labels: tuple[str, ...]) -> Figure:
    """Differences between two conditions with their intervals."""
    found = one.contrast
    figure = _figure(6.4, 1.2 + 0.32 * len(one.measures))
    axes = figure.subplots()
    places = np.arange(len(one.measures))[::-1]
    errors = np.nan_to_num(np.stack([found.difference - found.low, found.high - found.difference]))
    axes.axvline(0, color="#8c959f", linewidth=0.8)
    axes.errorbar(
        found.difference,
        places,
        xerr=np.maximum(errors, 0),
        fmt="o",
        color=_INK,
        capsize=3,
        markersize=5,
    )
    axes.set_yticks(places, [nice(name, labels) for name in one.measures])
    where = "" if one.segment == WHOLE else f", {one.segment}"
    axes.set_xlabel(f"{one.first} less {one.second}{where} (95 % intervals)")
    _plain(axes)
    return figure
