"""Fitting recipe `words`: codebooks, projection, kernel ridge, emotion clusters."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np

from emocam.errors import DatasetError, UsageError
from emocam.recognition.codebook import Codebook, Scale, encode_faces
from emocam.recognition.kernel_ridge import KernelRidge
from emocam.recognition.population import Population
from emocam.recognition.projection import Projection
from emocam.recognition.words_model import WordsModel
from emocam.training.dense_descriptors import DenseDescriptors
from emocam.training.emotion_clusters import EmotionClusters
from emocam.training.faces import Faces, check_learnable, checked_clusters
from emocam.training.jitter import jittered
from emocam.training.kernel_ridge import FisherPCA, KernelRidgeClassifier
from emocam.training.vocabulary import VisualVocabulary
from emocam.training.votes import soft_targets
from emocam.types import FloatArray, ImageU8, IntArray

SCALES = ((2.5, 3), (3.75, 4), (5.5, 4))
"""Cell and step of each vocabulary, in pixels of a face of 48×48."""

Progress = Callable[[str, float], None]
_PART = 500  # faces a worker encodes at a time
_DESCRIBED = 4000  # faces that the words are learnt from
_JITTER_SEED = 1000
_KEPT_BYTES = 3_000_000_000  # three times what FER2013 takes


@dataclass(frozen=True)
class WordsChoices:
    """What can be chosen; the command line offers a few of these."""

    clusters: int | None = None  # emotion clusters; as many as labels by default
    ridge_share: float = 0.45  # of votes in the ridge's targets; the rest is the label
    calibration_share: float = 0.6  # the same for calibration and clusters
    ridge_balance: float = 0.5  # how far rare labels are weighted up: see `label_weights`
    calibration_balance: float = 0.85
    words: int = 32  # visual words a scale
    dims: int = 640  # of the projection
    copies: int = 2  # changed copies of each face to be right for as well
    seed: int = 0  # the same seed makes the same model


@dataclass(frozen=True, eq=False)
class Scored:
    """All of the recipe up to the scores of the training faces."""

    scales: tuple[Scale, ...]
    projection: Projection
    ridge: KernelRidge
    points: FloatArray  # (n, dims): the training faces, projected
    scores: FloatArray  # (n, labels): out of fold


def fit_words(
    faces: Faces,
    choices: WordsChoices,
    *,
    groups: IntArray | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> tuple[WordsModel, FloatArray]:
    """Train the recipe.

    Parameters
    ----------
    faces
        Training faces, with votes or without.
    choices
        What was chosen.
    groups
        Shape (n,), sorted: pictures of one face have the same number; see `KernelRidgeClassifier`.
    cache
        Folder in which the steps' results are kept, so that a run that was stopped, or that
        changes only later steps, goes on where it was; None keeps nothing.
    progress
        Called with the name of the step and its share done, 0 to 1.

    Returns
    -------
    The model, and the probabilities of each training face by a model that has not seen it,
    shape (n, labels).

    Raises
    ------
    DatasetError
        When a label has no face, none has two, or all faces are blank or the same.
    UsageError
        When there are fewer clusters than labels or more than faces.
    """
    check_learnable(faces)
    if len(faces.images) == len(faces.labels):
        raise DatasetError("each label has a single face: two or more of a label are needed")
    n_clusters = checked_clusters(faces, choices.clusters)
    progress = progress or _silent
    scored = fit_scores(faces, choices, groups=groups, cache=cache, progress=progress)
    progress("emotion clusters", 0.0)
    shares = soft_targets(faces, choices.calibration_share)
    try:
        learnt = EmotionClusters(n_clusters, balance=choices.calibration_balance)
        clusters = learnt.fit(scored.scores, shares).clusters_
    except ValueError as error:
        raise UsageError(f"--clusters {n_clusters}: {error}") from error
    progress("emotion clusters", 1.0)
    population = Population.of(scored.points, clusters.logits(scored.scores), shares)
    model = WordsModel(
        labels=faces.labels,
        size=faces.images.shape[1],
        scales=scored.scales,
        projection=scored.projection,
        kernel_ridge=scored.ridge,
        clusters=clusters,
        population=population,
    )
    return model, clusters.predict(scored.scores).probabilities


def fit_scores(
    faces: Faces,
    choices: WordsChoices,
    *,
    groups: IntArray | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Scored:
    """Train the recipe up to the scores; parameters as for `fit_words`."""
    progress = progress or _silent
    kept = joblib.Memory(cache, verbose=0)
    with warnings.catch_warnings():
        # joblib warns when a busy disk takes half a second to note what a step was given.
        warnings.filterwarnings("ignore", "Persisting input arguments", UserWarning)
        scales = []
        for number, (cell, step) in enumerate(cells_and_steps(faces.images.shape[1])):
            progress("visual words", number / len(SCALES))
            codebook = kept.cache(_learn_codebook)(
                faces.images, cell, step, choices.words, choices.seed
            )
            scales.append(Scale(cell, step, codebook))
        targets = soft_targets(faces, choices.ridge_share)
        points, copies, projection = _points(faces, targets, scales, choices, kept, progress)
        progress("remembered faces", 0.0)
        fit_ridge = kept.cache(_fit_ridge, ignore=["progress"])
        ridge, scores = fit_ridge(
            points, targets, copies, groups, choices.ridge_balance,
            lambda share: progress("remembered faces", share),
        )  # fmt: skip
    if cache is not None:
        kept.reduce_size(bytes_limit=_KEPT_BYTES)  # the oldest go first
    return Scored(tuple(scales), projection, ridge, points, scores)


def cells_and_steps(size: int) -> list[tuple[float, int]]:
    """Cells and steps for faces of this side: the same share of a face as on 48 pixels."""
    factor = size / 48
    return [(cell * factor, max(1, round(step * factor))) for cell, step in SCALES]


def _points(
    faces: Faces,
    targets: FloatArray,
    scales: list[Scale],
    choices: WordsChoices,
    kept: joblib.Memory,
    progress: Progress,
) -> tuple[FloatArray, list[FloatArray], Projection]:
    """Projected faces, their projected copies, and the projection."""
    encode = kept.cache(_encode, ignore=["progress"])
    features = encode(faces.images, scales, None, lambda share: progress("word statistics", share))
    progress("learnt space", 0.0)
    projection = kept.cache(_learn_projection)(
        features, targets, scales, choices.dims, choices.seed
    )
    points = _project(features, projection)
    del features
    copies = [
        encode(
            jittered(faces.images, _JITTER_SEED * (choices.seed + 1) + number), scales, projection,
            lambda share, number=number: progress(f"copy {number}", share),
        )
        for number in range(1, choices.copies + 1)
    ]  # fmt: skip
    return points, copies, projection


def _learn_codebook(faces: ImageU8, cell: float, step: int, words: int, seed: int) -> Codebook:
    some = np.random.default_rng(seed).permutation(len(faces))[:_DESCRIBED]
    descriptors = DenseDescriptors(cell, step).fit_transform(faces[np.sort(some)])
    return VisualVocabulary(words=words, seed=seed).fit(descriptors).codebook_


def _encode(
    faces: ImageU8,
    scales: list[Scale],
    projection: Projection | None,
    progress: Callable[[float], None],
) -> FloatArray:
    """Word statistics in float16, or projected points in float32, by all cores."""
    parts = [faces[first : first + _PART] for first in range(0, len(faces), _PART)]
    run = joblib.Parallel(n_jobs=min(len(parts), joblib.cpu_count()), return_as="generator")
    found = []
    for part in run(joblib.delayed(_encode_part)(part, scales, projection) for part in parts):
        found.append(part)
        progress(len(found) / len(parts))
    return np.concatenate(found)


def _encode_part(faces: ImageU8, scales: list[Scale], projection: Projection | None) -> np.ndarray:
    features = encode_faces(scales, faces)
    return features.astype(np.float16) if projection is None else _project(features, projection)


def _learn_projection(
    features: FloatArray, targets: FloatArray, scales: list[Scale], dims: int, seed: int
) -> Projection:
    codebooks = [scale.codebook for scale in scales]
    learner = FisherPCA(
        dims, codebooks[0].cells ** 2, [codebook.length for codebook in codebooks], seed=seed
    )
    return learner.fit(features, targets).projection_


def _project(features: np.ndarray, projection: Projection) -> FloatArray:
    return np.concatenate(
        [
            projection.points(features[first : first + _PART].astype(np.float32))
            for first in range(0, len(features), _PART)
        ]
    )


def _fit_ridge(
    points: FloatArray,
    targets: FloatArray,
    copies: list[FloatArray],
    groups: IntArray | None,
    balance: float,
    progress: Callable[[float], None],
) -> tuple[KernelRidge, FloatArray]:
    learnt = KernelRidgeClassifier(balance=balance, progress=progress)
    learnt.fit(points, targets, copies, groups)
    return learnt.kernel_ridge_, learnt.out_of_fold_


def _silent(_step: str, _share: float) -> None:
    """No progress is reported."""
