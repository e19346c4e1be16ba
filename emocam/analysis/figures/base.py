"""What all figures have in common: how they are made and saved."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emocam.output import complete_file
from emocam.types import ImageU8

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 110
# No software name and date: the same data make the same file.
_METADATA = {"Software": None}


def new_figure(width: float, height: float) -> Figure:
    """Figure of that size in inches, laid out so that no text overlaps."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def to_png(figure: Figure) -> bytes:
    """The figure as a PNG file's bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata=_METADATA)
    return buffer.getvalue()


def save_png(figure: Figure, path: Path) -> None:
    """Write the figure as a PNG; it appears under its name only when complete.

    Raises
    ------
    OutputError
        When it can't be written there.
    """
    with complete_file(path) as temporary:
        temporary.write_bytes(to_png(figure))


def mosaic(images: Sequence[ImageU8], columns: int, *, gap: int = 2) -> ImageU8:
    """Pictures of one size side by side, row by row.

    Parameters
    ----------
    images
        Each of shape (height, width), uint8.
    columns
        Pictures in a row.
    gap
        Pixels between them; they are white, as are places without a picture.
    """
    height, width = images[0].shape
    rows = -(-len(images) // columns)
    whole = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), 255, np.uint8)
    for number, image in enumerate(images):
        top, left = (number // columns) * (height + gap), (number % columns) * (width + gap)
        whole[top : top + height, left : left + width] = image
    return whole
