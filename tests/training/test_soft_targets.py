"""Shares of labels in place of labels: what scikit-learn's estimators take as a matrix y."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from emocam.training.emotion_clusters import EmotionClusters
from emocam.training.kernel_ridge import FisherPCA, KernelRidgeClassifier, fisher_ratio
from emocam.training.soft_targets import balanced_weights, label_weights, memberships


@pytest.fixture
def made_up():
    """Sixty faces of three labels, and what ten people might call them."""
    random = np.random.default_rng(3)
    targets = np.arange(60) % 3
    features = random.standard_normal((60, 12)).astype(np.float32)
    features[:, :3] += 2 * np.eye(3)[targets]
    votes = random.multinomial(10, 0.5 * np.eye(3)[targets] + 1 / 6)
    return features, targets, votes


@pytest.mark.parametrize(
    "estimator",
    [FisherPCA(dims=4), KernelRidgeClassifier(), EmotionClusters()],
    ids=lambda one: type(one).__name__,
)
def test_shares_of_one_or_none_are_labels(estimator, made_up):
    features, targets, _ = made_up
    hard = clone(estimator).fit(features, targets)
    soft = clone(estimator).fit(features, np.eye(3)[targets])
    for name in ("transform", "decision_function", "predict_proba", "predict"):
        if hasattr(hard, name):
            assert getattr(soft, name)(features) == pytest.approx(
                getattr(hard, name)(features), abs=1e-5
            )


def test_scores_and_those_of_faces_left_out_are_linear_in_the_shares(made_up):
    features, targets, votes = made_up
    voted, named = votes / 10, np.eye(3)[targets]
    of_votes, of_labels, of_both = (
        KernelRidgeClassifier(balance=0.0).fit(features, shares)
        for shares in (voted, named, 0.3 * voted + 0.7 * named)
    )
    for told in (
        lambda one: one.decision_function(features),
        lambda one: one.out_of_fold_,
    ):
        wanted = 0.3 * told(of_votes) + 0.7 * told(of_labels)
        assert told(of_both) == pytest.approx(wanted, abs=1e-4)


def test_held_out_scores_of_shares_are_those_of_a_fit_without_the_face(made_up):
    features, _, votes = made_up
    everything = KernelRidgeClassifier(relative_gamma=0.5, balance=0.0).fit(features, votes)
    kept = everything.kernel_ridge_.references.dequantized()
    distance = np.square(kept[:, None] - kept[None]).sum(axis=2)
    kernel = np.exp(-everything.kernel_ridge_.gamma * distance).astype(float)
    targets = votes / 10 - 1 / 3
    for left in (0, 17, 59):
        others = np.arange(60) != left
        fitted = np.linalg.solve(kernel[np.ix_(others, others)] + 0.2 * np.eye(59), targets[others])
        wanted = kernel[left, others] @ fitted
        assert everything.out_of_fold_[left] == pytest.approx(wanted, abs=1e-4)


def test_calibrated_probabilities_are_the_shares():
    random = np.random.default_rng(0)
    scores = random.standard_normal((3000, 3)).astype(np.float32)
    probabilities = np.exp(1.5 * scores) / np.exp(1.5 * scores).sum(axis=1, keepdims=True)
    learnt = EmotionClusters(balance=0.0).fit(scores, probabilities)
    assert learnt.clusters_.probabilities(scores) == pytest.approx(probabilities, abs=0.01)


@pytest.fixture
def one_in_five():
    """Scores of 3,000 faces, and their shares of two labels, of which one is rare."""
    random = np.random.default_rng(0)
    scores = random.standard_normal((3000, 2)).astype(np.float32)
    ratio = np.exp(scores[:, :1] - 2)
    return scores, np.hstack([ratio, np.ones_like(ratio)]) / (1 + ratio)


def test_balance_weighs_each_label_by_its_mass(one_in_five):
    scores, shares = one_in_five
    plain, even = (
        EmotionClusters(balance=balance).fit(scores, shares).clusters_ for balance in (0.0, 1.0)
    )
    assert plain.probabilities(scores) == pytest.approx(shares, abs=0.01)
    # Without the common factor, the weights move each logit by the logarithm of the masses.
    slope = [np.ptp(one.logits(scores) @ [1, -1]) for one in (plain, even)]
    moved = even.logits(scores) @ [1, -1] * slope[0] / slope[1] - plain.logits(scores) @ [1, -1]
    masses = shares.sum(axis=0)
    assert moved.mean() == pytest.approx(np.log(masses[1] / masses[0]), rel=0.05)


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_certainty_is_right_on_average_however_labels_are_weighed(one_in_five, balance):
    scores, shares = one_in_five
    probabilities = (
        EmotionClusters(balance=balance).fit(scores, shares).clusters_.probabilities(scores)
    )
    answered = shares[np.arange(len(shares)), probabilities.argmax(axis=1)]
    assert probabilities.max(axis=1).mean() == pytest.approx(answered.mean(), abs=5e-3)


def test_fishers_ratio_goes_by_shares(made_up):
    features, targets, _ = made_up
    centered = (features - features.mean(axis=0))[:, :5]
    certain = fisher_ratio(centered, np.eye(3)[targets])
    nothing = fisher_ratio(centered, np.full((60, 3), 1 / 3))
    assert certain[:3].min() > certain[3:].max()
    assert len(set(nothing.tolist())) == 1


def test_weights_go_by_the_mass_of_labels():
    shares = np.array([[1, 0], [0.5, 0.5], [0.5, 0.5], [1, 0]])
    weights = label_weights(shares, 1.0)
    assert weights * shares.sum(axis=0) == pytest.approx([2, 2])
    assert balanced_weights(shares, 1.0).mean() == pytest.approx(1)
    assert label_weights(shares, 0.0) == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ([[1, -1], [0, 1]], "0 or more"),
        ([[1, np.nan], [0, 1]], "0 or more"),
        ([[0, 0], [0, 1]], "every face"),
        ([[1, 0], [1, 0]], "every label some face"),
    ],
)
def test_shares_that_are_none(shares, message):
    with pytest.raises(ValueError, match=message):
        memberships(np.array(shares))


def test_labels_keep_their_names():
    labels, shares = memberships(np.array(["sad", "happy", "sad"]))
    assert labels.tolist() == ["happy", "sad"]
    assert shares.tolist() == [[0, 1], [1, 0], [0, 1]]
