"""Labelled pictures as faces in the training format."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from emocam.detection.crop import resized
from emocam.errors import DatasetError, UsageError
from emocam.training.dataset import Dataset, Picture
from emocam.types import FloatArray, ImageU8, IntArray


@dataclass(frozen=True, eq=False)
class Faces:
    """Decoded pictures in the training format."""

    images: ImageU8  # shape (n, size, size), uint8, grey
    targets: IntArray  # shape (n,), int64: number of the label
    labels: tuple[str, ...]  # the labels' names, in order
    names: tuple[str, ...]  # name of each picture
    # Name and reason of each picture that could not be read
    skipped: tuple[tuple[str, str], ...] = ()
    # Shape (n, labels), float32, rows summing to 1: shares of the votes of several people for each
    # label; None where nobody was asked. A face without votes has its label there.
    votes: FloatArray | None = None

    def take(self, rows: IntArray) -> Faces:
        """Faces of these numbers, in this order."""
        return replace(
            self,
            images=self.images[rows],
            targets=self.targets[rows],
            names=tuple(self.names[row] for row in rows),
            votes=None if self.votes is None else self.votes[rows],
        )

    def digest(self) -> str:
        """SHA-256 of pictures, targets and votes, which tells data sets apart."""
        hashed = hashlib.sha256(self.images.tobytes())
        hashed.update(self.targets.tobytes())
        if self.votes is not None:
            hashed.update(self.votes.tobytes())
        return hashed.hexdigest()


def load_faces(
    dataset: Dataset,
    pictures: Sequence[Picture],
    size: int,
    labels: tuple[str, ...] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Faces:
    """Decode pictures to the training format.

    Parameters
    ----------
    dataset
        Where they are from.
    pictures
        Some of its pictures.
    size
        Side of the training format in pixels.
    labels
        Order of the labels; those of the data set by default. Pictures with other labels are
        an error.
    progress
        Called with the pictures done.

    Raises
    ------
    DatasetError
        When no picture can be read, or a label is not known.
    """
    labels = labels or dataset.labels
    unknown = {picture.label for picture in pictures} - set(labels)
    if unknown:
        raise DatasetError(
            f"{dataset.path} has labels that the model doesn't know: {', '.join(sorted(unknown))}; "
            f"it knows: {', '.join(labels)}"
        )
    images, targets, names, skipped = [], [], [], []
    for done, picture in enumerate(pictures, 1):
        try:
            images.append(to_training_format(dataset.read(picture.name), size))
            targets.append(labels.index(picture.label))
            names.append(picture.name)
        except OSError as error:
            skipped.append((picture.name, str(error)))
        if progress is not None:
            progress(done)
    if not images:
        why = f": {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        raise DatasetError(
            f"none of the {len(pictures)} pictures of {dataset.path} can be read{why}"
        )
    return Faces(
        np.stack(images), np.array(targets, dtype=np.int64), labels, tuple(names), tuple(skipped)
    )


def to_training_format(content: bytes | ImageU8, size: int) -> ImageU8:
    """Grey picture of shape (size, size), uint8, from a file's bytes or a grey picture.

    Raises
    ------
    OSError
        When the bytes are not a picture that can be decoded.
    """
    gray = decode_gray(content)
    return resized(gray, size)


def decode_gray(content: bytes | ImageU8) -> ImageU8:
    """Grey picture of shape (height, width), uint8, from a file's bytes; a picture stays.

    Raises
    ------
    OSError
        When the bytes are not a picture that can be decoded.
    """
    if not isinstance(content, bytes):
        return content
    if not content:
        raise OSError("the file is empty")
    try:
        gray = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise OSError("the picture has too many pixels") from error
    if gray is None:
        raise OSError("not a picture that can be decoded")
    return np.asarray(gray, dtype=np.uint8)


def check_learnable(faces: Faces) -> None:
    """Raise DatasetError when a label has no face, or all faces are blank or the same."""
    counts = np.bincount(faces.targets, minlength=len(faces.labels))
    missing = [label for label, count in zip(faces.labels, counts, strict=True) if not count]
    if missing:
        raise DatasetError(
            f"no readable training picture of: {', '.join(missing)}; "
            "every label of the data set needs some"
        )
    for what, alike in (("blank", faces.images[:, :1, :1]), ("the same", faces.images[:1])):
        if (faces.images == alike).all():
            raise DatasetError(
                f"all {len(faces.images)} training pictures are {what}; "
                "there is nothing to learn from them"
            )


def checked_clusters(faces: Faces, clusters: int | None) -> int:
    """Number of clusters: as many as labels where none is given.

    Raises
    ------
    UsageError
        When there are fewer clusters than labels or more than faces.
    """
    fewest, most = len(faces.labels), len(faces.images)
    number = clusters or fewest
    if not fewest <= number <= most:
        raise UsageError(
            f"--clusters should be {fewest} (the labels) to {most} (the faces), got {number}"
        )
    return number
