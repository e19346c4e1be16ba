"""The second K-Means: calibrated probabilities grouped into emotion clusters, for training."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.optimize import least_squares, linear_sum_assignment
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from emocam.recognition.clusters import Clusters, mixed_with_uniform, sharpened, softmax
from emocam.training.soft_targets import label_weights, memberships
from emocam.types import FloatArray, IntArray

_CERTAINTY_BOUNDS = ((0.5, 0.0), (2.0, 0.2))  # few faces told apart too well get no more


class EmotionClusters(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Scores to emotion clusters.

    Scores are calibrated by multinomial logistic regression (Platt's scaling for several labels),
    and then by one factor (temperature scaling: Guo and others, "On calibration of modern neural
    networks", ICML 2017) and a share of the uniform distribution, so that the certainty is right
    for labels as often as they come, however they are weighted. The probabilities, sharpened, are
    scaled with `StandardScaler` and grouped by an unseeded `KMeans`. Each cluster takes the label
    that most of its faces bear, where a face counts by its weight, and for each label by its share
    in it.

    Parameters
    ----------
    n_clusters
        As many as labels by default.
    balance
        How far rare labels are weighted up: 0 takes the labels as often as they come, 1 makes all
        labels count the same. Larger finds rare labels more often and common ones less.
    sharpening
        Power that the probabilities are raised to before K-Means (and divided by their sum).
        With 1, faces that are unsure lie between the clusters and one in seven joins a cluster
        of another label than its likeliest; with 2, one in fifty.
    random_state
        Of `KMeans`.

    Attributes
    ----------
    classes_
        The labels.
    clusters_
        What was learnt, as arrays (`Clusters`).
    labels_
        Shape (n,): cluster of each training face.
    """

    def __init__(
        self,
        n_clusters: int | None = None,
        balance: float = 0.85,
        sharpening: float = 2.0,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.balance = balance
        self.sharpening = sharpening
        self.random_state = random_state

    def fit(self, X: FloatArray, y: IntArray | FloatArray) -> EmotionClusters:
        """Calibrate and group.

        Parameters
        ----------
        X
            Shape (n, labels): scores of faces by a model that has not seen them (out of fold).
        y
            Shape (n,): their labels; or shape (n, labels): shares of the labels 0, 1, ….

        Raises
        ------
        ValueError
            When there is one label only, or the faces fall into fewer groups than asked for.
        """
        X, y = validate_data(self, X, y, dtype=np.float32, multi_output=True)
        if y.ndim == 1:
            check_classification_targets(y)
        self.classes_, shares = memberships(y)
        if len(self.classes_) < 2:
            raise ValueError("two or more labels are needed, got 1 class")
        weighted = shares * label_weights(shares, self.balance)
        matrix, bias = _calibrate(X, weighted)
        factor, uniform_share = _certainty_scale(X @ matrix + bias, shares)
        matrix, bias = matrix * np.float32(factor), bias * np.float32(factor)
        probabilities = mixed_with_uniform(softmax(X @ matrix + bias), uniform_share)
        sharp = sharpened(probabilities, self.sharpening)
        scaler = StandardScaler().fit(sharp)
        kmeans = _grouped(
            scaler.transform(sharp),
            weighted.sum(axis=1),
            KMeans(
                n_clusters=self.n_clusters or len(self.classes_),
                random_state=self.random_state,
                n_init=10,
            ),
        )
        self.labels_ = kmeans.labels_
        mass = np.zeros((kmeans.n_clusters, len(self.classes_)))
        np.add.at(mass, self.labels_, weighted)
        self.clusters_ = Clusters(
            matrix=matrix,
            bias=bias,
            uniform_share=uniform_share,
            sharpening=float(self.sharpening),
            mean=scaler.mean_.astype(np.float32),
            scale=scaler.scale_.astype(np.float32),
            centers=kmeans.cluster_centers_.astype(np.float32),
            names=cluster_names(mass),
        )
        return self

    def predict(self, X: FloatArray) -> IntArray:
        """Label of each face's cluster, shape (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Calibrated probabilities, shape (n, labels); the cluster's label has the largest."""
        X = self._checked(X)
        return self.clusters_.predict(X).probabilities

    def predict_cluster(self, X: FloatArray) -> IntArray:
        """Cluster of each face, shape (n,)."""
        X = self._checked(X)
        return self.clusters_.predict(X).clusters

    def _checked(self, X: FloatArray) -> FloatArray:
        check_is_fitted(self, "clusters_")
        return np.asarray(validate_data(self, X, reset=False, dtype=np.float32))


def cluster_names(mass: np.ndarray) -> IntArray:
    """Label of each cluster.

    Parameters
    ----------
    mass
        Shape (clusters, labels): summed weight of each label's faces in each cluster.

    Returns
    -------
    Shape (clusters,), int64: the majority. Where there are as many clusters as labels and a label
    would be left without one, they are matched one to one instead (Kuhn, "The Hungarian method",
    1955).
    """
    names = mass.argmax(axis=1)
    clusters, labels = mass.shape
    if clusters == labels and len(set(names.tolist())) < labels:
        names = linear_sum_assignment(-mass)[1]
    return np.asarray(names, dtype=np.int64)


def _grouped(points: FloatArray, weight: FloatArray, kmeans: KMeans) -> KMeans:
    """Fitted K-Means; ValueError when the points fall into fewer groups than asked for."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            return kmeans.fit(points, sample_weight=weight)
    except ConvergenceWarning as warning:
        raise ValueError(
            f"the faces fall into fewer than {kmeans.n_clusters} groups: use fewer clusters"
        ) from warning


def _calibrate(scores: FloatArray, weighted: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Matrix (scores, labels) and bias (labels,) whose softmax fits weighted shares of labels."""
    # A face stands there once for each label that it has a share in, with that share as weight.
    faces, labels = np.nonzero(weighted)
    fitted = LogisticRegression(C=10.0, max_iter=1000)
    fitted.fit(scores[faces], labels, sample_weight=weighted[faces, labels])
    matrix, bias = fitted.coef_.T, fitted.intercept_
    if matrix.shape[1] == 1:  # two labels: scikit-learn keeps only the second one's logit
        matrix = np.hstack([-matrix / 2, matrix / 2])
        bias = np.concatenate([-bias / 2, bias / 2])
    return matrix.astype(np.float32), bias.astype(np.float32)


def _certainty_scale(logits: FloatArray, shares: FloatArray) -> tuple[float, float]:
    """Factor of the logits and share of the uniform distribution that make certainty right.

    They minimise the squared distance of the certainty from the likeliest label's share, and
    change nothing about which label that is. Both are of shape (n, labels).
    """
    answered = shares[np.arange(len(shares)), logits.argmax(axis=1)]

    def excess(scale: FloatArray) -> FloatArray:
        probabilities = softmax(logits * np.float32(scale[0]))
        certainty = mixed_with_uniform(probabilities, float(scale[1])).max(axis=1)
        return np.asarray(certainty - answered)

    # Single precision needs steps that are not lost in rounding.
    found = least_squares(excess, (1.0, 0.05), bounds=_CERTAINTY_BOUNDS, diff_step=1e-2)
    return float(found.x[0]), float(found.x[1])
