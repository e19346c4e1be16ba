"""The part of the evaluation's page on what several people saw in the same pictures."""

from __future__ import annotations

from emocam.analysis.figures.base import figure_html
from emocam.analysis.figures.evaluation import plot_confusion
from emocam.analysis.figures.votes import plot_agreement
from emocam.render.page import table
from emocam.training.evaluate import Evaluation
from emocam.training.evaluate_votes import VotesEvaluation, judgements_table, votes_sentence


def votes_parts(evaluation: Evaluation, votes: VotesEvaluation) -> list[str]:
    """Pieces of HTML: both judgements side by side, agreement, confusion by the votes."""
    accuracy = 100 * float((votes.by_majority.predicted == votes.by_majority.targets).mean())
    head, rows = judgements_table(evaluation, votes)
    return [
        "<h2>By the label and by people's votes</h2>",
        "<p>Each picture was labelled once; several people then voted on what they see in it. "
        "Pictures that most of them call something else than a label, or for which two answers "
        "have equally many votes, are left out. "
        f"{votes_sentence(votes)}</p>",
        table(head, rows),
        figure_html(
            plot_agreement(votes),
            "Accuracy by the votes' majority over the share of votes that go with it, for the "
            "model and for the data set's label, and how many faces each share has.",
            "Where people disagree there is no right answer to find: a model can hardly be right "
            "more often than a further person.",
        ),
        figure_html(
            plot_confusion(votes.by_majority),
            f"Confusion matrix by the votes' majority; {accuracy:.1f} % are on its diagonal.",
            "Rows are what most people see, columns what the model predicts, in percent of the "
            "row.",
        ),
    ]
