"""Training and evaluating from arrays, without files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from emocam.detection.crop import resized
from emocam.errors import DatasetError, UsageError
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.training.evaluate import Evaluation
from emocam.training.evaluate import evaluate as evaluate_faces
from emocam.training.faces import Faces
from emocam.training.fit_words import Progress
from emocam.training.recipes import train_words
from emocam.types import AnyArray, FloatArray, ImageU8

BALANCES = ("weight", "augment", "none")


def train(
    images: Sequence[AnyArray] | AnyArray,
    labels: Sequence[str],
    votes: npt.ArrayLike | None = None,
    *,
    votes_share: float | None = None,
    size: int = 48,
    clusters: int | None = None,
    balance: str = "weight",
    memory_bytes: int = 6_000_000_000,
    seed: int = 0,
    progress: Progress | None = None,
) -> EmotionRecognizer:
    """Train the default recipe on labelled faces.

    Parameters
    ----------
    images
        n faces, cut out and upright, each of shape (height, width), uint8, grey.
    labels
        n names, of two or more different ones.
    votes
        Shape (n, labels): how many people called each face what, labels in the order of
        `sorted(set(labels))`. A row of zeros leaves the face its label.
    votes_share
        0 to 1: how much the votes count beside the label; the recipe's own mix by default.
    size
        Side in pixels that faces are brought to, 8 or more.
    clusters
        Emotion clusters; as many as labels by default.
    balance
        `weight`, `augment` or `none`: how rare labels are treated.
    memory_bytes
        Memory that training may take; of more faces than fit, the commonest labels' are left out.
    seed
        The same seed makes the same model.
    progress
        Called with the name of the step and its share done, 0 to 1.

    Returns
    -------
    EmotionRecognizer
        Its `card["figures"]` tell how well each training face is read by a model that has not seen
        it (out of fold); `save` writes it to a file.

    Raises
    ------
    DatasetError
        When images, labels and votes don't go together, or there is a single label.
    UsageError
        When a choice is out of range.
    """
    if balance not in BALANCES:
        raise UsageError(f"balance should be one of {', '.join(BALANCES)}, got {balance!r}")
    if size < 8:
        raise UsageError(f"size should be 8 or more, got {size}")
    if votes_share is not None and not 0 <= votes_share <= 1:
        raise UsageError(f"votes_share should be 0 to 1, got {votes_share}")
    faces = labelled_faces(images, labels, size)
    if votes is not None:
        shares = vote_shares(votes, faces)
        faces = Faces(faces.images, faces.targets, faces.labels, faces.names, votes=shares)
    file = train_words(
        faces, None, clusters=clusters, balance=balance, memory_bytes=memory_bytes, seed=seed,
        votes_share=votes_share, progress=progress,
    )  # fmt: skip
    return EmotionRecognizer.from_file(file)


def evaluate(
    recognizer: EmotionRecognizer, images: Sequence[AnyArray] | AnyArray, labels: Sequence[str]
) -> Evaluation:
    """Measure a recognizer on labelled faces.

    Parameters
    ----------
    recognizer
        It need not have been trained on all of these labels' faces, but has to know the labels.
    images, labels
        As for `train`; a single label will do.

    Returns
    -------
    Evaluation
        The answers; `figures()` gives accuracy, balanced accuracy and the like by name.

    Raises
    ------
    DatasetError
        When images and labels don't go together, or a label is not known.
    """
    faces = labelled_faces(images, labels, recognizer.model.size, recognizer.labels)
    return evaluate_faces(recognizer.model, faces)


def labelled_faces(
    images: Sequence[AnyArray] | AnyArray,
    labels: Sequence[str],
    size: int,
    known: tuple[str, ...] | None = None,
) -> Faces:
    """Faces in the training format, of grey pictures and their labels.

    Parameters
    ----------
    images, labels
        See `train`.
    size
        Side of the training format in pixels.
    known
        The order of the labels; sorted by default.

    Raises
    ------
    DatasetError
        When they don't go together.
    """
    if not len(images) or len(images) != len(labels):
        raise DatasetError(
            f"one label for each of one or more faces is expected, got {len(images)} faces and "
            f"{len(labels)} labels"
        )
    names = tuple(sorted({str(label) for label in labels})) if known is None else known
    if len(names) < 2:
        raise DatasetError(f"two or more different labels are needed, got {names[0]!r} only")
    unknown = sorted({str(label) for label in labels} - set(names))
    if unknown:
        raise DatasetError(f"unknown labels: {', '.join(unknown)}; known are: {', '.join(names)}")
    return Faces(
        images=training_format(images, size),
        targets=np.array([names.index(str(label)) for label in labels], np.int64),
        labels=names,
        names=tuple(map(str, range(len(labels)))),
    )


def training_format(images: Sequence[AnyArray] | AnyArray, size: int) -> ImageU8:
    """Grey pictures as squares of one side, shape (n, size, size), uint8.

    Raises
    ------
    DatasetError
        When one is not grey, not uint8 or empty.
    """
    squares = np.empty((len(images), size, size), np.uint8)
    for number, image in enumerate(images):
        gray = np.asarray(image)
        if gray.ndim != 2 or gray.dtype != np.uint8 or not gray.size:
            raise DatasetError(
                f"faces are grey, uint8, of shape (height, width); face {number} is {gray.dtype} "
                f"of shape {gray.shape}"
            )
        squares[number] = resized(gray, size)
    return squares


def vote_shares(votes: npt.ArrayLike, faces: Faces) -> FloatArray:
    """Shares of votes, shape (n, labels), float32; the label where there are none.

    Raises
    ------
    DatasetError
        When the counts are of another shape, negative or not finite.
    """
    counts = np.asarray(votes, dtype=np.float64)
    expected = (len(faces.targets), len(faces.labels))
    if counts.shape != expected or not np.isfinite(counts).all() or (counts < 0).any():
        raise DatasetError(
            f"votes are counts from 0 of shape {expected}, a column for each of "
            f"{', '.join(faces.labels)}; got shape {counts.shape}"
        )
    sums = counts.sum(axis=1, keepdims=True)
    of_label = np.eye(len(faces.labels))[faces.targets]
    shares = np.where(sums > 0, counts / np.maximum(sums, 1e-9), of_label)
    return np.asarray(shares, dtype=np.float32)
