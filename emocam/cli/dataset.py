from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from emocam.cli.options import (
    DatasetPath,
    Figure,
    Force,
    JsonOutput,
    PerClass,
    Report,
    Seed,
    number_of,
    print_columns,
    print_left_out,
    progress_bar,
)


def dataset(
    dataset: DatasetPath,
    balance_to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a copy whose training part is balanced."),
    ] = None,
    per_class: PerClass = None,
    seed: Seed = 0,
    figure: Figure = None,
    report: Report = None,
    force: Force = False,
    as_json: JsonOutput = False,
) -> None:
    """Show what a data set holds: counts, balance, duplicates, equalised pictures."""
    from emocam.analysis.figures.base import save_png
    from emocam.analysis.figures.counts import plot_counts
    from emocam.analysis.reports import save_dataset_report
    from emocam.output import check_free
    from emocam.training.balance import undersample
    from emocam.training.copy import check_folder_free, write_copy
    from emocam.training.counts import counts_table, part_counts
    from emocam.training.dataset import open_dataset
    from emocam.training.duplicates import find_duplicates
    from emocam.training.equalised import find_equalisation

    check_free(figure, report, force=force)
    if balance_to is not None:
        check_folder_free(balance_to, force=force)
    found = open_dataset(dataset)
    with progress_bar() as bar:
        task = bar.add_task("pictures", total=len(found.pictures))
        duplicates = find_duplicates(found, lambda done: bar.update(task, completed=done))
    print_left_out(duplicates.unreadable)
    equalised = find_equalisation(found)
    lost = {name for name, _ in duplicates.unreadable}
    readable = replace(found, pictures=tuple(p for p in found.pictures if p.name not in lost))
    training = readable.part("train") if readable.has_test_part else readable.pictures
    balanced = undersample(training, per_class=per_class, seed=seed)
    counts = part_counts(readable, balanced)
    if figure is not None:
        save_png(plot_counts(counts, found.labels), figure)
    if report is not None:
        save_dataset_report(report, readable, counts, duplicates, equalised)
    if balance_to is not None:
        rest = [p for p in readable.pictures if readable.has_test_part and p.part == "test"]
        written = write_copy(readable, [*balanced, *rest], balance_to)
    if as_json:
        print(
            json.dumps(
                {
                    "labels": found.labels,
                    "counts": counts,
                    "duplicates": duplicates.counts(),
                    "histogram_equalised": {
                        "share": equalised.share,
                        "most": equalised.found,
                    },
                    "unreadable": len(duplicates.unreadable),
                }
            )
        )
        return
    print_columns(*counts_table(counts, found.labels))
    _print_duplicates(duplicates.counts())
    print(equalised.sentence())
    if balance_to is not None:
        print(f"{balance_to}: {written} pictures")


def _print_duplicates(counts: Mapping[str, int]) -> None:
    shown = number_of(counts["pictures_shown_more_than_once"], "picture")
    copies = "1 copy" if counts["copies"] == 1 else f"{counts['copies']} copies"
    print(
        f"\nthere more than once: {shown} ({copies} too many), "
        f"{counts['across_parts']} of them in the training and the test part, "
        f"{counts['across_labels']} under two or more labels"
    )
