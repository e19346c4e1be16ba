"""The methods that `emocam compare` fits on the same faces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import cv2
import numpy as np
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from emocam.recognition.prediction import FaceModel
from emocam.training.faces import Faces
from emocam.training.fit_pixels import fit_pixels
from emocam.training.fit_words import WordsChoices, fit_words
from emocam.types import FloatArray, ImageU8, IntArray

_NEIGHBORS = 5
_SVM_C = 1e-4  # best of 1e-4 to 1e-2 in cross-validation on FER2013's training part
_HOG_SIDE, _HOG_CELL, _HOG_ORIENTATIONS = 48, 8, 9


class Method(ABC):
    """A method; `name` is what tables and figures call it."""

    name: str

    @abstractmethod
    def fit(self, faces: Faces) -> None:
        """Learn from labelled faces."""

    @abstractmethod
    def predict(self, faces_gray: ImageU8) -> IntArray:
        """Number of the label of each face; `faces_gray` has the shape (n, size, size), uint8."""


class ModelMethod(Method):
    """A model that is fitted already, such as the one that emocam carries.

    Parameters
    ----------
    name
        See `Method`.
    model
        The fitted recipe.
    labels
        Those of the data set, all known to the model; the answer is the likeliest of these.
    """

    def __init__(self, name: str, model: FaceModel, labels: Sequence[str]) -> None:
        self.name = name
        self._model = model
        self._columns = [model.labels.index(label) for label in labels]

    def fit(self, faces: Faces) -> None:
        """Nothing to learn."""

    def predict(self, faces_gray: ImageU8) -> IntArray:
        probabilities = self._model.predict(faces_gray).probabilities[:, self._columns]
        return np.asarray(probabilities.argmax(axis=1), dtype=np.int64)


class PixelClusters(Method):
    """The study's recipe: K-Means on scaled grey values.

    Parameters
    ----------
    clusters_per_label
        1 names the clusters by one-to-one matching, as the study does; more take the majority.
    """

    def __init__(self, clusters_per_label: int = 1) -> None:
        self.clusters_per_label = clusters_per_label
        many = clusters_per_label > 1
        self.name = "K-Means on pixels" + (f", {clusters_per_label}× the clusters" * many)

    def fit(self, faces: Faces) -> None:
        wanted = self.clusters_per_label * len(faces.labels)
        self._model, _ = fit_pixels(faces, clusters=min(wanted, len(faces.images)))

    def predict(self, faces_gray: ImageU8) -> IntArray:
        probabilities = self._model.predict(faces_gray).probabilities
        return np.asarray(probabilities.argmax(axis=1), dtype=np.int64)


class VisualWords(Method):
    """emocam's own recipe, fitted on the same few faces as the others."""

    name = "K-Means on visual words"

    def fit(self, faces: Faces) -> None:
        self._model, _ = fit_words(faces, WordsChoices())

    def predict(self, faces_gray: ImageU8) -> IntArray:
        return np.asarray(self._model.predict(faces_gray).probabilities.argmax(axis=1), np.int64)


class _Classifier(Method):
    """A scikit-learn pipeline on features of the faces."""

    pipeline: Pipeline

    def features(self, faces_gray: ImageU8) -> FloatArray:
        return faces_gray.reshape(len(faces_gray), -1).astype(np.float32)

    def fit(self, faces: Faces) -> None:
        self.pipeline.fit(self.features(faces.images), faces.targets)

    def predict(self, faces_gray: ImageU8) -> IntArray:
        return np.asarray(self.pipeline.predict(self.features(faces_gray)), dtype=np.int64)


class NearestNeighbors(_Classifier):
    """k-NN (k = 5) on scaled grey values."""

    name = "k-NN on pixels (k = 5)"

    def fit(self, faces: Faces) -> None:
        neighbors = min(_NEIGHBORS, len(faces.images))
        self.pipeline = make_pipeline(StandardScaler(), KNeighborsClassifier(neighbors))
        super().fit(faces)

    def ties(self, faces_gray: ImageU8) -> IntArray:
        """How many labels share the most votes, for each face: 1 is a clear answer."""
        votes = self.pipeline.predict_proba(self.features(faces_gray))
        best = votes.max(axis=1, keepdims=True)
        return np.asarray(np.isclose(votes, best).sum(axis=1), dtype=np.int64)


class NaiveBayes(_Classifier):
    """Gaussian Naive Bayes on scaled grey values."""

    name = "Gaussian Naive Bayes on pixels"

    def __init__(self) -> None:
        self.pipeline = make_pipeline(StandardScaler(), GaussianNB())


class HogSvm(_Classifier):
    """Histograms of oriented gradients with a linear SVM (Dalal and Triggs, CVPR 2005)."""

    name = "HOG + linear SVM"

    def __init__(self) -> None:
        self.pipeline = make_pipeline(StandardScaler(), LinearSVC(C=_SVM_C, dual=False))

    def features(self, faces_gray: ImageU8) -> FloatArray:
        """Shape (n, 900): 5×5 blocks of 2×2 cells of 8×8 pixels, 9 orientations."""
        cell, block, side = (_HOG_CELL,) * 2, (2 * _HOG_CELL,) * 2, (_HOG_SIDE,) * 2
        hog = cv2.HOGDescriptor(side, block, cell, cell, _HOG_ORIENTATIONS)
        return np.stack(
            [np.ravel(hog.compute(cv2.resize(face, side))) for face in faces_gray]
        ).astype(np.float32)


def study_methods(carried: FaceModel, labels: Sequence[str]) -> list[Method]:
    """All methods of the comparison, in the order of the tables.

    Parameters
    ----------
    carried
        The finished model to compare with; left out when it doesn't know all labels.
    labels
        Those of the data set.
    """
    methods: list[Method] = [
        PixelClusters(),
        PixelClusters(clusters_per_label=10),
        NearestNeighbors(),
        NaiveBayes(),
        HogSvm(),
        VisualWords(),
    ]
    if set(labels) <= set(carried.labels):
        methods.append(ModelMethod(f"model '{carried.recipe}', as trained", carried, labels))
    return methods
