"""Counts of a data set, before and after balancing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emocam.training.dataset import Dataset, Picture, class_counts

Counts = dict[str, dict[str, int]]


def part_counts(dataset: Dataset, balanced: Sequence[Picture]) -> Counts:
    """Pictures of each label in each part, and in the balanced training part.

    Parameters
    ----------
    dataset
        What is counted.
    balanced
        What is left of its training part (of the whole set, where it has no parts).

    Returns
    -------
    Name of the column to label to number; labels that a part lacks have 0.
    """
    parts = sorted({picture.part for picture in dataset.pictures}, reverse=True)  # train first
    columns = {part: class_counts(p for p in dataset.pictures if p.part == part) for part in parts}
    columns["balanced"] = class_counts(balanced)
    return {
        name: {label: column[label] for label in dataset.labels} for name, column in columns.items()
    }


def counts_table(
    counts: Mapping[str, Mapping[str, int]], labels: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the counts as text, with the sums."""
    rows = [[label, *(str(column[label]) for column in counts.values())] for label in labels]
    sums = ["all", *(str(sum(column.values())) for column in counts.values())]
    return ["label", *counts], [*rows, sums]
