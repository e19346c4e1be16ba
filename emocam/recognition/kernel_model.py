"""Recipe `words`: codebooks, projection, kernel ridge, emotion clusters. NumPy and OpenCV only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from emocam.errors import ModelError
from emocam.recognition.codebook import Scale, encode_faces
from emocam.recognition.model_file import ModelFile
from emocam.recognition.population import Population
from emocam.recognition.prediction import Prediction
from emocam.recognition.quantized import QuantizedMatrix
from emocam.runtime import one_blas_thread
from emocam.types import FloatArray, ImageU8, IntArray

_BATCH = 64
_Rows = TypeVar("_Rows", FloatArray, ImageU8)


@dataclass(frozen=True, eq=False)
class Projection:
    """Linear projection of features to the space in which faces are compared, in two steps.

    The first step reduces the features of each pooling cell, with one basis for all cells of a
    scale. That takes a third of the parameters of a single step.
    """

    # Shape (features,), float32: taken from the features, then multiplied with them
    offset: FloatArray
    scale: FloatArray
    # One a scale, shape (features of a cell, kept), float32; none leaves out the first step
    bases: tuple[FloatArray, ...]
    matrix: QuantizedMatrix  # shape (kept of all cells and scales, dims)
    cells: int  # pooling cells of a face

    def points(self, features: FloatArray) -> FloatArray:
        """Points, shape (n, dims), for features of shape (n, features)."""
        return self.matrix.left_product(self.reduced((features - self.offset) * self.scale))

    def reduced(self, scaled: FloatArray) -> FloatArray:
        """After the first step, shape (n, kept of all cells and scales)."""
        if not self.bases:
            return scaled
        count, start, parts = len(scaled), 0, []
        for basis in self.bases:
            stop = start + self.cells * len(basis)
            cells = scaled[:, start:stop].reshape(count * self.cells, len(basis))
            parts.append((cells @ basis).reshape(count, self.cells * basis.shape[1]))
            start = stop
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True, eq=False)
class KernelRidge:
    """Kernel ridge regression with a Gaussian kernel, fitted."""

    references: QuantizedMatrix  # shape (faces, dims): projected training faces
    dual_coef: FloatArray  # shape (faces, labels), float32: how much each speaks for each label
    # Factor of the squared distance in the Gaussian kernel. Larger gives weight to
    # the most similar faces alone.
    gamma: float

    def scores(self, points: FloatArray) -> FloatArray:
        """Score of each label, shape (n, labels), for points of shape (n, dims)."""
        exponent = self.references.transposed_product(points * np.float32(2 * self.gamma))
        exponent -= self._norms
        exponent -= np.float32(self.gamma) * np.square(points).sum(axis=1, keepdims=True)
        np.minimum(exponent, 0, out=exponent)
        np.exp(exponent, out=exponent)
        return np.asarray(exponent @ self._double_coef, dtype=np.float32)

    def moved_dual_coef(self, offset: FloatArray) -> FloatArray:
        """Coefficients that give the scores of points moved by an offset, but for a factor.

        With them in place of `dual_coef`, points x get the scores of x - offset, divided by
        exp(gamma × (2 x·offset - offset·offset)): a Gaussian of a sum is a product.

        Parameters
        ----------
        offset
            Shape (dims,), float32.
        """
        along = self.references.transposed_product(offset[None] * np.float32(2 * self.gamma))[0]
        return np.asarray(self.dual_coef * np.exp(-along)[:, None], np.float32)

    @cached_property
    def _double_coef(self) -> npt.NDArray[np.float64]:
        # The terms of a score sum up to thousands of times the score itself before they cancel.
        # Sums in single precision moved probabilities by up to 0.005, by how many faces were read
        # together and by the processor.
        return self.dual_coef.astype(np.float64)

    @cached_property
    def _norms(self) -> FloatArray:
        return np.asarray(self.gamma * self.references.squared_lengths(), np.float32)


@dataclass(frozen=True, eq=False)
class Clusters:
    """Calibration of the scores, and the second K-Means on the probabilities."""

    # Shape (labels, labels) and (labels,), float32: the calibrated probabilities are softmax(scores
    # @ matrix + bias), mixed with the uniform distribution
    matrix: FloatArray
    bias: FloatArray
    # Share of the uniform distribution, 0 to below 1: how many faces bear a label that says nothing
    # of them, so that no answer is ever quite certain
    uniform_share: float
    sharpening: float  # power that the probabilities are raised to before the clusters see them
    # Shape (labels,), float32: what `StandardScaler` learnt on the sharpened probabilities
    mean: FloatArray
    scale: FloatArray
    centers: FloatArray  # shape (clusters, labels), float32: what `KMeans` learnt on them, scaled
    names: IntArray  # shape (clusters,), int64: the label of each cluster

    def probabilities(self, scores: FloatArray) -> FloatArray:
        """Calibrated probabilities, shape (n, labels), of scores of the same shape."""
        return mixed_with_uniform(softmax(self.logits(scores)), self.uniform_share)

    def logits(self, scores: FloatArray) -> FloatArray:
        """What softmax makes the probabilities of, before the mixture, of the same shape."""
        return np.asarray(scores @ self.matrix + self.bias, dtype=np.float32)

    def space(self, probabilities: FloatArray) -> FloatArray:
        """Probabilities in the space of the cluster centres, of the same shape."""
        return (sharpened(probabilities, self.sharpening) - self.mean) / self.scale

    def nearest(self, probabilities: FloatArray) -> IntArray:
        """Cluster of each row, shape (n,)."""
        scaled = self.space(probabilities)
        distance = np.square(self.centers).sum(axis=1) - 2 * (scaled @ self.centers.T)
        return np.asarray(distance.argmin(axis=1), dtype=np.int64)

    def predict(self, scores: FloatArray) -> Prediction:
        """The cluster decides the emotion.

        Where the most probable label is not the cluster's, the two probabilities are swapped, so
        that the label has the largest.
        """
        probabilities = self.probabilities(scores)
        clusters = self.nearest(probabilities)
        rows = np.arange(len(probabilities))
        label, likeliest = self.names[clusters], probabilities.argmax(axis=1)
        highest = probabilities[rows, likeliest]
        probabilities[rows, likeliest] = probabilities[rows, label]
        probabilities[rows, label] = highest
        return Prediction(probabilities, clusters)


def softmax(logits: FloatArray) -> FloatArray:
    """Rows that sum to 1, of the same shape."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def mixed_with_uniform(probabilities: FloatArray, share: float) -> FloatArray:
    """Rows with that share of the uniform distribution, of the same shape."""
    mixed = (1 - share) * probabilities + share / probabilities.shape[1]
    return np.asarray(mixed, dtype=np.float32)


