"""Fitting recipe `words`: vocabulary, learnt space, remembered faces, emotion clusters."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np

from emocam import __version__
from emocam.errors import UsageError
from emocam.recognition.codebook import Scale, Words, encode_faces
from emocam.recognition.kernel_model import Memory, Space, WordsModel
from emocam.training.dense_descriptors import DenseDescriptors
from emocam.training.emotion_clusters import EmotionClusters
from emocam.training.faces import Faces, check_every_label, checked_clusters
from emocam.training.jitter import jittered
from emocam.training.kernel_ridge import LearntSpace, RememberedFaces
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
    ridge_share: float = 0.5  # of votes in the targets of space and ridge; the rest is the label
    calibration_share: float = 0.5  # the same for calibration and clusters
    ridge_balance: float = 0.5  # how far rare labels are weighed up: see `label_weights`
    calibration_balance: float = 0.6
    words: int = 256  # visual words a scale
    dims: int = 512  # of the learnt space
    copies: int = 2  # changed copies of each face to be right for as well
    seed: int = 0  # the same seed makes the same model


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
        Shape (n,), sorted: pictures of one face have the same number; see `RememberedFaces`.
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
        When a label has no face.
    UsageError
        When there are fewer clusters than labels or more than faces.
    """
    check_every_label(faces)
    n_clusters = checked_clusters(faces, choices.clusters)
    progress = progress or _silent
    kept = joblib.Memory(cache, verbose=0)
    size = faces.images.shape[1]
    with warnings.catch_warnings():
        # joblib warns when a busy disk takes half a second to note what a step was given.
        warnings.filterwarnings("ignore", "Persisting input arguments", UserWarning)
        scales = []
        for number, (cell, step) in enumerate(cells_and_steps(size)):
            progress("visual words", number / len(SCALES))
            words = kept.cache(_learn_words)(faces.images, cell, step, choices.words, choices.seed)
            scales.append(Scale(cell, step, words))
        targets = soft_targets(faces, choices.ridge_share)
        points, copies, space = _points(faces, targets, scales, choices, kept, progress)
        progress("remembered faces", 0.0)
        remember = kept.cache(_remember, ignore=["progress"])
        memory, scores = remember(
            points, targets, copies, groups, choices.ridge_balance,
            lambda share: progress("remembered faces", share),
        )  # fmt: skip
    progress("emotion clusters", 0.0)
    try:
        learnt = EmotionClusters(n_clusters, balance=choices.calibration_balance)
        learnt.fit(scores, soft_targets(faces, choices.calibration_share))
    except ValueError as error:
        raise UsageError(f"--clusters {n_clusters}: {error}") from error
    clusters = learnt.clusters_
    progress("emotion clusters", 1.0)
    if cache is not None:
        kept.reduce_size(bytes_limit=_KEPT_BYTES)  # the oldest go first
    model = WordsModel(faces.labels, size, tuple(scales), space, memory, clusters)
    return model, clusters.predict(scores).probabilities


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
) -> tuple[FloatArray, list[FloatArray], Space]:
    """Faces and their copies in the learnt space, and that space."""
    encode = kept.cache(_encode, ignore=["progress"])
    features = encode(faces.images, scales, None, lambda share: progress("word counts", share))
    progress("learnt space", 0.0)
    space = kept.cache(_learn_space)(features, targets, choices.dims, choices.seed)
    points = _project(features, space)
    del features
    copies = [
        encode(
            jittered(faces.images, _JITTER_SEED * (choices.seed + 1) + number), scales, space,
            lambda share, number=number: progress(f"copy {number}", share),
        )
        for number in range(1, choices.copies + 1)
    ]  # fmt: skip
    return points, copies, space


def cache_folder() -> Path:
    """Where this user's programs may keep what this version can compute again."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    # A new version may compute the same step in another way.
    return base / "emocam" / __version__


def _learn_words(faces: ImageU8, cell: float, step: int, words: int, seed: int) -> Words:
    some = np.random.default_rng(seed).permutation(len(faces))[:_DESCRIBED]
    descriptors = DenseDescriptors(cell, step).fit_transform(faces[np.sort(some)])
    return VisualVocabulary(words=words, seed=seed).fit(descriptors).words_


def _encode(
    faces: ImageU8,
    scales: list[Scale],
    space: Space | None,
    progress: Callable[[float], None],
) -> FloatArray:
    """Word counts in float16, or points of a learnt space in float32, by all cores."""
    parts = [faces[first : first + _PART] for first in range(0, len(faces), _PART)]
    run = joblib.Parallel(n_jobs=min(len(parts), joblib.cpu_count()), return_as="generator")
    found = []
    for part in run(joblib.delayed(_encode_part)(part, scales, space) for part in parts):
        found.append(part)
        progress(len(found) / len(parts))
    return np.concatenate(found)


def _encode_part(faces: ImageU8, scales: list[Scale], space: Space | None) -> np.ndarray:
    features = encode_faces(scales, faces)
    return features.astype(np.float16) if space is None else _project(features, space)


def _learn_space(features: FloatArray, targets: FloatArray, dims: int, seed: int) -> Space:
    return LearntSpace(dims=dims, seed=seed).fit(features, targets).space_


def _project(features: np.ndarray, space: Space) -> FloatArray:
    return np.concatenate(
        [
            space.points(features[first : first + _PART].astype(np.float32))
            for first in range(0, len(features), _PART)
        ]
    )


def _remember(
    points: FloatArray,
    targets: FloatArray,
    copies: list[FloatArray],
    groups: IntArray | None,
    balance: float,
    progress: Callable[[float], None],
) -> tuple[Memory, FloatArray]:
    learnt = RememberedFaces(balance=balance, progress=progress)
    learnt.fit(points, targets, copies, groups)
    return learnt.memory_, learnt.out_of_fold_


def _silent(_step: str, _share: float) -> None:
    """Nobody is looking."""
