"""The default recipe as a scikit-learn classifier of arrays of faces."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from emocam.errors import EmocamError
from emocam.training.faces import Faces
from emocam.training.fit_words import WordsChoices, fit_words
from emocam.training.from_arrays import training_format
from emocam.training.soft_targets import memberships
from emocam.types import FloatArray, ImageU8, IntArray


class EmotionClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Faces to labels by visual words, kernel ridge regression and K-Means clusters.

    Works in `Pipeline` and `GridSearchCV`. With its defaults it fits the model of `emocam.train`,
    which adds a card, figures and a file.

    Parameters
    ----------
    size
        Side in pixels that faces are brought to.
    clusters
        Emotion clusters; as many as labels by default.
    words
        Visual words per scale, an even number.
    dims
        Dimensions of the projection; at most half as many as there are faces.
    ridge_balance, calibration_balance
        How far rare labels are weighted up, 0 to 1: in the regression, and in the calibration.
    copies
        Changed copies of each face (turned, shifted, zoomed, blurred) to train on as well.
    random_state
        The same number makes the same model.

    Attributes
    ----------
    classes_
        The labels.
    model_
        What was learnt, as arrays (`WordsModel`).
    """

    def __init__(
        self,
        size: int = 48,
        clusters: int | None = None,
        words: int = WordsChoices.words,
        dims: int = WordsChoices.dims,
        ridge_balance: float = WordsChoices.ridge_balance,
        calibration_balance: float = WordsChoices.calibration_balance,
        copies: int = WordsChoices.copies,
        random_state: int = WordsChoices.seed,
    ) -> None:
        self.size = size
        self.clusters = clusters
        self.words = words
        self.dims = dims
        self.ridge_balance = ridge_balance
        self.calibration_balance = calibration_balance
        self.copies = copies
        self.random_state = random_state

    def fit(self, X: ImageU8, y: IntArray | FloatArray) -> EmotionClassifier:
        """Learn from faces.

        Parameters
        ----------
        X
            Shape (n, height, width), uint8: grey faces, cut out and upright.
        y
            Shape (n,): labels; or shape (n, labels): shares of the labels 0, 1, …, such as votes.

        Returns
        -------
        EmotionClassifier
            Itself, fitted.

        Raises
        ------
        ValueError
            When these are not faces and labels, there is one label only, or a choice is out of
            range.
        """
        images = self._checked(X)
        check_consistent_length(images, y)
        if np.ndim(y) == 1:
            check_classification_targets(y)
        self.classes_, shares = memberships(y)
        if len(self.classes_) < 2:
            raise ValueError("two or more labels are needed, got 1 class")
        faces = Faces(
            images=images,
            targets=shares.argmax(axis=1),
            labels=tuple(map(str, self.classes_)),
            names=tuple(map(str, range(len(images)))),
            votes=shares,
        )
        choices = WordsChoices(
            clusters=self.clusters, words=self.words, dims=self.dims, copies=self.copies,
            ridge_share=1.0, calibration_share=1.0, ridge_balance=self.ridge_balance,
            calibration_balance=self.calibration_balance, seed=self.random_state,
        )  # fmt: skip
        try:
            self.model_, _ = fit_words(faces, choices)
        except EmocamError as error:
            raise ValueError(str(error)) from error
        return self

    def predict_proba(self, X: ImageU8) -> FloatArray:
        """Calibrated probabilities of the labels.

        Parameters
        ----------
        X
            Shape (n, height, width), uint8.

        Returns
        -------
        FloatArray
            Shape (n, labels), rows summing to 1; the cluster's label has the largest.
        """
        check_is_fitted(self, "model_")
        return self.model_.predict(self._checked(X)).probabilities

    def predict(self, X: ImageU8) -> IntArray:
        """Label of each face's cluster.

        Parameters
        ----------
        X
            Shape (n, height, width), uint8.

        Returns
        -------
        IntArray
            Shape (n,): one of `classes_` a face.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _checked(self, X: ImageU8) -> ImageU8:
        X = np.asarray(X)
        if X.ndim != 3 or X.dtype != np.uint8 or not X.size:
            raise ValueError(
                f"one or more faces are uint8 of shape (n, height, width), got {X.dtype} of "
                f"shape {X.shape}"
            )
        return training_format(X, self.size)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
