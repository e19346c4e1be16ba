"""Measures of clusters: purity, inertia, silhouette."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from emocam.types import FloatArray, ImageU8, IntArray

_MOST_ROWS = 2000  # the silhouette compares each face with each other


@runtime_checkable
class Clustered(Protocol):
    """A model with emotion clusters.

    Attributes
    ----------
    centers
        Shape (clusters, d), float32.
    cluster_names
        Shape (clusters,), int64: number of the label that each cluster is named after.
    """

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def centers(self) -> FloatArray: ...

    @property
    def cluster_names(self) -> IntArray: ...

    def cluster_space(self, faces_gray: ImageU8) -> FloatArray:
        """Faces in the space of the cluster centres, shape (n, d), float32."""
        ...

    def evidence(self, faces_gray: ImageU8) -> FloatArray:
        """Evidence for each label, shape (n, labels), on any scale."""
        ...


@dataclass(frozen=True)
class ClusterFigures:
    """Statistics of one cluster."""

    number: int  # the cluster's number
    name: str  # the label it is named after
    faces: int  # how many of the given faces fell into it
    majority: str  # the label that most of these bear; empty for an empty cluster
    purity: float  # share of these that bear that label, 0 to 1


def cluster_figures(
    clusters: IntArray, targets: IntArray, names: Sequence[str], labels: Sequence[str]
) -> list[ClusterFigures]:
    """Figures of each cluster.

    Parameters
    ----------
    clusters, targets
        Shape (n,): cluster and label of each face.
    names
        Label that each cluster is named after.
    labels
        Names of the targets.
    """
    counts = np.zeros((len(names), len(labels)), dtype=np.int64)
    np.add.at(counts, (clusters, targets), 1)
    found = []
    for number, (name, row) in enumerate(zip(names, counts, strict=True)):
        total = int(row.sum())
        majority = labels[int(row.argmax())] if total else ""
        found.append(
            ClusterFigures(number, name, total, majority, float(row.max() / max(total, 1)))
        )
    return found


def overall_purity(figures: Sequence[ClusterFigures]) -> float:
    """Share of all faces that bear their cluster's majority label, 0 to 1."""
    total = sum(cluster.faces for cluster in figures)
    return sum(cluster.purity * cluster.faces for cluster in figures) / max(total, 1)


@dataclass(frozen=True, eq=False)
class ClusterCurve:
    """Inertia and silhouette over the number of clusters."""

    numbers: tuple[int, ...]  # numbers of clusters that were tried
    inertia: tuple[float, ...]  # mean squared distance of a face to its centre, for each number
    silhouette: tuple[float, ...]  # mean silhouette, -1 to 1 (Rousseeuw 1987), for each number
    faces: int  # how many faces were clustered


def cluster_curve(space: FloatArray, *, most: int = 16) -> ClusterCurve | None:
    """Cluster faces into 2, 3, … `most` clusters.

    Parameters
    ----------
    space
        Shape (n, d), float32. Of more than 2,000 rows some are used, each time the same.
    most
        Largest number of clusters.

    Returns
    -------
    None for fewer than four different faces, where there is nothing to choose.
    """
    rows = np.random.default_rng(0).permutation(len(space))[:_MOST_ROWS]
    chosen = space[np.sort(rows)]
    different = len(np.unique(chosen, axis=0))
    numbers = tuple(range(2, min(most, different - 1) + 1))
    if not numbers:
        return None
    inertia, silhouette = [], []
    for number in numbers:
        found = KMeans(number, random_state=0).fit(chosen)
        inertia.append(float(found.inertia_) / len(chosen))
        silhouette.append(float(silhouette_score(chosen, found.labels_)))
    return ClusterCurve(numbers, tuple(inertia), tuple(silhouette), len(chosen))
