from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from emocam.cli.options import (
    DatasetPath,
    Figure,
    Force,
    JsonOutput,
    Model,
    Report,
    print_left_out,
    progress_bar,
)

if TYPE_CHECKING:
    from emocam.training.evaluate import Evaluation


class Part(str, Enum):
    train = "train"
    test = "test"
    all = "all"


def evaluate(
    dataset: DatasetPath,
    model: Model = None,
    part: Annotated[Part, typer.Option(help="Which pictures.")] = Part.test,
    figure: Figure = None,
    report: Report = None,
    force: Force = False,
    as_json: JsonOutput = False,
) -> None:
    """Measure a model on labelled faces."""
    from emocam.output import check_free
    from emocam.recognition.recognizer import EmotionRecognizer
    from emocam.study.figures.base import save_png
    from emocam.study.figures.evaluation import plot_confusion
    from emocam.study.study_report import save_evaluation_report
    from emocam.training.dataset import open_dataset
    from emocam.training.evaluate import evaluate as measure
    from emocam.training.faces import load_faces

    check_free(figure, report, force=force)
    recognizer = EmotionRecognizer.load(model)
    found = open_dataset(dataset)
    pictures = found.part(part.value)
    with progress_bar() as bar:
        task = bar.add_task("pictures", total=len(pictures))
        faces = load_faces(
            found,
            pictures,
            recognizer.model.size,
            recognizer.labels,
            lambda done: bar.update(task, completed=done),
        )
    print_left_out(faces.skipped)
    evaluation = measure(recognizer.model, faces)
    if figure is not None:
        save_png(plot_confusion(evaluation), figure)
    if report is not None:
        save_evaluation_report(report, str(dataset), recognizer.model, faces, evaluation)
    if as_json:
        print(json.dumps(evaluation.figures()))
    else:
        _print_table(evaluation)


def _print_table(evaluation: Evaluation) -> None:
    figures = evaluation.figures()
    for name, value in figures.items():
        if name not in ("labels", "confusion"):
            shown = value if isinstance(value, int) else f"{value:.4g}"
            print(f"{name.replace('_', ' '):20} {shown}")
    width = max(len(label) for label in evaluation.labels) + 1
    print("\nrows true, columns predicted")
    print(" " * width + "".join(f"{label:>{width}}" for label in evaluation.labels))
    for label, row in zip(evaluation.labels, evaluation.confusion(), strict=True):
        print(f"{label:{width}}" + "".join(f"{count:{width}d}" for count in row))
