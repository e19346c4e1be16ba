"""A classifier that sees a face and its mirror image alike.

Its components are even or odd under mirroring, and its K-Means centres come with their mirror
images, both of one weight: a face looks as much like a face when it looks the other way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import LogisticRegression, Ridge

from emocam.detection.rbf_classifier import RbfClassifier
from emocam.detection.verifier import MIRRORED
from emocam.types import BoolArray, FloatArray

ROWS_AT_ONCE = 4000
WHITENED_FROM = 4  # the components beyond this share of them are hardly whitened


@dataclass(frozen=True, eq=False)
class MirroredClassifier:
    """A classifier whose second half of centres mirrors the first."""

    classifier: RbfClassifier
    odd: BoolArray  # shape (components,): which components change their sign when mirrored

    def even_activations(self, rows: FloatArray) -> FloatArray:
        """Of each pair of centres, shape (rows, pairs)."""
        left, right = self._pairs(rows)
        return left + right

    def odd_features(self, rows: FloatArray) -> FloatArray:
        """What changes its sign when mirrored, shape (rows, pairs + odd components)."""
        left, right = self._pairs(rows)
        points = rows @ self.classifier.project_weights + self.classifier.project_biases
        return np.column_stack([left - right, points[:, self.odd]])

    def odd_weights(self, weights: FloatArray) -> FloatArray:
        """Weights of the classifier's own features that amount to these of the odd ones."""
        pairs = len(self.classifier.centers) // 2
        of_components = np.zeros(len(self.odd))
        of_components[self.odd] = weights[pairs:]
        return np.concatenate([weights[:pairs], -weights[:pairs], of_components])

    def _pairs(self, rows: FloatArray) -> list[FloatArray]:
        count = len(self.classifier.centers)
        return np.split(self.classifier.features(rows)[:, :count], 2, axis=1)


def parts(rows: FloatArray) -> list[FloatArray]:
    return np.array_split(rows, max(1, len(rows) // ROWS_AT_ONCE))


def symmetric_components(
    rows: FloatArray, components: int
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Partly whitened principal components of the rows and their mirror images.

    Returns
    -------
    Weights of shape (features, components), biases, and which components are odd.
    """
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    mean = (mean + mean[MIRRORED]) / 2
    some = rows[:: max(1, len(rows) // 20000)] - mean
    spread = (some.T @ some).astype(np.float64) / len(some)
    spread = (spread + spread[MIRRORED][:, MIRRORED]) / 2
    sizes, axes = np.linalg.eigh(spread)
    sizes, axes = sizes[::-1], axes[:, ::-1][:, :components]
    sign = np.sign((axes * axes[MIRRORED]).sum(axis=0))
    axes = (axes + sign * axes[MIRRORED]) / 2
    project = axes / np.sqrt(sizes[:components] + sizes[components // WHITENED_FROM])
    project = project.astype(np.float16).astype(np.float32)
    return project, (-mean @ project).astype(np.float32), np.asarray(sign < 0, np.bool_)


def fit_mirrored(
    right: FloatArray,
    wrong: FloatArray,
    components: int,
    centers: int,
    spread: float,
    smoothness: float,
) -> MirroredClassifier:
    """Kernel ridge regression on K-Means centres of both kinds and their mirror images.

    That is the Nyström approximation with the centres as landmarks (Zhang, Tsang and Kwok, ICML
    2008). A logistic regression turns its outputs into logits.
    """
    rows, truth = np.vstack([right, wrong]), np.arange(len(right) + len(wrong)) < len(right)
    project, biases, odd = symmetric_components(rows, components)
    points = np.concatenate([part @ project + biases for part in parts(rows)])
    sign = np.where(odd, -1, 1).astype(np.float32)
    found = np.vstack(
        [
            MiniBatchKMeans(count, n_init=1, batch_size=4096, max_iter=15, random_state=0)
            .fit(np.vstack([points[truth == kind], points[truth == kind] * sign]))
            .cluster_centers_
            for kind in (True, False)
            for count in [min(centers // 4, int((truth == kind).sum()) // 8)]
        ]
    )
    found = found.astype(np.float16).astype(np.float32)
    found = np.vstack([found, found * sign])
    away = ((points[:2000, None] - found[None, ::10]) ** 2).sum(axis=2)
    blank = np.zeros(len(found) + components, np.float32)
    classifier = RbfClassifier(project, biases, found, spread / float(np.median(away)), blank, 0.0)
    mirrored = MirroredClassifier(classifier, odd)
    weights = ridge_weights(mirrored, rows, truth, smoothness)
    outputs = np.concatenate([mirrored.even_activations(part) @ weights for part in parts(rows)])
    model = LogisticRegression(C=1.0).fit(outputs[:, None], truth)
    weights = weights * model.coef_[0, 0]
    every = np.concatenate([weights, weights, np.zeros(components)]).astype(np.float32)
    fitted = replace(classifier, weights=every, bias=float(model.intercept_[0]))
    return MirroredClassifier(fitted, odd)


def ridge_weights(
    mirrored: MirroredClassifier, rows: FloatArray, truth: BoolArray, smoothness: float
) -> FloatArray:
    """Of each pair of centres, for −1 and 1; both kinds count as much."""
    centers, gamma = mirrored.classifier.centers, mirrored.classifier.gamma
    pairs = len(centers) // 2
    gram, sums = np.zeros((pairs, pairs)), np.zeros(pairs)
    share = truth.mean()
    pieces = parts(rows)
    for part, kinds in zip(pieces, np.array_split(truth, len(pieces)), strict=True):
        near = mirrored.even_activations(part).astype(np.float64)
        counted = np.where(kinds, 0.5 / share, 0.5 / (1 - share))
        gram += near.T @ (near * counted[:, None])
        sums += near.T @ np.where(kinds, counted, -counted)
    squares = np.square(centers, dtype=np.float64).sum(axis=1)
    away = squares[:, None] + squares - 2 * centers.astype(np.float64) @ centers.T
    kernel = np.exp(-gamma * np.maximum(away, 0))
    kernel = kernel.reshape(2, pairs, 2, pairs).sum(axis=(0, 2))
    return np.asarray(
        cho_solve(cho_factor(gram + smoothness * kernel + 1e-2 * np.eye(pairs)), sums)
    )


def fit_odd(
    mirrored: MirroredClassifier, rows: FloatArray, wanted: FloatArray, strength: float
) -> FloatArray:
    """Weights of the classifier's features for a number that is odd under mirroring, as yaw is.

    Those that are large count more: few faces are turned far.
    """
    features = np.concatenate([mirrored.odd_features(part) for part in parts(rows)])
    scale = features.std(axis=0) + 1e-6
    often = 1 + np.abs(wanted) / 25
    fitted = Ridge(alpha=strength, fit_intercept=False)
    fitted.fit(features / scale, wanted, sample_weight=often)
    return mirrored.odd_weights(fitted.coef_ / scale).astype(np.float32)
