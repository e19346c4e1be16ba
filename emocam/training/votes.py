"""Annotator votes: a table of counts, matched with faces by the picture's name."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from emocam.errors import DatasetError, UsageError
from emocam.recognition.labels import SYNONYMS
from emocam.training.faces import Faces
from emocam.types import FloatArray, IntArray

_NAME_COLUMNS = {
    "image name", "image", "name", "file", "filename", "file name", "picture", "path",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class VotesTable:
    """Counts of votes by picture."""

    path: Path
    columns: tuple[str, ...]  # what could be voted for, labels or not
    counts: dict[str, FloatArray]  # shape (columns,) by the picture's name
    no_counts: tuple[str, ...]  # columns of something else, such as text
    nameless: int  # rows without a picture's name
    repeated: int  # names that stand there more than once: their votes are added


@dataclass(frozen=True, eq=False)
class Votes:
    """Votes for n faces. `shares` is what to learn from, the rest what to measure by."""

    shares: FloatArray  # (n, labels): of the votes for labels; the face's label where without
    known: np.ndarray  # (n,), bool: whether a face has votes for any label
    majority: IntArray  # (n,): number of the label with the most of all votes; -1: none, or a tie
    agreement: FloatArray  # (n,), 0 to 1: share of all votes that go with the majority; NaN is none


def read_votes(path: Path) -> VotesTable:
    """Read a CSV table with a column of the picture's name and columns of counts.

    Votes of pictures that stand there more than once are added; rows without a name are left out.

    Parameters
    ----------
    path
        A CSV such as FER+'s fer2013new.csv (Barsoum, Zhang, Canton Ferrer, Zhang, "Training deep
        networks for facial expression recognition with crowd-sourced label distribution", ICMI
        2016). Columns without a single number, such as FER+'s `Usage`, hold no votes.

    Raises
    ------
    UsageError
        When there is no such file.
    DatasetError
        When it is no such table: no column with names, a short row, a count that is negative or no
        number.
    """
    if not path.is_file():
        raise UsageError(f"there is no table of votes {path}: give a CSV such as fer2013new.csv")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            head, *rows = csv.reader(lines)
    except ValueError as error:  # no head, or not text
        raise DatasetError(f"{path} is empty or not a table of text (CSV)") from error
    except (OSError, csv.Error) as error:
        raise DatasetError(f"{path} can't be read as a table: {error}") from error
    rows = [row for row in rows if row]
    head = [column.strip() for column in head]
    named = [index for index, column in enumerate(head) if column.lower() in _NAME_COLUMNS]
    if len(named) != 1:
        raise DatasetError(
            f"{path} should have one column with the picture's name, called 'image' or "
            f"'Image name'; its columns are: {', '.join(head)}"
        )
    for number, row in enumerate(rows, 2):
        if len(row) != len(head):
            raise DatasetError(f"{path}, row {number}: {len(row)} cells, {len(head)} expected")
    numbers = {
        index: np.array([_number(row[index]) for row in rows], np.float64)
        for index in range(len(head))
        if index != named[0]
    }
    kept = [index for index, column in numbers.items() if not np.isnan(column).all()]
    columns = tuple(head[index] for index in kept)
    if not rows or not kept:
        raise DatasetError(f"{path} has no column of counts: its columns are {', '.join(head)}")
    table = np.stack([numbers[index] for index in kept], axis=1)
    wrong = np.argwhere(~np.isfinite(table) | (table < 0))
    if len(wrong):
        row, column = wrong[0]
        raise DatasetError(
            f"{path}, row {row + 2}, {columns[column]}: a count of votes is a number from 0, got "
            f"{rows[row][kept[column]]!r}"
        )
    names = [row[named[0]].strip().replace("\\", "/") for row in rows]
    counts: dict[str, FloatArray] = {}
    for name, row_counts in zip(names, table.astype(np.float32), strict=True):
        if name:
            counts[name] = counts[name] + row_counts if name in counts else row_counts
    often = Counter(filter(None, names))
    return VotesTable(
        path=path,
        columns=columns,
        counts=counts,
        no_counts=tuple(head[index] for index in numbers if index not in kept),
        nameless=names.count(""),
        repeated=sum(times > 1 for times in often.values()),
    )


def _number(cell: str) -> float:
    """What a cell says; NaN for what is no number."""
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def match_votes(table: VotesTable, faces: Faces) -> Votes:
    """Votes of each face, found by the picture's name.

    Parameters
    ----------
    table
        From `read_votes`. Names may have folders or not.
    faces
        With the labels to vote for.

    Raises
    ------
    DatasetError
        When a label has no column or two, no face has votes, or two pictures that the table does
        not tell apart have votes.
    """
    own = _label_columns(table, faces.labels)
    found = [_entry(table, name) for name in faces.names]
    shared = [name for name, times in Counter(filter(None, found)).items() if times > 1]
    if shared and len(set(faces.names)) == len(faces.names):
        raise DatasetError(
            f"{table.path}: several pictures are called {shared[0]}: write their folders before "
            "the name, as in happy/1.png"
        )
    nothing = np.zeros(len(table.columns), np.float32)
    counts = np.stack([table.counts.get(name, nothing) if name else nothing for name in found])
    votes = counts[:, own]
    sums, known = counts.sum(axis=1), votes.sum(axis=1)
    if not known.any():
        raise DatasetError(
            f"{table.path} has no votes for any of the {len(found)} pictures, such as "
            f"{faces.names[0]}"
        )
    of_label = np.eye(len(own), dtype=np.float32)[faces.targets]
    shares = np.where(known[:, None] > 0, votes / np.maximum(known, 1e-9)[:, None], of_label)
    column_label = np.full(len(table.columns), -1)
    column_label[own] = np.arange(len(own))
    with np.errstate(invalid="ignore"):
        agreement = counts.max(axis=1) / sums  # NaN for pictures without votes
    most = counts.max(axis=1, keepdims=True)
    one = (counts == most).sum(axis=1) == 1  # a tie has no majority
    return Votes(
        shares=shares.astype(np.float32),
        known=known > 0,
        majority=np.where(one, column_label[counts.argmax(axis=1)], -1).astype(np.int64),
        agreement=agreement,
    )


def has_votes(table: VotesTable, faces: Faces) -> bool:
    """Whether the table has a row for any of these faces."""
    return any(_entry(table, name) is not None for name in faces.names)


def remarks(table: VotesTable, labels: Sequence[str]) -> list[str]:
    """What the user should know about the table, for these labels; one sentence each."""
    own = _label_columns(table, labels)
    others = [column for index, column in enumerate(table.columns) if index not in own]
    path, told = table.path, []
    if others:
        told.append(f"{path}: no label is called {', '.join(others)}: left out")
    if table.no_counts:
        told.append(f"{path}: no counts in {', '.join(table.no_counts)}: left out")
    if table.nameless:
        told.append(f"{path}: {table.nameless} rows without a picture's name left out")
    if table.repeated:
        told.append(f"{path}: {table.repeated} pictures stand there twice or more: votes added")
    return told


def soft_targets(faces: Faces, share: float) -> FloatArray:
    """Targets between label and votes, shape (n, labels), float32, rows summing to 1.

    Parameters
    ----------
    faces
        Those without votes keep their label.
    share
        0 takes the label alone, 1 the votes alone.
    """
    labels = np.eye(len(faces.labels), dtype=np.float32)[faces.targets]
    if faces.votes is None:
        return labels
    return np.asarray(np.float32(share) * faces.votes + np.float32(1 - share) * labels)


def _entry(table: VotesTable, name: str) -> str | None:
    """The picture's name as the table has it: with all its folders, some or none."""
    parts = PurePosixPath(name).parts
    return next(
        (
            ending
            for first in range(len(parts))
            if (ending := "/".join(parts[first:])) in table.counts
        ),
        None,
    )


def _label_columns(table: VotesTable, labels: Sequence[str]) -> list[int]:
    """Number of each label's column."""
    columns = []
    for label in labels:
        meant = next((words for words in SYNONYMS if label.lower() in words), {label.lower()})
        found = [i for i, column in enumerate(table.columns) if column.lower() in meant]
        if len(found) != 1:
            names = ", ".join(table.columns[index] for index in found) or "none"
            raise DatasetError(
                f"{table.path} should have one column of counts for the label '{label}', has "
                f"{names}; its columns of counts are: {', '.join(table.columns)}"
            )
        columns.append(found[0])
    return columns
