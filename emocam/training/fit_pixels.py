"""Fitting the study's recipe: `StandardScaler` and `KMeans` on raw pixels."""

from __future__ import annotations

import datetime as dt
import platform
from typing import Any

import numpy as np
import sklearn
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from emocam import __version__
from emocam.recognition.pixels import PixelsModel
from emocam.training.faces import Faces, check_learnable, checked_clusters
from emocam.types import FloatArray, IntArray

_TIE = 1e-4


def fit_pixels(faces: Faces, *, clusters: int | None = None) -> tuple[PixelsModel, Pipeline]:
    """The study's recipe: flatten, scale, cluster, name the clusters.

    Parameters
    ----------
    faces
        Balanced training faces.
    clusters
        Number of clusters; as many as labels by default, which are then matched one to one
        (Kuhn, "The Hungarian method", 1955). More clusters than labels take the majority of
        their faces.

    Returns
    -------
    The model as arrays, and the fitted scikit-learn pipeline that it was made from.

    Raises
    ------
    DatasetError
        When a label has no face, or all faces are blank or the same.
    UsageError
        When there are fewer clusters than labels, or more than faces.
    """
    check_learnable(faces)
    n_labels, n_clusters = len(faces.labels), checked_clusters(faces, clusters)
    pixels = faces.images.reshape(len(faces.images), -1).astype(np.float64)
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("cluster", KMeans(n_clusters=n_clusters, random_state=0))]
    )
    found = pipeline.fit(pixels).named_steps["cluster"].labels_
    named = cluster_probabilities(found, faces.targets, n_clusters, n_labels)
    return pixels_model(pipeline, named, faces.labels, faces.images.shape[1]), pipeline


def cluster_probabilities(
    clusters: IntArray, targets: IntArray, n_clusters: int, n_labels: int
) -> FloatArray:
    """How sure each cluster is of each label, the cluster's name having the largest share.

    Parameters
    ----------
    clusters, targets
        Shape (n,): cluster and label of each training face.

    Returns
    -------
    Shape (n_clusters, n_labels), float32, rows summing to 1: shares of the training faces in the
    cluster with one face of each label added (Laplace). Where the one-to-one matching names a
    cluster after another label than its majority, the two shares change places, so that the
    largest is the name.
    """
    counts = np.ones((n_clusters, n_labels))
    np.add.at(counts, (clusters, targets), 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    if n_clusters == n_labels:
        rows, names = linear_sum_assignment(-counts)
        best = shares.argmax(axis=1)
        top = shares[rows, best]
        shares[rows, best] = shares[rows, names]
        # A hair more, so that a tie goes to the name and no label stays without its cluster.
        shares[rows, names] = top + _TIE
        shares /= shares.sum(axis=1, keepdims=True)
    return np.asarray(shares, dtype=np.float32)


def pixels_model(
    pipeline: Pipeline, named: FloatArray, labels: tuple[str, ...], size: int
) -> PixelsModel:
    """Arrays of a fitted pipeline."""
    scaler, kmeans = pipeline.named_steps["scale"], pipeline.named_steps["cluster"]
    return PixelsModel(
        labels=labels,
        size=size,
        mean=scaler.mean_.astype(np.float32),
        scale=scaler.scale_.astype(np.float32),
        centers=kmeans.cluster_centers_.astype(np.float32),
        cluster_probabilities=named,
    )


def model_card(recipe: str, faces: Faces, choices: dict[str, Any]) -> dict[str, Any]:
    """The model card: what the model was made of, with what and when.

    Parameters
    ----------
    recipe
        Name of the recipe.
    faces
        The training faces.
    choices
        What the user chose: balance, seed and the like.
    """
    counts = np.bincount(faces.targets, minlength=len(faces.labels)).tolist()
    return {
        "recipe": recipe,
        "labels": list(faces.labels),
        "size": int(faces.images.shape[1]),
        "training": {
            "faces": len(faces.images),
            "per_label": dict(zip(faces.labels, counts, strict=True)),
            "skipped": len(faces.skipped),
            "sha256": faces.digest(),
            **choices,
        },
        "versions": {
            "emocam": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "date": dt.datetime.now(dt.timezone.utc).date().isoformat(),
    }
