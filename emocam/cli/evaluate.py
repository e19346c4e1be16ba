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
    Votes,
    print_columns,
    print_left_out,
    print_remarks,
    progress_bar,
)

if TYPE_CHECKING:
    from emocam.training.evaluate import Evaluation
    from emocam.training.evaluate_votes import VotesEvaluation


class Part(str, Enum):
    train = "train"
    test = "test"
    all = "all"


def evaluate(
    dataset: DatasetPath,
    model: Model = None,
    votes: Votes = None,
    part: Annotated[
        Part, typer.Option(help="Which pictures; of a set without parts, all.")
    ] = Part.test,
    figure: Figure = None,
    report: Report = None,
    force: Force = False,
    as_json: JsonOutput = False,
) -> None:
    """Measure a model on labelled faces."""
    from emocam.analysis.figures.base import save_png
    from emocam.analysis.figures.evaluation import plot_confusion
    from emocam.analysis.figures.votes import plot_judgements
    from emocam.analysis.reports import save_evaluation_report
    from emocam.output import check_free
    from emocam.recognition.recognizer import EmotionRecognizer
    from emocam.training.dataset import open_dataset
    from emocam.training.evaluate import evaluate as measure
    from emocam.training.evaluate import known_faces
    from emocam.training.evaluate_votes import evaluate_votes
    from emocam.training.faces import load_faces
    from emocam.training.votes import read_votes, remarks

    check_free(figure, report, force=force)
    recognizer = EmotionRecognizer.load(model)
    table = None if votes is None else read_votes(votes)
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
    remark = known_faces(recognizer.card, faces)
    print_remarks([remark] if remark else [])
    voted = None if table is None else evaluate_votes(evaluation, faces, table)
    if table is not None:
        print_remarks(remarks(table, evaluation.labels))
    if figure is not None:
        drawn = plot_confusion(evaluation) if voted is None else plot_judgements(evaluation, voted)
        save_png(drawn, figure)
    if report is not None:
        save_evaluation_report(
            report, str(dataset), recognizer.model, faces, evaluation, voted, remark=remark
        )
    if as_json:
        told = {} if voted is None else {"votes": voted.figures()}
        print(json.dumps(evaluation.figures() | told))
        return
    if voted is not None:
        _print_judgements(evaluation, voted)
    _print_table(evaluation)


def _print_judgements(evaluation: Evaluation, voted: VotesEvaluation) -> None:
    from emocam.training.evaluate_votes import judgements_table, votes_sentence

    print_columns(*judgements_table(evaluation, voted))
    print(f"{votes_sentence(voted)}\n")
    rows = [
        [f"{100 * level['agreement']:.0f} %", f"{level['n']}", f"{100 * level['accuracy']:.1f} %"]
        for level in voted.by_agreement()
    ]
    print_columns(["people agree", "faces", "accuracy by the votes"], rows)
    print("\nby the label:")


def _print_table(evaluation: Evaluation) -> None:
    figures = evaluation.figures()
    for name, value in figures.items():
        if name not in ("labels", "confusion"):
            shown = value if isinstance(value, int) else f"{value:.4g}"
            print(f"{name.replace('_', ' '):20} {shown}")
    print("\nrows true, columns predicted")
    counts = zip(evaluation.labels, evaluation.confusion(), strict=True)
    print_columns(["", *evaluation.labels], [[label, *map(str, row)] for label, row in counts])
