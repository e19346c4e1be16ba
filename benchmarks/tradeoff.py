"""How far agreeing with the label and with people's votes trade against each other.

    python benchmarks/tradeoff.py fer2013.zip fer2013new.csv [--figure FILE.png] [--json]

Calibration and emotion clusters are learnt anew for each share of the votes in their targets and
each balance, on scores of the training faces that no face had a part in itself (out of fold). What
comes before is the carried model's and is taken from the cache of `emocam train --votes`, or
trained. Each row tells accuracy and balanced accuracy by both judgements on the test part, and on
the training faces as others see them; the choice goes by both.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from emocam.analysis.figures.base import new_figure, save_png
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.recognition.words_model import WordsModel, in_batches
from emocam.training.cache import cache_folder
from emocam.training.dataset import open_dataset
from emocam.training.emotion_clusters import EmotionClusters
from emocam.training.evaluate import Evaluation, balanced_accuracy
from emocam.training.evaluate_votes import evaluate_votes
from emocam.training.faces import Faces, load_faces
from emocam.training.fit_words import WordsChoices, fit_scores
from emocam.training.votes import VotesTable, match_votes, read_votes, soft_targets
from emocam.types import FloatArray

SIZE = 48
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
BALANCES = (0.0, 0.3, 0.6, 0.85, 1.0)


def judged(
    faces: Faces, scores: FloatArray, learnt: EmotionClusters, table: VotesTable
) -> dict[str, float]:
    """Both judgements of the clusters' answers."""
    prediction = learnt.clusters_.predict(scores)
    evaluation = Evaluation(
        faces.labels, faces.targets, prediction.probabilities.argmax(axis=1),
        prediction.probabilities, prediction.clusters, 0.0,
    )  # fmt: skip
    votes = evaluate_votes(evaluation, faces, table)
    by_votes = votes.by_majority
    return {
        "label": float((evaluation.predicted == evaluation.targets).mean()),
        "label_balanced": balanced_accuracy(evaluation.confusion()),
        "votes": float((by_votes.predicted == by_votes.targets).mean()),
        "votes_balanced": balanced_accuracy(by_votes.confusion()),
        "soft_ece": votes.soft_ece,
    }


def plot(rows: list[dict[str, float]], path: Path) -> None:
    """A curve for each balance, a point for each share of the votes."""
    figure = new_figure(7, 5)
    axes = figure.subplots()
    chosen = WordsChoices()
    for balance in BALANCES:
        points = [row for row in rows if row["balance"] == balance]
        x, y = ([100 * row[name] for row in points] for name in ("votes", "label"))
        axes.plot(x, y, marker="o", label=f"balance {balance:g}")
        for row, left, top in zip(points, x, y, strict=True):
            axes.annotate(f"{row['share']:g}", (left, top), xytext=(4, 4), fontsize=8,
                          textcoords="offset points")  # fmt: skip
            if (row["share"], balance) == (chosen.calibration_share, chosen.calibration_balance):
                axes.plot(left, top, marker="o", markersize=14, fillstyle="none", color="black")
    axes.set_xlabel("agrees with the majority of the votes (% of PublicTest)")
    axes.set_ylabel("agrees with the label (%)")
    axes.set_title("Share of the votes in the targets (numbers); the ring is the carried model")
    axes.grid(alpha=0.3)
    axes.legend()
    save_png(figure, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("votes", type=Path)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    dataset, table = open_dataset(given.dataset), read_votes(given.votes)
    training = load_faces(dataset, dataset.part("train"), SIZE)
    training = replace(training, votes=match_votes(table, training).shares)
    test = load_faces(dataset, dataset.part("test"), SIZE, training.labels)
    scored = fit_scores(
        training, WordsChoices(), groups=np.arange(len(training.images)), cache=cache_folder()
    )
    carried = EmotionRecognizer.load().model
    assert isinstance(carried, WordsModel)
    model = replace(
        carried, scales=scored.scales, projection=scored.projection, kernel_ridge=scored.ridge
    )
    seen = np.concatenate([model.scores(model.describe(part)) for part in in_batches(test.images)])
    rows: list[dict[str, float]] = []
    for balance in BALANCES:
        for share in SHARES:
            learnt = EmotionClusters(balance=balance)
            learnt.fit(scored.scores, soft_targets(training, share))
            public = judged(test, seen, learnt, table)
            left_out = judged(training, scored.scores, learnt, table)
            rows.append(
                {"share": share, "balance": balance, **public}
                | {f"left_out_{name}": value for name, value in left_out.items()}
            )
    if given.figure is not None:
        plot(rows, given.figure)
    if given.json:
        print(json.dumps(rows))
        return
    print("| balance | share | label | balanced | votes | balanced | ECE "
          "| left out: label | balanced | votes | balanced |\n|" + "---|" * 11)  # fmt: skip
    for row in rows:
        cells = [f"{100 * row[name]:.1f} %" for name in
                 ("label", "label_balanced", "votes", "votes_balanced")]  # fmt: skip
        left = [f"{100 * row[f'left_out_{name}']:.1f} %" for name in
                ("label", "label_balanced", "votes", "votes_balanced")]  # fmt: skip
        print(f"| {row['balance']:g} | {row['share']:g} | {' | '.join(cells)} "
              f"| {row['soft_ece']:.3f} | {' | '.join(left)} |")  # fmt: skip


if __name__ == "__main__":
    main()
