"""Evaluation by the majority of annotator votes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emocam.errors import DatasetError
from emocam.training.evaluate import Evaluation, expected_calibration_error
from emocam.training.faces import Faces
from emocam.training.votes import VotesTable, match_votes
from emocam.types import FloatArray, IntArray

_LEVELS = 10  # as many people as FER+ asked


@dataclass(frozen=True, eq=False)
class VotesEvaluation:
    """Answers of a model beside the votes of several people."""

    by_majority: Evaluation  # of the faces whose majority is a label, which takes the label's place
    by_label: IntArray  # (n,): labels of the same faces in the data set
    agreement: FloatArray  # (n,), 0 to 1: share of their votes that go with the majority
    left_out: int  # faces whose majority is no label or tied, or that nobody voted for
    ece: float  # of the certainty, against the share of votes that the answer has
    soft_ece: float  # … against the mean of that share and of whether the label agrees (0 or 1)

    @property
    def unanimous(self) -> float:
        """Share of the faces for which all votes are the same, 0 to 1."""
        return float((self.agreement > 1 - 1e-6).mean())

    @property
    def label_accuracy(self) -> float:
        """Share of the faces whose label in the data set is the majority's, 0 to 1."""
        return float((self.by_label == self.by_majority.targets).mean())

    def by_agreement(self) -> list[dict[str, float]]:
        """Accuracy of model and label for each level of agreement: a tenth, two tenths, …, all.

        Returns
        -------
        `agreement` (from this share on, below the next), `n`, `accuracy` and `label_accuracy`;
        levels without faces are absent.
        """
        # Shares of ten votes are tenths but for rounding.
        level = np.floor(self.agreement * _LEVELS + 1e-3).astype(int)
        right = self.by_majority.predicted == self.by_majority.targets
        label_right = self.by_label == self.by_majority.targets
        return [
            {
                "agreement": float(number / _LEVELS),
                "n": int((level == number).sum()),
                "accuracy": float(right[level == number].mean()),
                "label_accuracy": float(label_right[level == number].mean()),
            }
            for number in np.unique(level)
        ]

    def figures(self) -> dict[str, Any]:
        """The figures under `votes` of `emocam evaluate --json`."""
        figures = self.by_majority.figures()
        return {
            "n": figures["n"],
            "left_out": self.left_out,
            "accuracy": figures["accuracy"],
            "balanced_accuracy": figures["balanced_accuracy"],
            "ece": self.ece,
            "soft_ece": self.soft_ece,
            "unanimous": self.unanimous,
            "label_accuracy": self.label_accuracy,
            "by_agreement": self.by_agreement(),
            "confusion": figures["confusion"],
        }


def evaluate_votes(evaluation: Evaluation, faces: Faces, table: VotesTable) -> VotesEvaluation:
    """Evaluate answers by the votes.

    Parameters
    ----------
    evaluation
        Answers for the faces.
    faces
        What they were given for.
    table
        Votes, from `read_votes`. The majority is that of all its columns of counts, be they
        labels or not; a tie has none.

    Raises
    ------
    DatasetError
        When the votes don't fit the faces: see `match_votes`; or no majority is a label.
    """
    votes = match_votes(table, replace(faces, labels=evaluation.labels, targets=evaluation.targets))
    kept = np.flatnonzero(votes.majority >= 0)
    if not len(kept):
        raise DatasetError(f"{table.path}: no picture's majority is one of the labels")
    voted = np.flatnonzero(votes.known)
    certainty = evaluation.probabilities[voted].max(axis=1)
    answer_share = votes.shares[voted, evaluation.predicted[voted]]
    agrees = evaluation.predicted[voted] == evaluation.targets[voted]
    return VotesEvaluation(
        by_majority=replace(
            evaluation,
            targets=votes.majority[kept],
            predicted=evaluation.predicted[kept],
            probabilities=evaluation.probabilities[kept],
            clusters=evaluation.clusters[kept],
        ),
        by_label=evaluation.targets[kept],
        agreement=votes.agreement[kept],
        left_out=len(votes.majority) - len(kept),
        ece=expected_calibration_error(certainty, answer_share),
        soft_ece=expected_calibration_error(certainty, (answer_share + agrees) / 2),
    )


def judgements_table(
    evaluation: Evaluation, votes: VotesEvaluation
) -> tuple[list[str], list[list[str]]]:
    """Head and rows of both judgements side by side, as text."""
    label, voted = evaluation.figures(), votes.figures()
    rows = [["faces", str(label["n"]), str(voted["n"])]]
    rows.append(["left out", "0", str(voted["left_out"])])
    for name in ("accuracy", "balanced_accuracy"):
        cells = [f"{100 * figures[name]:.1f} %" for figures in (label, voted)]
        rows.append([name.replace("_", " "), *cells])
    rows.append(["expected calibration error", f"{label['ece']:.3f}", f"{voted['ece']:.3f}"])
    return ["", "by the label", "by the votes"], rows


def votes_sentence(votes: VotesEvaluation) -> str:
    """How far people and label agree."""
    return (
        f"People are all of one mind about {100 * votes.unanimous:.1f} % of these faces; the data "
        f"set's label is the majority's for {100 * votes.label_accuracy:.1f} %. Against label and "
        f"votes together, half each, the expected calibration error is {votes.soft_ece:.3f}."
    )