def sharpened(probabilities: FloatArray, power: float) -> FloatArray:
    """Powers of probabilities, rows summing to 1 again."""
    powers = np.power(np.maximum(probabilities, 1e-9), power)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class WordsModel:
    """The fitted recipe, as arrays."""

    recipe: ClassVar[str] = "words"
    labels: tuple[str, ...]  # in the order of all columns
    size: int  # side of the training format in pixels
    scales: tuple[Scale, ...]  # descriptors and their visual words
    projection: Projection  # features to points
    kernel_ridge: KernelRidge  # points to scores
    clusters: Clusters  # scores to emotion clusters
    population: Population  # where faces in general lie

    def predict(self, faces_gray: ImageU8) -> Prediction:
        """Emotion cluster and probabilities of each face.

        Parameters
        ----------
        faces_gray
            Shape (n, size, size), uint8.
        """
        # One thread: these products are small, and the detector uses the other cores.
        with one_blas_thread():
            points = self.batched_points(faces_gray)
            scores = [self.kernel_ridge.scores(part) for part in in_batches(points)]
            answers = self.clusters.predict(np.concatenate(scores))
        return replace(answers, points=points)

    def batched_points(self, faces_gray: ImageU8) -> FloatArray:
        """The same as `points`, in no more memory for many faces than for some."""
        return np.concatenate([self.points(part) for part in in_batches(faces_gray)])

    @cached_property
    def space(self) -> str:
        """Digest of the learnt space, as hexadecimal digits: what lies in it can name it."""
        digest = hashlib.sha256()
        for array in (self.population.points, self.population.logits):
            digest.update(np.ascontiguousarray(array, "<f4").tobytes())
        return digest.hexdigest()

    def points(self, faces_gray: ImageU8) -> FloatArray:
        """Faces in the learnt space (their embeddings), shape (n, dims), float32."""
        return self.projection.points(self.describe(faces_gray))

    def describe(self, faces_gray: ImageU8) -> FloatArray:
        """Word statistics of faces and their mirror images, shape (n, features), float32."""
        return encode_faces(self.scales, faces_gray)

    def scores(self, features: FloatArray) -> FloatArray:
        """Score of each label, shape (n, labels), for features of shape (n, features)."""
        return self.kernel_ridge.scores(self.projection.points(features))

    @property
    def centers(self) -> FloatArray:
        """Shape (clusters, labels), float32: centres of the emotion clusters."""
        return self.clusters.centers

    @property
    def cluster_names(self) -> IntArray:
        """Shape (clusters,), int64: number of the label that each cluster is named after."""
        return self.clusters.names

    def cluster_space(self, faces_gray: ImageU8) -> FloatArray:
        """Faces in the space of the cluster centres, shape (n, labels), float32."""
        return self.clusters.space(
            self.clusters.probabilities(self.scores(self.describe(faces_gray)))
        )

    def evidence(self, faces_gray: ImageU8) -> FloatArray:
        """Log-probabilities up to a constant of each face, shape (n, labels)."""
        return self.clusters.logits(self.scores(self.describe(faces_gray)))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for the model file; the large ones quantised to int8."""
        arrays: dict[str, np.ndarray] = {}
        for number, scale in enumerate(self.scales):
            arrays.update(scale.to_arrays(f"codebook{number}."))
        ridge = self.kernel_ridge
        arrays |= _quantized_arrays("projection.matrix", self.projection.matrix)
        projection = self.projection
        arrays |= {"projection.offset": projection.offset, "projection.scale": projection.scale}
        for number, basis in enumerate(projection.bases):
            arrays[f"projection.basis{number}"] = basis
        arrays |= _quantized_arrays("kernel_ridge.references", ridge.references)
        arrays["kernel_ridge.dual_coef"] = ridge.dual_coef
        arrays["kernel_ridge.gamma"] = np.array([ridge.gamma], np.float32)
        clusters = self.clusters
        for name in ("uniform_share", "sharpening"):
            arrays[f"clusters.{name}"] = np.array([getattr(clusters, name)], np.float32)
        for name in ("matrix", "bias", "mean", "scale", "centers", "names"):
            arrays[f"clusters.{name}"] = getattr(clusters, name)
        return arrays | self.population.to_arrays()

    @classmethod
    def from_file(cls, file: ModelFile) -> WordsModel:
        """Check and take the arrays of a model file.

        Raises
        ------
        ModelError
            When an array is absent or does not fit the card.
        """
        labels = len(file.labels)
        scales = _scales(file)
        projection = _projection(file, scales)
        dual_coef = file.array("kernel_ridge.dual_coef", (None, labels))
        ridge = KernelRidge(
            references=_quantized(
                file, "kernel_ridge.references", len(dual_coef), len(projection.matrix.scale)
            ),
            dual_coef=dual_coef.astype(np.float32),
            gamma=float(file.array("kernel_ridge.gamma", (1,))[0]),
        )
        size = int(file.card["size"])
        population = Population.from_file(file, len(projection.matrix.scale))
        return cls(file.labels, size, scales, projection, ridge, _clusters(file), population)


def _quantized_arrays(name: str, matrix: QuantizedMatrix) -> dict[str, np.ndarray]:
    return {name: matrix.values, f"{name}_scale": matrix.scale}


def _quantized(file: ModelFile, name: str, rows: int, columns: int | None) -> QuantizedMatrix:
    scale = file.array(f"{name}_scale", (columns,))
    return QuantizedMatrix(file.array(name, (rows, len(scale))), scale)


def _scales(file: ModelFile) -> tuple[Scale, ...]:
    count = sum(name.startswith("codebook") and name.endswith(".centers") for name in file.arrays)
    if not count:
        raise ModelError("the model lacks its visual words: train it anew")
    return tuple(Scale.from_file(file, f"codebook{number}.") for number in range(count))


def _projection(file: ModelFile, scales: Sequence[Scale]) -> Projection:
    cells = scales[0].codebook.cells ** 2
    if any(scale.codebook.cells**2 != cells for scale in scales):
        raise ModelError("the model's scales should have the same pooling cells")
    bases = tuple(
        file.array(f"projection.basis{number}", (scale.codebook.cell_length, None))
        for number, scale in enumerate(scales)
    )
    features = sum(scale.codebook.length for scale in scales)
    kept = cells * sum(basis.shape[1] for basis in bases)
    return Projection(
        offset=file.array("projection.offset", (features,)),
        scale=file.array("projection.scale", (features,)),
        bases=bases,
        matrix=_quantized(file, "projection.matrix", kept, None),
        cells=cells,
    )


def _clusters(file: ModelFile) -> Clusters:
    labels = len(file.labels)
    parts: dict[str, Any] = {
        name: file.array(f"clusters.{name}", (labels,)) for name in ("bias", "mean", "scale")
    }
    for name in ("uniform_share", "sharpening"):
        parts[name] = float(file.array(f"clusters.{name}", (1,))[0])
    if not 0 <= parts["uniform_share"] < 1:
        raise ModelError("the model's share of the uniform distribution should be 0 to below 1")
    parts["matrix"] = file.array("clusters.matrix", (labels, labels))
    centers = file.array("clusters.centers", (None, labels))
    names = file.array("clusters.names", (len(centers),)).astype(np.int64)
    if len(names) and not 0 <= names.min() <= names.max() < labels:
        raise ModelError(f"the model's clusters should be named by the labels 0 to {labels - 1}")
    return Clusters(**parts, centers=centers, names=names)


def in_batches(rows: _Rows) -> list[_Rows]:
    """Rows of an array in parts of 64; one empty part of none."""
    return [rows[first : first + _BATCH] for first in range(0, len(rows), _BATCH)] or [rows]
