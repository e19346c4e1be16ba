"""Detects data sets whose pictures were histogram-equalised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emocam.training.dataset import Dataset
from emocam.training.faces import decode_gray
from emocam.types import FloatArray, ImageU8

_SAMPLED = 300  # pictures: enough to tell most from few
# Of FER2013's own pictures 0.1 % lie below, of equalised copies (saved as JPEG, enlarged,
# reduced) 95 to 96 %.
_EVEN = 0.02


@dataclass(frozen=True, eq=False)
class Equalisation:
    """How evenly the grey levels of some pictures are spread."""

    cumulative: FloatArray  # (n, 256), 0 to 1: each picture's cumulative histogram

    @property
    def share(self) -> float:
        """Share of the pictures whose grey levels are spread evenly, 0 to 1."""
        if not len(self.cumulative):
            return 0.0
        distances = np.abs(self.cumulative - even_levels()).mean(axis=1)
        return float((distances < _EVEN).mean())

    @property
    def found(self) -> bool:
        """Whether most pictures look equalised."""
        return self.share > 0.5

    def sentence(self) -> str:
        """What was found, and what it means."""
        share = (
            f"in {100 * self.share:.0f} % of {len(self.cumulative)} pictures the grey levels are "
            "spread evenly"
        )
        if not self.found:
            return f"not histogram-equalised: {share}"
        return (
            f"looks histogram-equalised: {share}, as a camera never gives them. Somebody changed "
            "these pictures: figures measured on them say nothing about real faces, nor about "
            "other tools that expect true pixels. Look for an unchanged copy"
        )


def find_equalisation(dataset: Dataset, seed: int = 0) -> Equalisation:
    """Measure a fixed sample of the pictures that can be read."""
    order = np.random.default_rng(seed).permutation(len(dataset.pictures))[:_SAMPLED]
    found = []
    for index in np.sort(order):
        try:
            found.append(decode_gray(dataset.read(dataset.pictures[index].name)))
        except OSError:
            continue  # `find_duplicates` names it
    return equalisation(found)


def equalisation(pictures: Sequence[ImageU8]) -> Equalisation:
    """Cumulative histograms of grey pictures, each of shape (height, width), uint8."""
    rows = [_cumulative(picture) for picture in pictures]
    return Equalisation(np.array(rows, np.float32).reshape(-1, 256))


def even_levels() -> FloatArray:
    """Cumulative histogram of a picture that has all grey levels equally often, shape (256,)."""
    return ((np.arange(256) + 0.5) / 256).astype(np.float32)


def _cumulative(gray: ImageU8) -> np.ndarray:
    """Share of the pixels that are darker than each level, half of its own included."""
    shares = np.bincount(gray.ravel(), minlength=256) / gray.size
    return np.asarray(np.cumsum(shares) - shares / 2)
