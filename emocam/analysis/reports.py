"""The self-contained report pages of `compare`, `dataset` and `evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from emocam.analysis.cluster_measures import (
    Clustered,
    cluster_curve,
    cluster_figures,
    overall_purity,
)
from emocam.analysis.compare import AS_TRAINED, MethodResult, comparison_table, measure_name
from emocam.analysis.figures.base import to_png
from emocam.analysis.figures.clusters import (
    plot_composition,
    plot_curve,
    plot_gallery,
    plot_plane,
)
from emocam.analysis.figures.comparison import plot_comparison, plot_confusions
from emocam.analysis.figures.counts import plot_counts, plot_grey_levels, plot_mean_faces
from emocam.analysis.figures.evaluation import (
    plot_confusion,
    plot_found,
    plot_reliability,
    plot_sheet,
)
from emocam.analysis.figures.votes import plot_agreement
from emocam.analysis.figures.words import plot_vocabulary
from emocam.analysis.rounds import Rounds
from emocam.analysis.word_evidence import word_pages
from emocam.output import complete_file
from emocam.recognition.prediction import FaceModel
from emocam.recognition.words_model import WordsModel
from emocam.render.page import render_page
from emocam.training.counts import Counts, counts_table
from emocam.training.dataset import Dataset
from emocam.training.duplicates import Duplicates
from emocam.training.equalised import Equalisation
from emocam.training.evaluate import Evaluation
from emocam.training.evaluate_votes import VotesEvaluation, judgements_table, votes_sentence
from emocam.training.faces import Faces, load_faces

_MOST_GROUPS = 50
_MEAN_SIZE = 48


def save_comparison_report(
    path: Path, source: str, rounds: Rounds, results: list[MethodResult]
) -> None:
    """Write the page of `emocam compare`."""
    head, rows = comparison_table(results)
    best = max(
        (result for result in results if result.measures),
        key=lambda result: result.measures["balanced_accuracy"].value,
    )
    _save(
        path,
        "comparison.html",
        title="Ways of reading a face, compared",
        source=source,
        note=rounds.note,
        results=results,
        as_trained=AS_TRAINED,
        best=best,
        best_percent=_percent(best.measures["balanced_accuracy"].value),
        comparison=to_png(plot_comparison(results, rounds.labels, rounds.tested)),
        head=head,
        rows=rows,
        confusions=to_png(plot_confusions(results, rounds.labels)),
    )


def save_dataset_report(
    path: Path,
    dataset: Dataset,
    counts: Counts,
    duplicates: Duplicates,
    equalised: Equalisation,
) -> None:
    """Write the page of `emocam dataset`."""
    head, rows = counts_table(counts, dataset.labels)
    means = [
        (part, load_faces(dataset, pictures, _MEAN_SIZE, dataset.labels))
        for part in counts
        if (pictures := tuple(p for p in dataset.pictures if p.part == part))
    ]
    found = duplicates.counts().items()
    groups = duplicates.across_labels[:_MOST_GROUPS]
    _save(
        path,
        "dataset.html",
        title="What the data set holds",
        dataset=dataset,
        counts=to_png(plot_counts(counts, dataset.labels)),
        head=head,
        rows=rows,
        mean_faces=to_png(plot_mean_faces(means)),
        equalised=equalised.sentence(),
        grey_levels=to_png(plot_grey_levels(equalised)),
        duplicates=[(name.replace("_", " "), number) for name, number in found],
        groups=[[", ".join(f"{one.name} ({one.label})" for one in group)] for group in groups],
        unreadable=duplicates.unreadable,
    )


def save_evaluation_report(
    path: Path,
    source: str,
    model: FaceModel,
    faces: Faces,
    evaluation: Evaluation,
    voted: VotesEvaluation | None = None,
    *,
    remark: str = "",
) -> None:
    """Write the page of `emocam evaluate`, with what people saw where they were asked."""
    sheets = [
        (kind, plot_sheet(evaluation, faces, right=right))
        for right, kind in ((True, "right"), (False, "wrong"))
    ]
    _save(
        path,
        "evaluation.html",
        title="How often the model is right",
        source=source,
        recipe=model.recipe,
        n=len(evaluation.targets),
        remark=remark,
        found=to_png(plot_found(evaluation)),
        votes=None if voted is None else _votes(evaluation, voted),
        measures=_measures(evaluation),
        of_labels=_of_labels(evaluation),
        accuracy_percent=_percent(_accuracy(evaluation)),
        confusion=to_png(plot_confusion(evaluation)),
        reliability=to_png(plot_reliability(evaluation)),
        sheets=[(kind, to_png(sheet)) for kind, sheet in sheets if sheet is not None],
        clusters=_clusters(model, faces, evaluation) if isinstance(model, Clustered) else None,
        vocabulary=_vocabulary(model, faces) if isinstance(model, WordsModel) else None,
    )


def _save(path: Path, template: str, **values: Any) -> None:
    html = render_page(f"analysis/templates/{template}", **values)
    with complete_file(path) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _accuracy(evaluation: Evaluation) -> float:
    return float((evaluation.predicted == evaluation.targets).mean())


def _votes(evaluation: Evaluation, votes: VotesEvaluation) -> dict[str, Any]:
    """Both judgements side by side, agreement, confusion by the votes."""
    head, rows = judgements_table(evaluation, votes)
    return {
        "sentence": votes_sentence(votes),
        "head": head,
        "rows": rows,
        "agreement": to_png(plot_agreement(votes)),
        "confusion": to_png(plot_confusion(votes.by_majority)),
        "accuracy_percent": _percent(_accuracy(votes.by_majority)),
    }


def _measures(evaluation: Evaluation) -> list[tuple[str, str]]:
    left_out = ("labels", "confusion", "n", "seconds_per_face", "ece")
    figures = evaluation.figures()
    return [
        *(
            (measure_name(name), f"{_percent(value)} %")
            for name, value in figures.items()
            if name not in left_out
        ),
        ("expected calibration error", f"{figures['ece']:.3f}"),
        ("time to read a face", f"{1000 * figures['seconds_per_face']:.2f} ms"),
    ]


def _of_labels(evaluation: Evaluation) -> list[tuple[str, int, str, str]]:
    """Label, faces, precision and recall."""
    confusion = evaluation.confusion()
    predicted, true, right = confusion.sum(axis=0), confusion.sum(axis=1), np.diag(confusion)
    return [
        (
            label,
            int(true[number]),
            f"{_percent(right[number] / max(predicted[number], 1))} %",
            f"{_percent(right[number] / max(true[number], 1))} %",
        )
        for number, label in enumerate(evaluation.labels)
    ]


def _clusters(model: Clustered, faces: Faces, evaluation: Evaluation) -> dict[str, Any]:
    space = model.cluster_space(faces.images)
    names = [model.labels[index] for index in model.cluster_names]
    figures = cluster_figures(evaluation.clusters, faces.targets, names, faces.labels)
    distances = np.linalg.norm(space - model.centers[evaluation.clusters], axis=1)
    size = faces.images.shape[1]
    centers = (
        [_as_picture(center) for center in model.centers.reshape(-1, size, size)]
        if model.centers.shape[1] == size * size
        else None
    )
    curve = cluster_curve(space)
    return {
        "n": len(names),
        "purity_percent": _percent(overall_purity(figures)),
        "gallery": to_png(plot_gallery(figures, faces, evaluation.clusters, distances, centers)),
        "composition": to_png(
            plot_composition(figures, evaluation.clusters, faces.targets, faces.labels)
        ),
        "plane": to_png(plot_plane(space, faces.targets, faces.labels, model.centers)),
        "curve": None if curve is None else to_png(plot_curve(curve, len(names))),
    }


def _vocabulary(model: WordsModel, faces: Faces) -> list[tuple[Any, bytes]]:
    return [(words, to_png(plot_vocabulary(words))) for words in word_pages(model, faces.images)]


def _as_picture(center: np.ndarray) -> np.ndarray:
    low, high = float(center.min()), float(center.max())
    return ((center - low) / max(high - low, 1e-9) * 255).astype(np.uint8)
