"""Class balancing: undersampling, a memory limit, augmentation of rare labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from emocam.errors import UsageError
from emocam.training.dataset import Picture, class_counts
from emocam.training.faces import Faces
from emocam.training.jitter import jittered
from emocam.types import IntArray

_SPARE_BYTES = 1_500_000_000  # features, blocks and libraries beside the kernel matrix
_MOST_COPIES = 9


def undersample(
    pictures: Sequence[Picture], *, per_class: int | None = None, seed: int = 0
) -> tuple[Picture, ...]:
    """Draw the same number of pictures of each class, in their former order.

    Parameters
    ----------
    pictures
        What to draw from.
    per_class
        How many of each class; as many as the smallest class has by default.
    seed
        The same seed draws the same pictures.

    Raises
    ------
    UsageError
        When a class has fewer than `per_class`.
    """
    counts = class_counts(pictures)
    rarest = min(counts, key=lambda label: (counts[label], label))
    take = per_class or counts[rarest]
    if take > counts[rarest]:
        raise UsageError(
            f"--per-class {take} is more than '{rarest}' has ({counts[rarest]} pictures)"
        )
    random = np.random.default_rng(seed)
    chosen: set[int] = set()
    for label in sorted(counts):
        own = [index for index, picture in enumerate(pictures) if picture.label == label]
        chosen.update(random.choice(own, size=take, replace=False).tolist())
    return tuple(picture for index, picture in enumerate(pictures) if index in chosen)


def fitting_memory(faces: Faces, memory_bytes: int, seed: int = 0) -> Faces:
    """As many faces as a kernel matrix in memory allows, of the rarest labels all of them.

    Parameters
    ----------
    faces
        Training faces.
    memory_bytes
        What training may take: 4 bytes for each pair of faces, and 1.5 GB beside.
    seed
        The same seed chooses the same faces.

    Raises
    ------
    UsageError
        When it is too little for 100 faces a label.
    """
    most = int(np.sqrt(max(memory_bytes - _SPARE_BYTES, 0) / 4))
    if most >= len(faces.images):
        return faces
    counts = np.bincount(faces.targets, minlength=len(faces.labels))
    limit = int(max(n for n in range(counts.max()) if np.minimum(counts, n).sum() <= most))
    if limit < min(100, counts.min()):
        raise UsageError(
            f"--memory is too small to remember 100 faces a label: give at least "
            f"{(_SPARE_BYTES + 4 * (100 * len(counts)) ** 2) / 1e9:.1f}GB"
        )
    order = np.random.default_rng(seed).permutation(len(faces.targets))
    chosen = [order[faces.targets[order] == label][:limit] for label in range(len(counts))]
    return faces.take(np.sort(np.concatenate(chosen)))


def augmented(faces: Faces, seed: int = 0) -> tuple[Faces, IntArray]:
    """Changed copies of rare labels' faces beside them, until they reach the mean of all labels.

    Returns
    -------
    Faces, and for each the number of the face that it is a copy of, sorted.
    """
    counts = np.bincount(faces.targets, minlength=len(faces.labels))
    wanted = np.clip(counts.mean() / np.maximum(counts, 1), 1, 1 + _MOST_COPIES)
    # A label that should grow to 2.4 times its size: each face twice, and 4 of 10 a third time.
    chance = np.random.default_rng(seed).random(len(faces.targets))
    times = np.floor(wanted[faces.targets] + chance).astype(int)
    groups = np.repeat(np.arange(len(times)), times)
    grown = faces.take(groups)
    copies = np.flatnonzero(np.diff(groups, prepend=-1) == 0)
    images = grown.images.copy()
    images[copies] = jittered(images[copies], seed)
    return replace(grown, images=images), groups
