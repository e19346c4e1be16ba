from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from emocam.recognition.codebook import pooling_weights
from emocam.training.dense_descriptors import DenseDescriptors
from emocam.training.vocabulary import VisualVocabulary, whiten_both_ways


@pytest.fixture(scope="module")
def faces():
    random = np.random.default_rng(2)
    small = random.integers(0, 256, (12, 12, 12)).astype(np.uint8)
    return np.kron(small, np.ones((1, 4, 4), np.uint8))


@pytest.fixture(scope="module")
def descriptors(faces):
    return DenseDescriptors().fit_transform(faces)


@pytest.fixture(scope="module")
def vocabulary(descriptors):
    return VisualVocabulary(words=32, dims=24, samples=2000).fit(descriptors)


def test_a_face_and_its_mirror_image_count_alike(faces, descriptors, vocabulary):
    mirrored = DenseDescriptors().transform(np.ascontiguousarray(faces[:, :, ::-1]))
    assert vocabulary.transform(mirrored) == pytest.approx(
        vocabulary.transform(descriptors), abs=1e-4
    )


def test_a_word_has_its_residual_and_its_share_of_each_cell(descriptors, vocabulary):
    # The batched way against the plain one, for the face and its mirror image.
    codebook = vocabulary.codebook_
    centers = np.concatenate([codebook.centers, codebook.centers * codebook.parity])
    whitened = codebook.whiten(descriptors[0]).astype(np.float64)
    powers = np.exp(codebook.inverse_temperature * (whitened @ centers.T))
    shares = powers / powers.sum(axis=1, keepdims=True)
    pooling = pooling_weights(16, codebook.cells)
    statistics = np.zeros((4, 4, 32, 25))
    for cell, weights in enumerate(pooling):
        for word, center in enumerate(centers):
            weight = weights * shares[:, word]
            residual = weight @ (whitened - center)
            statistics[cell // 4, cell % 4, word] = [*residual, weight.sum()]
    assert statistics[..., -1].sum(axis=2) == pytest.approx(np.ones((4, 4)), abs=1e-4)
    rooted = np.sign(statistics) * np.sqrt(np.abs(statistics))
    signs = np.append(codebook.parity, 1)
    wanted = (rooted[:, :, :16] + rooted[:, ::-1, 16:] * signs) / 2
    found = vocabulary.transform(descriptors[:1])[0]
    assert found == pytest.approx(wanted.ravel(), abs=2e-3)


def test_whitened_descriptors_are_of_unit_variance_and_have_a_parity():
    described = np.random.default_rng(0).random((5000, 128)).astype(np.float32) ** 3
    mean, whitening, parity = whiten_both_ways(described, 20)
    from emocam.recognition.descriptors import MIRRORED

    both = np.concatenate([described, described[:, MIRRORED]])
    whitened = (both - mean) @ whitening
    assert whitened.std(axis=0) == pytest.approx(np.ones(20), rel=0.02)
    assert whitened[5000:] == pytest.approx(whitened[:5000] * parity, abs=1e-3)
    assert set(parity.tolist()) == {1.0, -1.0}


def test_pooling_shares_sum_to_one():
    weights = pooling_weights(16, 4)
    assert weights.shape == (16, 256)
    assert weights.sum(axis=1) == pytest.approx(np.ones(16), rel=1e-5)
    assert weights.min() >= 0


def test_clones_learn_the_same_words(descriptors, vocabulary):
    again = clone(vocabulary).fit(descriptors)
    assert np.array_equal(again.codebook_.centers, vocabulary.codebook_.centers)
    assert vocabulary.transform(descriptors).shape[1] == vocabulary.n_features_out_


@pytest.mark.parametrize(
    ("change", "message"),
    [({"words": 31}, "even number"), ({"words": 100_000}, "use fewer words or more faces")],
)
def test_words_that_can_not_be_learnt(descriptors, change, message):
    with pytest.raises(ValueError, match=message):
        VisualVocabulary(**change).fit(descriptors)


@pytest.mark.parametrize("shape", [(16, 128), (2, 15, 128), (2, 16, 64)])
def test_what_are_no_descriptors(shape):
    with pytest.raises(ValueError, match=r"shape \(n, points², 128\)"):
        VisualVocabulary().fit(np.zeros(shape, np.float32))
