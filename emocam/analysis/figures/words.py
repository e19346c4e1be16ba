"""Figures of the visual words: the vocabulary as a page, and the words behind a decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from emocam.analysis.figures.base import mosaic, new_figure
from emocam.analysis.word_evidence import WordEvidence, WordPage, cut_patch
from emocam.types import FloatArray, ImageU8

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_COLUMNS = 32
_STROKE = 0.48  # of a cell
_CORNERS = ((-1, -1), (1, -1), (-1, 1), (1, 1), (0, -1), (0, 1))  # where a frame's number stands


def plot_vocabulary(page: WordPage) -> Figure:
    """The mean patch of each word, the most frequent words first."""
    order = np.argsort(-page.counts, kind="stable")
    order = order[page.counts[order] > 0]
    image = mosaic(list(page.patches[order]), _COLUMNS, gap=2)
    rows = -(-len(order) // _COLUMNS)
    figure = new_figure(9.5, 0.9 + 9.0 * rows / _COLUMNS)
    axes = figure.subplots()
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    pitch = page.patches.shape[1] + 2
    axes.set_xticks(
        (np.arange(0, _COLUMNS, 8) + 0.5) * pitch, [str(at) for at in range(1, _COLUMNS + 1, 8)]
    )
    axes.set_yticks(
        (np.arange(0, rows, 4) + 0.5) * pitch, [str(at) for at in range(1, rows + 1, 4)]
    )
    axes.set_xlabel(f"column; each patch is {page.patches.shape[1]} pixels of a 48×48 face wide")
    axes.set_ylabel("row")
    axes.set_title(
        f"{len(order)} visual words, cell {page.cell:g} px: mean of the patches nearest to each, "
        "frequent ones first",
        fontsize=10,
    )
    return figure


def draw_words(
    part: SubFigure,
    face_gray: ImageU8,
    evidence: Sequence[WordEvidence],
    label: str,
    second: str,
) -> None:
    """Draw the strongest words of a decision: where they are, the patch there, the word itself."""
    part.suptitle(f"Visual words behind {label} (+) and {second} (−)")
    ratios = (3.4, 1.55 * max(len(evidence), 4))
    left, right = part.subfigures(1, 2, width_ratios=ratios, squeeze=False).flat
    _draw_places(left.subplots(), face_gray, evidence)
    grid = right.subplots(2, max(len(evidence), 1), squeeze=False)
    for number, word in enumerate(evidence):
        upper, lower = grid[:, number]
        sign = "+" if word.weight > 0 else "−"
        upper.imshow(cut_patch(face_gray, word), cmap="gray", vmin=0, vmax=255)
        upper.set_title(f"{number + 1}: {sign}{abs(word.weight):.2g}", fontsize=10)
        _draw_glyph(lower, word.glyph)
        lower.set_xlabel(f"word {word.word}\nscale {word.scale}", fontsize=8)
        for axes in (upper, lower):
            axes.set(xticks=[], yticks=[])
    grid[0, 0].set_ylabel("on this face", fontsize=9)
    grid[1, 0].set_ylabel("the word's\ngradients", fontsize=9)


def _draw_places(axes: Axes, face_gray: ImageU8, evidence: Sequence[WordEvidence]) -> None:
    from matplotlib.patches import Rectangle

    axes.imshow(face_gray, cmap="gray", vmin=0, vmax=255)
    for number, word in enumerate(evidence):
        y, x = word.center_yx
        half = word.side / 2
        color = "#c00000" if word.weight > 0 else "#0050c0"
        frame = Rectangle((x - half, y - half), word.side, word.side, fill=False, linewidth=1.6)
        frame.set_edgecolor(color)
        frame.set_linestyle("-" if word.weight > 0 else "--")
        axes.add_patch(frame)
        box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.8, "lw": 0}
        corner = _CORNERS[number % len(_CORNERS)]
        # Frames may reach beyond the face; their numbers stay on it.
        last = face_gray.shape[0] - 2
        left, top = np.clip((x + half * corner[0], y + half * corner[1]), 1, last)
        axes.text(left, top, str(number + 1), ha="center", va="center", fontsize=8, bbox=box)
    axes.set_xlim(-0.5, face_gray.shape[1] - 0.5)
    axes.set_ylim(face_gray.shape[0] - 0.5, -0.5)
    axes.set_xlabel("pixels")
    axes.set_ylabel("pixels")
    axes.set_title("where they are", fontsize=10)


def _draw_glyph(axes: Axes, glyph: FloatArray) -> None:
    """A stroke along the edges of each cell and orientation, as dark as they are strong."""
    edges = glyph[:, :, : glyph.shape[2] // 2] + glyph[:, :, glyph.shape[2] // 2 :]
    cells, _, orientations = edges.shape
    strongest = max(float(edges.max()), 1e-9)
    for row, column, orientation in np.ndindex(*edges.shape):
        share = float(edges[row, column, orientation]) / strongest
        if share < 0.1:
            continue
        angle = np.pi * orientation / orientations + np.pi / 2  # edges lie across gradients
        dx, dy = _STROKE * np.cos(angle), _STROKE * np.sin(angle)
        axes.plot(
            (column - dx, column + dx), (row - dy, row + dy), color="black", alpha=share, lw=2.5
        )
    axes.set_xlim(-0.6, cells - 0.4)
    axes.set_ylim(cells - 0.4, -0.6)
    axes.set_aspect("equal")
