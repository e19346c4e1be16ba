"""Training of each recipe up to the model file, with card and figures."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from emocam.recognition.model_file import ModelFile
from emocam.recognition.words_model import WordsModel
from emocam.training.balance import augmented, fitting_memory
from emocam.training.cache import cache_folder
from emocam.training.evaluate import Evaluation, evaluate
from emocam.training.evaluate_votes import evaluate_votes
from emocam.training.faces import Faces
from emocam.training.fit_pixels import fit_pixels, model_card
from emocam.training.fit_words import Progress, WordsChoices, fit_words
from emocam.training.votes import VotesTable
from emocam.types import FloatArray

WANTED = 0.75
"""Accuracy that the faces above the certainty threshold should have; the rest are `unsure`."""


def train_pixels(faces: Faces, *, clusters: int | None, balance: str, seed: int) -> ModelFile:
    """Recipe `pixels`."""
    model, _ = fit_pixels(faces, clusters=clusters)
    card = model_card("pixels", faces, {"balance": balance, "seed": seed})
    return ModelFile(card, model.to_arrays())


def train_words(
    faces: Faces,
    test: Faces | None,
    *,
    clusters: int | None,
    balance: str,
    memory_bytes: int,
    seed: int,
    votes_share: float | None = None,
    test_votes: VotesTable | None = None,
    progress: Progress | None = None,
) -> ModelFile:
    """Recipe `words`.

    Parameters
    ----------
    faces
        Training faces.
    test
        Faces on which the figures of the card are measured and the threshold of `unsure` is
        chosen; without any, out-of-fold predictions of the training faces.
    clusters
        Emotion clusters; as many as labels by default.
    balance
        `weight`, `augment`, `undersample` or `none`; undersampling is done before.
    memory_bytes
        What training may take; more faces than fit are left out, of the commonest labels first.
    seed
        The same seed makes the same model.
    votes_share
        0 to 1: how much the votes that the faces have count beside the label; by default what
        `WordsChoices` has.
    test_votes
        Votes for the test faces: the card's figures tell as well how the model does by them.
    progress
        See `fit_words`.
    """
    kept = fitting_memory(faces, memory_bytes, seed)
    groups = np.arange(len(kept.images))
    if balance == "augment":
        kept, groups = augmented(kept, seed)
    choices = WordsChoices(clusters, seed=seed)
    if balance != "weight":
        choices = replace(choices, ridge_balance=0.0, calibration_balance=0.0)
    if votes_share is not None:
        choices = replace(choices, ridge_share=votes_share, calibration_share=votes_share)
    model, seen = fit_words(kept, choices, groups=groups, cache=cache_folder(), progress=progress)
    told: dict[str, Any] = {"balance": balance, "seed": seed, "remembered": len(kept.images)}
    told["choices"] = _chosen(choices, votes=faces.votes is not None)
    file = ModelFile(model_card("words", faces, told), model.to_arrays())
    # Measured on the quantised arrays of the file, as users will run it.
    measured = (
        _out_of_fold(kept, seen) if test is None else evaluate(WordsModel.from_file(file), test)
    )
    figures = measured.figures()
    del figures["seconds_per_face"]  # another machine's
    if test is not None and test_votes is not None:
        figures["votes"] = evaluate_votes(measured, test, test_votes).figures()
    figures["measured_on"] = "training faces, out of fold" if test is None else "test faces"
    confidence = measured.probabilities.max(axis=1)
    certainty = choose_certainty(confidence, measured.predicted == measured.targets)
    sure = confidence >= certainty
    figures["coverage"] = float(sure.mean())
    figures["accuracy_when_sure"] = float((measured.predicted == measured.targets)[sure].mean())
    card: dict[str, Any] = {**file.card, "certainty": certainty, "figures": figures}
    return replace(file, card=card)


def choose_certainty(certainty: FloatArray, right: np.ndarray) -> float:
    """Smallest certainty from which on the answers are right as often as `WANTED`.

    Parameters
    ----------
    certainty
        Shape (n,): largest probability of each face.
    right
        Shape (n,), bool: whether the answer is right.

    Returns
    -------
    Threshold rounded up to hundredths; the one where most are right, when none is enough.
    """
    thresholds = np.arange(0, 1, 0.01)
    shares = [right[certainty >= least].mean() if (certainty >= least).any() else 0.0
              for least in thresholds]  # fmt: skip
    enough = np.flatnonzero(np.asarray(shares) >= WANTED)
    best = enough[0] if len(enough) else int(np.argmax(shares))
    return round(float(thresholds[best]), 2)


def _chosen(choices: WordsChoices, *, votes: bool) -> dict[str, Any]:
    """For the card: numbers that shape the model, those about votes only where there are any."""
    chosen = asdict(choices)
    for name in ("seed", "clusters", *(() if votes else ("ridge_share", "calibration_share"))):
        del chosen[name]
    return chosen


def _out_of_fold(faces: Faces, probabilities: FloatArray) -> Evaluation:
    return Evaluation(
        labels=faces.labels,
        targets=faces.targets,
        predicted=probabilities.argmax(axis=1),
        probabilities=probabilities,
        clusters=np.zeros(len(faces.targets), np.int64),
        seconds_per_face=0.0,
    )
