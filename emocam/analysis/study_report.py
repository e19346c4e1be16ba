"""Reports: one self-contained page with the figures, to look at, send on or print."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np

from emocam.analysis.cluster_measures import (
    Clustered,
    cluster_curve,
    cluster_figures,
    overall_purity,
)
from emocam.analysis.compare import MethodResult, comparison_table, measure_name
from emocam.analysis.figures.base import figure_html
from emocam.analysis.figures.clusters import (
    plot_composition,
    plot_curve,
    plot_gallery,
    plot_plane,
)
from emocam.analysis.figures.comparison import plot_comparison, plot_confusions
from emocam.analysis.figures.counts import plot_counts, plot_grey_levels, plot_mean_faces
from emocam.analysis.figures.evaluation import plot_confusion, plot_reliability, plot_sheet
from emocam.analysis.figures.words import plot_vocabulary
from emocam.analysis.rounds import Rounds
from emocam.analysis.votes_report import votes_parts
from emocam.analysis.word_evidence import word_pages
from emocam.output import complete_file
from emocam.recognition.kernel_model import WordsModel
from emocam.recognition.prediction import FaceModel
from emocam.render.page import page, table
from emocam.training.counts import Counts, counts_table
from emocam.training.dataset import Dataset
from emocam.training.duplicates import Duplicates
from emocam.training.equalised import Equalisation
from emocam.training.evaluate import Evaluation
from emocam.training.evaluate_votes import VotesEvaluation
from emocam.training.faces import Faces, load_faces

_MOST_GROUPS = 50
# On a phone a figure as wide as the screen would be too small to read: it scrolls instead.
_STYLE = """
@media screen and (max-width: 45rem) {
  figure { overflow-x: auto }
  figure img { max-width: none; width: 44rem }
}
"""
_MEAN_SIZE = 48
_CAVEAT = (
    "<p class='soft'>emocam reads the <em>apparent</em> expression of a face, as people who "
    "labelled pictures saw it; it can't tell what anybody feels.</p>"
)


def save_report(path: Path, title: str, parts: list[str]) -> None:
    """Write a page of the given pieces of HTML.

    Raises
    ------
    OutputError
        When it can't be written there.
    """
    with complete_file(path) as temporary:
        html = page(title, "\n".join([_CAVEAT, *parts]), style=_STYLE)
        temporary.write_text(html, encoding="utf-8")


def save_comparison_report(
    path: Path, source: str, rounds: Rounds, results: list[MethodResult]
) -> None:
    """Write the page of `emocam compare`."""
    head, rows = comparison_table(results)
    best = max(
        (result for result in results if result.measures),
        key=lambda result: result.measures["balanced_accuracy"].value,
    )
    share = 100 * best.measures["balanced_accuracy"].value
    parts = [
        f"<p>{escape(source)}: {escape(rounds.note)}.</p>",
        figure_html(
            plot_comparison(results, rounds.labels, rounds.tested),
            f"Accuracy, balanced accuracy and macro F1 of {len(results)} methods with 95 % "
            f"intervals; the best balanced accuracy is {share:.1f} %, of {best.name}.",
            "Points are measured shares, bars their 95 % bootstrap intervals. Where bars of two "
            "methods overlap, these pictures can't tell which one is better.",
        ),
        table(head, rows, "The same figures as a table"),
        *(f"<p>{escape(result.ties_sentence())}.</p>" for result in results if result.tied),
        *(
            f"<p>{escape(result.name)} could not be fitted: {escape(result.failure)}</p>"
            for result in results
            if result.failure
        ),
        "<h2>What is taken for what</h2>",
        figure_html(
            plot_confusions(results, rounds.labels),
            "Confusion matrices of all methods in percent of each true label's faces.",
            "Rows are true labels, columns predicted ones; a method that is always right would "
            "have 100 on the diagonal.",
        ),
    ]
    save_report(path, "Ways of reading a face, compared", parts)


def save_dataset_report(
    path: Path,
    dataset: Dataset,
    counts: Counts,
    duplicates: Duplicates,
    equalised: Equalisation,
) -> None:
    """Write the page of `emocam dataset`."""
    head, rows = counts_table(counts, dataset.labels)
    found = duplicates.counts()
    groups = [
        [", ".join(f"{picture.name} ({picture.label})" for picture in group)]
        for group in duplicates.across_labels[:_MOST_GROUPS]
    ]
    means = [
        (part, load_faces(dataset, pictures, _MEAN_SIZE, dataset.labels))
        for part in counts
        if (pictures := tuple(p for p in dataset.pictures if p.part == part))
    ]
    parts = [
        f"<p>{escape(str(dataset.path))}: {len(dataset.pictures)} pictures, "
        f"{len(dataset.labels)} labels.</p>",
        figure_html(
            plot_counts(counts, dataset.labels),
            "Bar chart of the pictures of each label, before and after balancing; the table below "
            "holds the numbers.",
            "Balancing draws as many pictures of each label as the rarest has.",
        ),
        table(head, rows, "Pictures of each label"),
        "<h2>Average faces</h2>",
        figure_html(
            plot_mean_faces(means),
            "The average of the pictures of each label.",
            "What the faces of a label have in common stays sharp, the rest blurs.",
        ),
        "<h2>Grey levels</h2>",
        f"<p>This set {escape(equalised.sentence())}.</p>",
        figure_html(
            plot_grey_levels(equalised),
            "Cumulative histograms of some pictures beside the straight line of an equalised one.",
            "Each line is a picture. Those of true pictures go their own ways; those of "
            "histogram-equalised ones all lie on the dashed line.",
        ),
        "<h2>The same picture twice</h2>",
        table(
            ["what", "pictures"],
            [[name.replace("_", " "), str(number)] for name, number in found.items()],
        ),
    ]
    if groups:
        caption = f"The same picture under two labels (the first {len(groups)})"
        parts.append(table(["pictures"], groups, caption))
    if duplicates.unreadable:
        left_out = [list(pair) for pair in duplicates.unreadable]
        parts.append(table(["picture", "why it was left out"], left_out, "Unreadable pictures"))
    save_report(path, "What the data set holds", parts)


def save_evaluation_report(
    path: Path,
    source: str,
    model: FaceModel,
    faces: Faces,
    evaluation: Evaluation,
    voted: VotesEvaluation | None = None,
) -> None:
    """Write the page of `emocam evaluate`, with what people saw where they were asked."""
    parts = [
        f"<p>Model of recipe <b>{escape(model.recipe)}</b> on {len(evaluation.targets)} faces of "
        f"{escape(source)}.</p>",
        *([] if voted is None else votes_parts(evaluation, voted)),
        _figures_table(evaluation),
        *_answers(evaluation, faces),
    ]
    if isinstance(model, Clustered):
        parts += _clusters(model, faces, evaluation)
    if isinstance(model, WordsModel):
        parts += _vocabulary(model, faces)
    save_report(path, "How often the model is right", parts)


def _figures_table(evaluation: Evaluation) -> str:
    left_out = ("labels", "confusion", "n", "seconds_per_face", "ece")
    figures = evaluation.figures()
    rows = [
        [measure_name(name), f"{100 * value:.1f} %"]
        for name, value in figures.items()
        if name not in left_out
    ]
    rows.append(["expected calibration error", f"{figures['ece']:.3f}"])
    rows.append(["time to read a face", f"{1000 * figures['seconds_per_face']:.2f} ms"])
    confusion = evaluation.confusion()
    predicted, true = confusion.sum(axis=0), confusion.sum(axis=1)
    right = np.diag(confusion)
    of_label = [
        [
            label,
            str(true[number]),
            f"{100 * right[number] / max(predicted[number], 1):.1f} %",
            f"{100 * right[number] / max(true[number], 1):.1f} %",
        ]
        for number, label in enumerate(evaluation.labels)
    ]
    head = ["label", "faces", "right when predicted (precision)", "found (recall)"]
    return table(["figure", "value"], rows) + table(head, of_label, "Each label by itself")


def _answers(evaluation: Evaluation, faces: Faces) -> list[str]:
    accuracy = 100 * float((evaluation.predicted == evaluation.targets).mean())
    parts = [
        "<h2>What is taken for what</h2>",
        figure_html(
            plot_confusion(evaluation),
            f"Confusion matrix; {accuracy:.1f} % of all faces are on its diagonal.",
            "Rows are true labels, columns predicted ones, in percent of the row.",
        ),
        "<h2>Can its certainty be believed?</h2>",
        figure_html(
            plot_reliability(evaluation),
            "Reliability diagram: share of right answers over the stated certainty, and how many "
            "faces got each certainty.",
            "On the dashed line answers that are called 70 % certain are right 70 % of the time; "
            "below it the model is too sure of itself.",
        ),
        "<h2>Test pictures</h2>",
    ]
    for right, kind in ((True, "right"), (False, "wrong")):
        sheet = plot_sheet(evaluation, faces, right=right)
        if sheet is not None:
            caption = f"Answers that are {kind}. The frame has the predicted emotion's colour."
            parts.append(
                figure_html(sheet, f"Sheet of test pictures with {kind} answers.", caption)
            )
    return parts


def _clusters(model: Clustered, faces: Faces, evaluation: Evaluation) -> list[str]:
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
    parts = [
        "<h2>The clusters</h2>",
        f"<p>{len(names)} clusters; {100 * overall_purity(figures):.1f} % of the faces bear the "
        "label that is the most frequent in their cluster (purity).</p>",
        figure_html(
            plot_gallery(figures, faces, evaluation.clusters, distances, centers),
            "For each cluster its centre or mean face and the ten faces nearest to its centre.",
            "Each row is a cluster. Faces near a centre show what the cluster stands for.",
        ),
        figure_html(
            plot_composition(figures, evaluation.clusters, faces.targets, faces.labels),
            "Stacked bars: the labels of the faces in each cluster.",
            "A cluster of one colour holds one label; one of many colours mixes them.",
        ),
        figure_html(
            plot_plane(space, faces.targets, faces.labels, model.centers),
            "Scatter plot of the faces in the space of the clusters, with the clusters' centres.",
            "Each point is a face, its colour and shape the true label. Where labels lie mixed, "
            "no clustering of this space can part them.",
        ),
    ]
    curve = cluster_curve(space)
    if curve is not None:
        parts.append(
            figure_html(
                plot_curve(curve, len(names)),
                "Inertia and silhouette over the number of clusters.",
                "A bend of the left curve or a peak of the right one would hint at a number of "
                "natural groups.",
            )
        )
    return parts


def _vocabulary(model: WordsModel, faces: Faces) -> list[str]:
    parts = ["<h2>The visual words</h2>"]
    for words in word_pages(model, faces.images):
        parts.append(
            figure_html(
                plot_vocabulary(words),
                f"{len(words.patches)} small pictures: the mean patch of each visual word with "
                f"cells of {words.cell:g} pixels.",
                "Each word is a K-Means centre of gradient descriptors; shown is the mean of the "
                "parts of these faces that it describes best. Its mirror image is a word as well.",
            )
        )
    return parts


def _as_picture(center: np.ndarray) -> np.ndarray:
    low, high = float(center.min()), float(center.max())
    return ((center - low) / max(high - low, 1e-9) * 255).astype(np.uint8)
