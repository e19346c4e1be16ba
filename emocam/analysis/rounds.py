"""Training and test folds of a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedKFold

from emocam.errors import DatasetError
from emocam.training.balance import undersample
from emocam.training.dataset import Dataset
from emocam.training.faces import Faces, check_learnable, load_faces

_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Rounds:
    """Pairs of training and test faces, with the same labels."""

    # One for a set with a test part, several for cross-validation
    pairs: tuple[tuple[Faces, Faces], ...]
    note: str  # one sentence that says how they came about
    skipped: tuple[tuple[str, str], ...]  # name and reason of each picture that could not be read

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        return self.pairs[0][0].labels

    @property
    def tested(self) -> int:
        """Number of faces that are tested over all pairs."""
        return sum(len(test.images) for _, test in self.pairs)


def make_rounds(
    dataset: Dataset,
    size: int,
    *,
    per_class: int | None = None,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Rounds:
    """Balanced training faces and all test faces; without a test part, cross-validation.

    Parameters
    ----------
    dataset
        A set with train and test part is used as it is split. Any other is balanced as a whole
        and split into five parts, or as many as the smallest label has pictures; each is tested
        once by what was fitted on the others.
    size
        Side of the training format in pixels.
    per_class
        How many of each label to fit on; as many as the smallest has by default.
    seed
        The same seed draws and splits the same way.
    progress
        Called with the pictures read.

    Raises
    ------
    DatasetError
        When a label has too few readable pictures.
    UsageError
        When a label has fewer than `per_class`.
    """
    whole = dataset.part("train") if dataset.has_test_part else dataset.pictures
    drawn = undersample(whole, per_class=per_class, seed=seed)
    training = load_faces(dataset, drawn, size, dataset.labels, progress)
    check_learnable(training)
    if not dataset.has_test_part:
        pairs = _cross_validation(training, seed)
        note = (
            f"{len(training.images)} faces, balanced, each tested once by what was fitted on the "
            f"others ({len(pairs)} folds)"
        )
        return Rounds(pairs, note, training.skipped)

    def further(done: int) -> None:
        if progress is not None:
            progress(len(drawn) + done)

    test = load_faces(dataset, dataset.part("test"), size, dataset.labels, further)
    note = f"fitted on {len(training.images)} balanced faces, tested on {len(test.images)}"
    return Rounds(((training, test),), note, training.skipped + test.skipped)


def _cross_validation(faces: Faces, seed: int) -> tuple[tuple[Faces, Faces], ...]:
    counts = np.bincount(faces.targets, minlength=len(faces.labels))
    fewest = int(counts.min())
    if fewest < 2:
        raise DatasetError(
            f"'{faces.labels[counts.argmin()]}' has {fewest} readable picture: "
            "2 of each label are needed, to fit on one and test on the other"
        )
    folds = StratifiedKFold(min(_FOLDS, fewest), shuffle=True, random_state=seed)
    return tuple(
        (faces.take(fit), faces.take(test))
        for fit, test in folds.split(faces.images, faces.targets)
    )
