from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from emocam.cli.options import (
    DatasetPath,
    Figure,
    Force,
    JsonOutput,
    Model,
    PerClass,
    Report,
    Seed,
    print_columns,
    print_left_out,
    progress_bar,
)

if TYPE_CHECKING:
    from emocam.analysis.compare import MethodResult


def compare(
    dataset: DatasetPath,
    only: Annotated[
        str | None, typer.Option(metavar="LABEL,LABEL…", help="Compare on these labels only.")
    ] = None,
    model: Model = None,
    per_class: PerClass = None,
    seed: Seed = 0,
    figure: Figure = None,
    report: Report = None,
    force: Force = False,
    as_json: JsonOutput = False,
) -> None:
    """Compare K-Means with other methods on the same balanced faces."""
    from emocam.analysis.compare import run_method
    from emocam.analysis.compared_methods import study_methods
    from emocam.analysis.figures.base import save_png
    from emocam.analysis.figures.comparison import plot_comparison
    from emocam.analysis.reports import save_comparison_report
    from emocam.analysis.rounds import make_rounds
    from emocam.output import check_free
    from emocam.recognition.recognizer import EmotionRecognizer
    from emocam.training.dataset import open_dataset

    check_free(figure, report, force=force)
    carried = EmotionRecognizer.load(model).model
    found = open_dataset(dataset)
    if only is not None:
        found = found.only([label.strip().lower() for label in only.split(",")])
    methods = study_methods(carried, found.labels)
    with progress_bar() as bar:
        reading = bar.add_task("pictures", total=len(found.pictures))
        rounds = make_rounds(
            found,
            carried.size,
            per_class=per_class,
            seed=seed,
            progress=lambda done: bar.update(reading, completed=done),
        )
        bar.remove_task(reading)
        task = bar.add_task("methods", total=len(methods))
        results = []
        for method in methods:
            bar.update(task, description=method.name)
            results.append(run_method(method, rounds.pairs))
            bar.advance(task)
    print_left_out(rounds.skipped)
    if figure is not None:
        save_png(plot_comparison(results, rounds.labels, rounds.tested), figure)
    if report is not None:
        save_comparison_report(report, str(dataset), rounds, results)
    if as_json:
        methods_json = [result.figures() for result in results]
        print(
            json.dumps(
                {
                    "labels": rounds.labels,
                    "n": rounds.tested,
                    "note": rounds.note,
                    "methods": methods_json,
                }
            )
        )
    else:
        _print_table(results, rounds.note)


def _print_table(results: list[MethodResult], note: str) -> None:
    from emocam.analysis.compare import AS_TRAINED, comparison_table

    print(f"{note}; 95 % intervals\n")
    print_columns(*comparison_table(results))
    print(AS_TRAINED)
    for result in results:
        if result.failure:
            print(f"{result.name}: {result.failure}")
        if result.tied:
            print(result.ties_sentence())
