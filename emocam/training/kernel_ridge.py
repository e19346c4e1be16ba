"""Projection and kernel ridge regression as scikit-learn estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.extmath import randomized_svd
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from emocam.recognition.kernel_ridge import KernelRidge
from emocam.recognition.projection import Projection
from emocam.recognition.quantized import quantize
from emocam.training import solver as solve
from emocam.training.soft_targets import balanced_weights, memberships
from emocam.types import FloatArray, IntArray

_ROWS = 2048
_MANY = 5000


class FisherPCA(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Principal components of features that are weighted by Fisher's ratio.

    Features are standardised and weighted by a power of Fisher's ratio, which favours those that
    separate the labels. Principal components are taken in two steps, of the features of a pooling
    cell and of the reduced features of all cells, and partly whitened in the second step.

    Parameters
    ----------
    dims
        Components to keep; at most half as many as there are faces.
    cells
        Blocks of equal meaning that the features of a scale consist of (pooling cells).
    scales
        Features of each scale; None leaves out the first step.
    cell_dims
        Components to keep of each cell; as many as there are where there are fewer.
    emphasis
        Power of Fisher's ratio by which features are multiplied; 0 leaves them alike.
    whitening
        Power of the components' standard deviation that they are divided by: 0 keeps it, 1
        makes all components the same.
    seed
        Of the randomised decomposition (Halko, Martinsson, Tropp, SIAM Review 2011).

    Attributes
    ----------
    projection_
        What was learnt, as arrays (`Projection`).
    """

    def __init__(
        self,
        dims: int = 640,
        cells: int = 1,
        scales: Sequence[int] | None = None,
        cell_dims: int = 192,
        emphasis: float = 0.25,
        whitening: float = 0.4,
        seed: int = 0,
    ) -> None:
        self.dims = dims
        self.cells = cells
        self.scales = scales
        self.cell_dims = cell_dims
        self.emphasis = emphasis
        self.whitening = whitening
        self.seed = seed

    def fit(self, X: FloatArray, y: IntArray | FloatArray) -> FisherPCA:
        """Learn from features, shape (n, features), and labels, shape (n,).

        `y` may as well be shares of the labels 0, 1, …, shape (n, labels).

        Raises
        ------
        ValueError
            When scales and cells don't divide the features.
        """
        X, y = validate_data(
            self, X, y, dtype=np.float32, ensure_min_samples=2, copy=True, multi_output=True
        )
        scales = tuple(self.scales or ())
        if (scales and sum(scales) != X.shape[1]) or any(length % self.cells for length in scales):
            raise ValueError(
                f"scales of {scales} features in {self.cells} cells don't make {X.shape[1]}"
            )
        _, shares = memberships(y)
        offset = X.mean(axis=0, dtype=np.float64).astype(np.float32)
        X -= offset
        deviation = np.sqrt(np.square(X).mean(axis=0, dtype=np.float64)).astype(np.float32)
        scale = fisher_ratio(X, shares) ** self.emphasis / np.maximum(deviation, 1e-4)
        scale = (scale / np.sqrt(np.mean(np.square(scale * deviation)))).astype(np.float32)
        X *= scale
        ends = np.cumsum(scales)
        bases = tuple(
            _principal_axes(X[:, end - length : end], self.cells, self.cell_dims)
            for end, length in zip(ends, scales, strict=True)
        )
        nothing = quantize(np.zeros((1, 1), np.float32))
        projection = Projection(offset, scale, bases, nothing, self.cells)
        reduced = np.concatenate(
            [projection.reduced(X[first : first + _ROWS]) for first in range(0, len(X), _ROWS)]
        )
        # Later components of few faces are noise, and the last one of n is rounding error.
        dims = max(1, min(self.dims, len(reduced) // 2, reduced.shape[1]))
        _, length, axes = randomized_svd(reduced, dims, n_iter=2, random_state=self.seed)
        spread = np.maximum(length / np.sqrt(len(X)), 1e-3 * length[0] / np.sqrt(len(X)))
        # Quantised as in the model file, so that training and reading use the same projection.
        matrix = quantize((axes.T / spread**self.whitening).astype(np.float32))
        self.projection_ = replace(projection, matrix=matrix)
        return self

    def transform(self, X: FloatArray) -> FloatArray:
        """Points, shape (n, dims), of features, shape (n, features)."""
        check_is_fitted(self, "projection_")
        X = validate_data(self, X, reset=False, dtype=np.float32)
        return self.projection_.points(X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]  # float64 comes back as float32
        return tags


def _principal_axes(scaled: FloatArray, cells: int, most: int) -> FloatArray:
    """Axes of the largest mean square over all cells, shape (features of a cell, kept)."""
    length = scaled.shape[1] // cells
    squares = np.zeros((length, length))
    for first in range(0, len(scaled), _ROWS):
        rows = np.ascontiguousarray(scaled[first : first + _ROWS]).reshape(-1, length)
        squares += rows.T @ rows
    _, axes = np.linalg.eigh(squares)
    return np.ascontiguousarray(axes[:, ::-1][:, :most], dtype=np.float32)


def fisher_ratio(centered: FloatArray, shares: FloatArray) -> FloatArray:
    """Variance of the labels' means over the whole variance, each label counting the same.

    The expected value under chance is subtracted; where that is most of it, as with few faces, all
    features are treated alike. The least is a tenth of the median.

    Parameters
    ----------
    centered
        Shape (n, features), mean 0.
    shares
        Shape (n, labels): each face's share in each label, rows summing to 1.
    """
    share_of_label = shares / shares.sum(axis=0, dtype=np.float64)
    means = share_of_label.T.astype(np.float32) @ centered
    between = np.square(means.astype(np.float64)).mean(axis=0)
    whole = np.maximum(np.square(centered).mean(axis=0, dtype=np.float64), 1e-12)
    chance = np.square(share_of_label).sum(axis=0).mean()
    ratio = between / whole - chance
    typical = float(np.median(ratio))
    if typical < chance:
        return np.ones(len(ratio), np.float32)
    return np.asarray(np.maximum(ratio, max(typical / 10, 1e-4)), dtype=np.float32)


class KernelRidgeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Kernel ridge regression with a Gaussian kernel to the training faces.

    Saunders, Gammerman, Vovk, "Ridge regression learning algorithm in dual variables"
    (ICML 1998).

    Parameters
    ----------
    relative_gamma
        Factor of the kernel, times the mean squared distance of two faces. Larger gives
        weight to the most similar faces alone, of which many are needed: by default 1.5 from
        5000 faces on and 0.5 below.
    ridge
        Regularisation. Larger gives single faces less weight.
    balance
        Power with which rare labels are weighted; see `EmotionClusters`.
    steps
        Conjugate-gradient steps of fitting copies, when there are any.
    progress
        Called with the share done, 0 to 1.

    Attributes
    ----------
    classes_
        The labels.
    kernel_ridge_
        What was learnt, as arrays (`KernelRidge`).
    out_of_fold_
        Shape (n, labels), float32: score of each training face by the faces other than itself,
        which kernel ridge regression gives in closed form (Allen's PRESS, 1974).
    """

    def __init__(
        self,
        relative_gamma: float | None = None,
        ridge: float = 0.2,
        balance: float = 0.5,
        steps: int = 4,
        progress: solve.Progress | None = None,
    ) -> None:
        self.relative_gamma = relative_gamma
        self.ridge = ridge
        self.balance = balance
        self.steps = steps
        self.progress = progress

    def fit(
        self,
        X: FloatArray,
        y: IntArray | FloatArray,
        copies: Sequence[FloatArray] = (),
        groups: IntArray | None = None,
    ) -> KernelRidgeClassifier:
        """Fit to faces.

        Parameters
        ----------
        X
            Shape (n, dims): points of `FisherPCA`.
        y
            Shape (n,): labels; or shape (n, labels): shares of the labels 0, 1, …, such as
            votes. The scores are linear in them.
        copies
            Points of changed copies (shifted, turned, zoomed) of the same faces, each of shape
            (n, dims), to be fitted as well.
        groups
            Shape (n,), sorted: faces of the same number are pictures of one face, and are left
            out together for `out_of_fold_`; each its own by default.
        """
        X, y = validate_data(self, X, y, dtype=np.float32, multi_output=True)
        if y.ndim == 1:
            check_classification_targets(y)
        self.classes_, shares = memberships(y)
        if len(self.classes_) < 2:
            raise ValueError("two or more labels are needed, got 1 class")
        targets = shares - np.float32(1 / len(self.classes_))
        importance = balanced_weights(shares, self.balance)
        # Faces are kept in 8 bits. Rounded after the fit, they cost 0.7 points of accuracy: the
        # weights of faces that are much alike are large and cancel out.
        kept = quantize(X)
        X = kept.dequantized()
        factor = self.relative_gamma or (1.5 if len(X) >= _MANY else 0.5)
        gamma = factor / mean_squared_distance(X)
        report = self.progress or solve.silent
        kernel = solve.gaussian_kernel(X, X, gamma)
        kernel[np.diag_indices(len(X))] += np.float32(self.ridge) / importance
        solve.factorise(kernel)
        report(0.4)
        weights = exact = solve.solve_factorised(kernel, targets)
        if len(copies):
            weights = solve.refine(
                exact, kernel, X, [X, *copies], targets, importance, gamma, self.ridge,
                self.steps, lambda share: report(0.4 + 0.3 * share),
            )  # fmt: skip
        solve.invert_factor(kernel)
        groups = np.arange(len(X)) if groups is None else groups
        self.out_of_fold_ = solve.held_out(kernel, exact, targets, groups)
        report(1.0)
        self.kernel_ridge_ = KernelRidge(kept, weights, gamma)
        return self

    def decision_function(self, X: FloatArray) -> FloatArray:
        """Score of each label, shape (n, labels); of two labels the second's lead, shape (n,)."""
        check_is_fitted(self, "kernel_ridge_")
        X = validate_data(self, X, reset=False, dtype=np.float32)
        scores = np.concatenate(
            [
                self.kernel_ridge_.scores(X[first : first + _ROWS])
                for first in range(0, len(X), _ROWS)
            ]
        )
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: FloatArray) -> IntArray:
        """Label of the largest score, shape (n,)."""
        scores = self.decision_function(X)
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.asarray(self.classes_[best])


def mean_squared_distance(points: FloatArray) -> float:
    """Mean squared distance of two of the points: twice the sum of their variances."""
    return max(2 * float(points.var(axis=0, dtype=np.float64).sum()), 1e-12)
