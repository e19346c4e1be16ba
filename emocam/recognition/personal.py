"""A model of one person's face: the generic one, adapted to it, and the person's own centres.

Three steps, each of which falls back on the generic reading where nothing was taught:

1. A face is read as if it were an average person's, see `adapted`.
2. Among the labels that were taught, the person's own centres decide as well: K-Means' nearest
   centre as a probability. What only the place of the box adds is left out of the distances. The
   scatter around the centres is unknown, so squared distances count by their logarithm (Student's
   t, as for a Gaussian of unknown variance: Murphy, "Conjugate Bayesian analysis of the Gaussian
   distribution", 2007). A centre of n examples is itself uncertain, so its distances are divided
   by 1 + 1/n. How sharply they count is learnt from how well the examples are told apart when each
   is left out, beside what is usual (empirical Bayes).
3. Labels that were not taught keep the share that step 1 gave them, less where the face is nearer
   to one that was taught than two expressions of a person usually are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from emocam.errors import InputError
from emocam.recognition.adapted import AdaptedModel
from emocam.recognition.prediction import FaceModel, PersonalAnswers, Prediction
from emocam.recognition.profile import Profile
from emocam.recognition.words_model import WordsModel, in_batches
from emocam.runtime import one_blas_thread
from emocam.types import FloatArray, ImageU8, IntArray

OWNER_WITHIN = 0.68
"""Faces that lie farther from all centres are somebody else's: a squared distance, in units of the
spread of all faces around the mean of their label."""

_USUAL_SHARPNESS = 16.0  # directions that a person's faces of one label scatter in, effectively
_SHARPNESSES = (4.0, 8.0, 16.0, 24.0)
_USUAL_EXAMPLES = 6.0  # so many left-out examples count as much as what is usual
_LEAST_SCATTER = 0.02  # of the population's spread: nearer than that is all alike
_LEAST_WEIGHT = 0.05
# An example counts less below this probability of its label, in relation to the likeliest one and
# to the best example of the same label.
_SUSPICIOUS = 0.05
# The generic reading and the distances see the same face, so they are no two independent witnesses.
_GENERIC_SHARE = 0.5
# How much the nearness to all that was taught counts against what was not: less, since nobody knows
# where that would lie.
_OPENNESS = 3.0
_USUALLY_APART = 0.3
_MOST_GAIN = (-1.5, 3.0)
_ROUNDS = 2


def teachable(model: FaceModel) -> WordsModel:
    """The model, if it has a learnt space.

    Raises
    ------
    InputError
        When it has none.
    """
    if not isinstance(model, WordsModel):
        raise InputError(
            f"a model of the recipe '{model.recipe}' can't be taught a face: it has no learnt "
            "space; use one of the recipe 'words', such as the default"
        )
    return model


@dataclass(frozen=True, eq=False)
class PersonalModel:
    """Reads one person's face, and anybody else's as the generic model does.

    Attributes
    ----------
    profile
        What was taught.
    labels
        The model's, then the person's own.
    generic
        The generic model, adapted to this person.
    taught
        Shape (taught,), int64: numbers of the labels with centres.
    centers
        Shape (taught, dims), float32.
    counts
        Shape (taught,), float32: examples of each, poor ones counted less.
    mixtures
        Shape (own labels, model's labels), float32: what the model takes each own label for.
    sharpness
        How much nearness counts.
    weights
        Shape (examples,), float32: how much each example of the profile counts.
    example_logs
        Shape (examples, model's labels), float32: what `generic` says of each.
    """

    profile: Profile
    labels: tuple[str, ...]
    generic: AdaptedModel
    taught: IntArray
    centers: FloatArray
    counts: FloatArray
    mixtures: FloatArray
    sharpness: float
    weights: FloatArray
    example_logs: FloatArray

    @classmethod
    def fit(cls, model: FaceModel, profile: Profile) -> PersonalModel:
        """Of a profile that was made with this model.

        Raises
        ------
        InputError
            When it was made with another one.
        """
        words = teachable(model)
        if profile.space != words.space or profile.labels != words.labels:
            raise InputError(
                "the profile was made with another model: use that one with --model, or make the "
                "profile anew with emocam teach"
            )
        labels = words.labels + profile.own_labels
        numbers, points = _numbers(profile, labels), _points(profile)
        taught = np.unique(numbers)
        shares = _shares(numbers, taught, np.ones(len(points), np.float32))
        generic = AdaptedModel.fit(words, shares @ points, taught)
        seen = _normal(generic.logits(points, generic.adapted_scores(points)))
        found = cls(
            profile,
            labels,
            generic,
            taught,
            np.asarray(shares @ points, np.float32),
            (numbers == taught[:, None]).sum(axis=1).astype(np.float32),
            np.asarray(shares[taught >= len(words.labels)] @ np.exp(seen), np.float32),
            _USUAL_SHARPNESS,
            np.ones(len(points), np.float32),
            seen,
        )
        for _ in range(_ROUNDS):
            found = found._weighted(numbers, points)
        return replace(found, sharpness=found.left_out().best_sharpness(numbers))

    def _weighted(self, numbers: IntArray, points: FloatArray) -> PersonalModel:
        """The same with less weight on examples that the others take for something else."""
        left_out = self.left_out()
        said = left_out.probabilities
        own = said[np.arange(len(numbers)), numbers] / said.max(axis=1)
        best = np.array([own[numbers == number].max() for number in numbers])
        kept = np.clip(own / best / _SUSPICIOUS, _LEAST_WEIGHT, 1)
        weights = np.where(left_out.tried, kept, 1)
        weights = weights.astype(np.float32)
        counts = ((numbers == self.taught[:, None]) * weights).sum(axis=1)
        centers = _shares(numbers, self.taught, weights) @ points
        return replace(self, weights=weights, counts=counts, centers=centers)

    def predict(self, faces_gray: ImageU8) -> Prediction:
        """The generic answers of faces, and those for this person.

        Parameters
        ----------
        faces_gray
            Shape (n, size, size), uint8.
        """
        model, labels = self.generic.model, len(self.generic.model.labels)
        with one_blas_thread():
            points = model.batched_points(faces_gray)
            scores = np.concatenate(
                [self.generic.kernel_ridge.scores(part) for part in in_batches(points)]
            )
            generic = model.clusters.predict(scores[:, :labels])
            distances = self.distances(points)
            probabilities = self.read(points, scores[:, labels:], distances)
        unknown = np.zeros((len(points), len(self.labels) - labels), np.float32)
        personal = PersonalAnswers(
            probabilities,
            probabilities.argmax(axis=1) + self.first_cluster,
            distances.min(axis=1),
            OWNER_WITHIN,
        )
        padded = np.concatenate([generic.probabilities, unknown], axis=1)
        return Prediction(padded, generic.clusters, points, personal)

    @property
    def first_cluster(self) -> int:
        """Number of the person's cluster of the first label; the model's clusters come before."""
        return len(self.generic.model.centers)

    def read(
        self, points: FloatArray, adapted_scores: FloatArray, distances: FloatArray
    ) -> FloatArray:
        """Probabilities of all labels, shape (n, labels), were these the person's faces.

        Parameters
        ----------
        points
            Shape (n, dims).
        adapted_scores
            What the adapted kernel gave them, shape (n, model's labels).
        distances
            From `distances`, shape (n, taught).
        """
        logs = _with_mixtures(_normal(self.generic.logits(points, adapted_scores)), self.mixtures)
        return np.exp(self._with_own(logs, distances, self.sharpness))

    def distances(self, points: FloatArray) -> FloatArray:
        """Squared distance to each centre, shape (n, taught), in units of the population's spread.

        Less by as much as the centre is uncertain, so they are alike for few and many examples.
        """
        points, centers = self._unframed(points), self._unframed_centers
        squares = np.square(points).sum(axis=1)[:, None] + np.square(centers).sum(axis=1)
        squares = np.maximum(squares - 2 * points @ centers.T, 0)
        spread = self.generic.model.population.point_spread.total
        return np.asarray(squares / (1 + 1 / self.counts) / spread, np.float32)

    def example_distances(self, point: FloatArray) -> FloatArray:
        """Squared distance of one point, shape (dims,), to each example, in the same units."""
        squares = np.square(self._unframed(_points(self.profile) - point)).sum(axis=1)
        return np.asarray(squares / self.generic.model.population.point_spread.total, np.float32)

    def left_out(self) -> LeftOut:
        """The examples, each read without itself where its label has another one."""
        points = _points(self.profile)
        distances = self.distances(points)
        places = np.searchsorted(self.taught, _numbers(self.profile, self.labels))
        rest = self.counts[places] - self.weights
        tried = np.array([self.profile.count(one.label) > 1 for one in self.profile.examples])
        for row in np.flatnonzero(tried):
            place = places[row]
            others = self.counts[place] * self.centers[place] - self.weights[row] * points[row]
            apart = (points[row] - others / rest[row])[None]
            square = np.square(self._unframed(apart)).sum()
            spread = self.generic.model.population.point_spread.total
            distances[row, place] = square / (1 + 1 / max(rest[row], 1e-6)) / spread
        return LeftOut(self, _with_mixtures(self.example_logs, self.mixtures), distances, tried)

    def _unframed(self, points: FloatArray) -> FloatArray:
        """Points without what only the place of the box adds."""
        if self.profile.framing is None:
            return points
        basis = self.profile.framing.basis
        return np.asarray(points - points @ basis @ basis.T, np.float32)

    @cached_property
    def _unframed_centers(self) -> FloatArray:
        return self._unframed(self.centers)

    def _with_own(self, logs: FloatArray, distances: FloatArray, sharpness: float) -> FloatArray:
        """Logarithms of the probabilities, with the share of the taught labels dealt out anew.

        The whole share grows where a face is nearer to a centre than taught labels lie apart, and
        shrinks where it is farther from all.
        """
        before = logs[:, self.taught]
        apart = np.log(_LEAST_SCATTER + distances)
        after = np.float32(_GENERIC_SHARE) * before - np.float32(sharpness / 2) * apart
        nearness = np.log(_LEAST_SCATTER + _USUALLY_APART) - apart.min(axis=1, keepdims=True)
        gain = np.clip(np.float32(_OPENNESS / 2) * nearness, *_MOST_GAIN)
        dealt = np.array(logs)
        dealt[:, self.taught] = after - _log_sum(after) + _log_sum(before) + gain
        return _normal(dealt)


@dataclass(frozen=True, eq=False)
class LeftOut:
    """The examples of a profile, each read by the others.

    Attributes
    ----------
    logs, distances
        Of each example, shape (n, labels) and (n, taught).
    tried
        Shape (n,), bool: whether its label has other examples; without, it can't be left out.
    """

    personal: PersonalModel
    logs: FloatArray
    distances: FloatArray
    tried: np.ndarray

    @property
    def probabilities(self) -> FloatArray:
        """Shape (n, labels)."""
        return np.exp(self._logs(self.personal.sharpness))

    def best_sharpness(self, numbers: IntArray) -> float:
        """The one under which the left-out examples of these labels are likeliest."""
        if not self.tried.any() or len(self.personal.taught) < 2:
            return _USUAL_SHARPNESS
        rows = np.flatnonzero(self.tried)
        weights = self.personal.weights[rows]

        def fit(sharpness: float) -> float:
            said = self._logs(sharpness)[rows, numbers[rows]]
            usual = _USUAL_EXAMPLES * np.log(sharpness / _USUAL_SHARPNESS) ** 2
            return float(weights @ np.maximum(said, np.log(0.02)) - usual)

        return max(_SHARPNESSES, key=fit)

    def _logs(self, sharpness: float) -> FloatArray:
        return self.personal._with_own(self.logs, self.distances, sharpness)


def _with_mixtures(logs: FloatArray, mixtures: FloatArray) -> FloatArray:
    """With own labels: each is as likely as what the model takes its examples for."""
    if not len(mixtures):
        return logs
    own = np.log(np.exp(logs) @ mixtures.T + 1e-9)
    return _normal(np.concatenate([logs, own], axis=1))


def _points(profile: Profile) -> FloatArray:
    """Of all examples, shape (examples, dims)."""
    return np.stack([one.point for one in profile.examples])


def _numbers(profile: Profile, labels: tuple[str, ...]) -> IntArray:
    """Number of each example's label, shape (examples,)."""
    return np.array([labels.index(one.label) for one in profile.examples], np.int64)


def _shares(numbers: IntArray, taught: IntArray, weights: FloatArray) -> FloatArray:
    """Of each example in each centre, shape (taught, examples); rows sum to 1."""
    members = (numbers == taught[:, None]) * weights
    return np.asarray(members / members.sum(axis=1, keepdims=True), np.float32)


def _log_sum(logs: FloatArray) -> FloatArray:
    highest = logs.max(axis=1, keepdims=True)
    return np.asarray(highest + np.log(np.exp(logs - highest).sum(axis=1, keepdims=True)))


def _normal(logs: FloatArray) -> FloatArray:
    return np.asarray(logs - _log_sum(logs), np.float32)
