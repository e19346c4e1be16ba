"""Duplicate pictures: within a part, across parts, under two labels."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from emocam.training.dataset import Dataset, Picture
from emocam.training.faces import decode_gray


@dataclass(frozen=True)
class Duplicates:
    """Pictures whose grey values are the same to the last pixel."""

    # Pictures of one group are the same; each group has two or more
    groups: tuple[tuple[Picture, ...], ...]
    # Name and reason of each picture that could not be decoded
    unreadable: tuple[tuple[str, str], ...]

    @property
    def copies(self) -> int:
        """Pictures that could go, so that every picture is there once."""
        return sum(len(group) - 1 for group in self.groups)

    @property
    def across_parts(self) -> tuple[tuple[Picture, ...], ...]:
        """Groups with pictures in the training and in the test part."""
        return tuple(g for g in self.groups if len({picture.part for picture in g}) > 1)

    @property
    def across_labels(self) -> tuple[tuple[Picture, ...], ...]:
        """Groups with pictures under two or more labels."""
        return tuple(g for g in self.groups if len({picture.label for picture in g}) > 1)

    def counts(self) -> dict[str, int]:
        """The figures of `emocam dataset --json`."""
        return {
            "pictures_shown_more_than_once": len(self.groups),
            "copies": self.copies,
            "across_parts": len(self.across_parts),
            "across_labels": len(self.across_labels),
        }


def find_duplicates(dataset: Dataset, progress: Callable[[int], None] | None = None) -> Duplicates:
    """Decode all pictures and find those that are the same.

    Parameters
    ----------
    dataset
        The data set to search.
    progress
        Called with the pictures done.
    """
    same: dict[bytes, list[Picture]] = defaultdict(list)
    unreadable = []
    for done, picture in enumerate(dataset.pictures, 1):
        try:
            gray = decode_gray(dataset.read(picture.name))
            shape = f"{gray.shape}".encode()
            same[hashlib.sha256(shape + gray.tobytes()).digest()].append(picture)
        except OSError as error:
            unreadable.append((picture.name, str(error)))
        if progress is not None:
            progress(done)
    groups = tuple(tuple(group) for group in same.values() if len(group) > 1)
    return Duplicates(groups, tuple(unreadable))
