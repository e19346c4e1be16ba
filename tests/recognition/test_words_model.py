"""The default recipe as arrays: what the file keeps; NumPy alone answers as scikit-learn does."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.pipeline import FeatureUnion, make_pipeline

from emocam.errors import ModelError
from emocam.recognition.kernel_ridge import KernelRidge
from emocam.recognition.model_file import ModelFile, load_model_file, save_model_file
from emocam.recognition.quantized import quantize
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.recognition.words_model import WordsModel
from emocam.training.dense_descriptors import DenseDescriptors
from emocam.training.emotion_clusters import EmotionClusters
from emocam.training.faces import Faces
from emocam.training.fit_words import SCALES, WordsChoices, fit_words
from emocam.training.kernel_ridge import FisherPCA, KernelRidgeClassifier
from emocam.training.vocabulary import VisualVocabulary

SIDE = 24
CHOICES = WordsChoices(words=32, dims=12, copies=1, ridge_balance=0.0, calibration_balance=0.0)


def made_up_faces(count: int, first_seed: int) -> Faces:
    """A bar at a height that depends on the label, half hidden by noise."""
    targets = np.arange(count) % 3
    images = np.random.default_rng(first_seed).integers(0, 180, (count, SIDE, SIDE))
    for image, target in zip(images, targets, strict=True):
        image[4 * target + 4 : 4 * target + 8] += 50
    images = images.astype(np.uint8)
    return Faces(images, targets, ("glad", "grim", "odd"), tuple(map(str, range(count))))


@pytest.fixture(scope="module")
def faces() -> Faces:
    return made_up_faces(60, 0)


@pytest.fixture(scope="module")
def model(faces) -> WordsModel:
    return fit_words(faces, CHOICES)[0]


@pytest.fixture
def file(model, tmp_path):
    card = {"recipe": "words", "labels": list(model.labels), "size": model.size}
    path = tmp_path / "words.safetensors"
    save_model_file(path, ModelFile(card, model.to_arrays()))
    return path


def test_new_faces_are_read(model):
    new = made_up_faces(30, 1000)
    prediction = model.predict(new.images)
    assert (prediction.probabilities.argmax(axis=1) == new.targets).mean() > 0.9
    assert prediction.probabilities.sum(axis=1) == pytest.approx(np.ones(30), abs=1e-4)


def test_numpy_alone_answers_as_the_scikit_learn_pipeline(faces, model):
    scales = [(cell * SIDE / 48, max(1, round(step * SIDE / 48))) for cell, step in SCALES]
    counts = FeatureUnion(
        [
            (str(cell), make_pipeline(DenseDescriptors(cell, step), VisualVocabulary(words=32)))
            for cell, step in scales
        ]
    )
    plain = fit_words(faces, replace(CHOICES, copies=0))[0]
    lengths = [scale.codebook.length for scale in plain.scales]
    space = FisherPCA(dims=12, cells=16, scales=lengths)
    pipeline = make_pipeline(counts, space, KernelRidgeClassifier(balance=0.0))
    pipeline.fit(faces.images, faces.targets)
    new = made_up_faces(20, 500).images
    wanted = pipeline.decision_function(new)
    assert plain.scores(plain.describe(new)) == pytest.approx(wanted, abs=2e-3)
    clusters = EmotionClusters(balance=0.0).fit(
        pipeline.named_steps["kernelridgeclassifier"].out_of_fold_, faces.targets
    )
    prediction = plain.predict(new)
    assert prediction.clusters.tolist() == clusters.predict_cluster(wanted).tolist()
    assert prediction.probabilities == pytest.approx(clusters.predict_proba(wanted), abs=0.02)


def test_the_file_keeps_what_is_said(model, file):
    again = WordsModel.from_file(load_model_file(file))
    new = made_up_faces(30, 2000).images
    before, after = model.predict(new), again.predict(new)
    assert after.probabilities == pytest.approx(before.probabilities, abs=0.03)
    assert after.clusters.tolist() == before.clusters.tolist()


def test_a_batch_says_what_its_faces_say(model):
    new = made_up_faces(70, 3000).images
    single = np.concatenate([model.predict(one[None]).probabilities for one in new])
    assert model.predict(new).probabilities == pytest.approx(single, abs=1e-4)


def test_no_faces_no_answers(model):
    prediction = model.predict(np.empty((0, SIDE, SIDE), np.uint8))
    assert prediction.probabilities.shape == (0, 3)


def test_a_mirrored_face_is_read_the_same(model):
    new = made_up_faces(9, 4000).images
    mirrored = model.predict(np.ascontiguousarray(new[:, :, ::-1]))
    assert mirrored.probabilities == pytest.approx(model.predict(new).probabilities, abs=1e-3)


def test_reading_faces_needs_no_scikit_learn(file):
    program = (
        "import sys, numpy as np\n"
        "from emocam import EmotionRecognizer\n"
        f"recognizer = EmotionRecognizer.load({str(file)!r})\n"
        "recognizer.read(np.zeros((80, 80, 3), np.uint8))\n"
        f"recognizer.model.predict(np.zeros((2, {SIDE}, {SIDE}), np.uint8))\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('sklearn', 'scipy')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_same_seed_makes_the_same_model(faces, model):
    again = fit_words(faces, CHOICES)[0].to_arrays()
    for name, array in model.to_arrays().items():
        assert np.array_equal(array, again[name]), name


def test_a_second_run_takes_what_is_kept(faces, model, tmp_path):
    first = fit_words(faces, CHOICES, cache=tmp_path)[0]
    steps: list[str] = []
    more = replace(CHOICES, clusters=4)
    second, _ = fit_words(
        faces, more, cache=tmp_path, progress=lambda step, share: steps.append((step, share))
    )
    # A step that is computed reports its parts; one that is kept does not.
    assert ("word counts", 1.0) not in steps
    assert ("remembered faces", 1.0) not in steps
    assert np.array_equal(first.kernel_ridge.dual_coef, second.kernel_ridge.dual_coef)
    assert len(second.clusters.centers) == 4
    assert np.array_equal(first.kernel_ridge.dual_coef, model.kernel_ridge.dual_coef)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("kernel_ridge.dual_coef", lambda array: array[:, :2], "should be any×3, it is 60×2"),
        ("kernel_ridge.references", lambda array: array[:50], "should be 60×12, it is 50×12"),
        ("clusters.names", lambda array: array + 7, "named by the labels 0 to 2"),
        ("clusters.bias", lambda array: array * np.nan, "not finite"),
        ("codebook1.layout", lambda array: array * 1000, "out of range"),
        ("codebook0.centers", None, "lacks"),
    ],
)
def test_arrays_that_do_not_fit(model, name, change, message):
    arrays = dict(model.to_arrays())
    if change is None:
        del arrays[name]
    else:
        arrays[name] = change(arrays[name])
    card = {"recipe": "words", "labels": list(model.labels), "size": model.size}
    with pytest.raises(ModelError, match=message):
        EmotionRecognizer.from_file(ModelFile(card, arrays))


def test_scores_hold_although_their_terms_cancel() -> None:
    """Coefficients by label, as fitted ones lie: partial sums are thousands of times the score."""
    random = np.random.default_rng(0)
    references = quantize(random.normal(size=(20_000, 16)).astype(np.float32))
    dual_coef = np.repeat([[1.0, -1.0], [-1.0, 1.0]], 10_000, axis=0).astype(np.float32)
    dual_coef += random.normal(scale=0.1, size=dual_coef.shape).astype(np.float32)
    points = random.normal(size=(5, 16)).astype(np.float32)
    ridge = KernelRidge(references, dual_coef, gamma=0.01)
    matrix = references.dequantized().astype(np.float64)
    squared = np.square(points[:, None].astype(np.float64) - matrix).sum(axis=2)
    exact = np.exp(-0.01 * squared) @ dual_coef.astype(np.float64)
    assert np.abs(ridge.scores(points) - exact).max() < 1e-3
    alone = np.concatenate([ridge.scores(point[None]) for point in points])
    assert np.abs(ridge.scores(points) - alone).max() < 1e-3
