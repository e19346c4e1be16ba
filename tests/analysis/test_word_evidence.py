from __future__ import annotations

import numpy as np
import pytest

from emocam.analysis.cluster_measures import Clustered
from emocam.analysis.explain import explain_face
from emocam.analysis.figures.explanation import plot_explanations
from emocam.analysis.figures.words import plot_vocabulary
from emocam.analysis.word_evidence import cut_patch, strongest_words, word_glyph, word_pages
from emocam.recognition.words_model import WordsModel
from emocam.training.faces import Faces
from emocam.training.fit_words import WordsChoices, fit_words

SIDE = 24


@pytest.fixture(scope="module")
def faces() -> Faces:
    """Pictures with a bright bar that lies across ('flat') or stands upright ('steep')."""
    random = np.random.default_rng(0)
    images = random.integers(90, 110, (40, SIDE, SIDE)).astype(np.uint8)
    for number, image in enumerate(images):
        at = int(random.integers(8, 14))
        (image if number % 2 else image.T)[at : at + 3] = 220
    targets = np.arange(40) % 2
    return Faces(images, 1 - targets, ("flat", "steep"), tuple(map(str, range(40))))


@pytest.fixture(scope="module")
def model(faces) -> WordsModel:
    return fit_words(faces, WordsChoices(words=32, dims=8, copies=0))[0]


def test_the_model_shows_its_clusters_as_it_uses_them(model, faces):
    assert isinstance(model, Clustered)
    space = model.cluster_space(faces.images)
    distances = np.linalg.norm(space[:, None] - model.centers[None], axis=2)
    prediction = model.predict(faces.images)
    assert distances.argmin(axis=1).tolist() == prediction.clusters.tolist()
    said = prediction.probabilities.argmax(axis=1)
    assert model.cluster_names[prediction.clusters].tolist() == said.tolist()
    logits = model.evidence(faces.images)
    lead = np.log(prediction.probabilities[:, 0] / prediction.probabilities[:, 1])
    swapped = logits.argmax(axis=1) != said
    assert (logits[:, 0] - logits[:, 1])[~swapped] == pytest.approx(lead[~swapped], abs=1e-2)


def test_words_are_weighed_by_what_ignoring_them_changes(model, faces):
    face = faces.images[1]
    evidence = strongest_words(model, face, label=0, second=1)
    weights = [word.weight for word in evidence]
    speaking = [weight for weight in weights if weight > 0]
    assert speaking
    assert speaking == sorted(speaking, reverse=True)
    first = evidence[0]
    features = model.describe(face[None])
    start = sum(scale.codebook.length for scale in model.scales[: first.scale])
    words = model.scales[first.scale].codebook
    block = features[0, start : start + words.length].reshape(16, len(words.centers), -1)
    logits = model.clusters.logits(model.scores(features))[0]
    block[:, first.word] = 0
    without = model.clusters.logits(model.scores(features))[0]
    change = (logits[0] - logits[1]) - (without[0] - without[1])
    assert first.weight == pytest.approx(change, rel=1e-3, abs=1e-4)


def test_a_patch_is_cut_where_the_word_is(model, faces):
    for word in strongest_words(model, faces.images[2], label=1, second=0):
        assert cut_patch(faces.images[2], word).shape == (round(word.side),) * 2
        assert all(0 <= at < SIDE for at in word.center_yx)
        assert word.glyph.shape == (4, 4, 8)
        assert word.glyph.min() >= 0


def test_glyphs_of_different_words_differ(model):
    words = model.scales[0].codebook
    assert not np.allclose(word_glyph(words, 0), word_glyph(words, 1))


def test_pages_count_every_descriptor_once(model, faces):
    pages = word_pages(model, faces.images, most_faces=10)
    assert len(pages) == len(model.scales)
    for page, scale in zip(pages, model.scales, strict=True):
        assert page.counts.sum() == 10 * (SIDE // scale.step) ** 2
        assert page.patches.shape == (len(scale.codebook.centers), *(round(4 * scale.cell),) * 2)
    assert "visual words" in plot_vocabulary(pages[0]).axes[0].get_title()


def test_an_explanation_draws_its_words(model, faces):
    explanation = explain_face(model, faces.images[1])
    assert explanation.labels[explanation.label] == "flat"
    assert explanation.words
    assert explanation.figures()["words"][0]["weight"] == explanation.words[0].weight
    assert len(plot_explanations([explanation]).axes) > 5
