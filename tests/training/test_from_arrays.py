"""Training from arrays: as a function that gives a recognizer, and as a scikit-learn estimator."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import emocam
from emocam.errors import DatasetError, UsageError
from emocam.training import recipes
from tests.recognition.test_words_model import made_up_faces

SMALL = {"size": 24, "words": 32, "dims": 12, "copies": 0}
# Those of scikit-learn's checks that do not bring tables of features of their own.
CONTRACT = (
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_estimator_repr",
    "check_get_params_invariance",
    "check_set_params",
    "check_estimator_cloneable",
    "check_do_not_raise_errors_in_init_or_set_param",
    "check_mixin_order",
    "check_valid_tag_types",
)


@pytest.fixture
def faces(monkeypatch, tmp_path):
    monkeypatch.setattr(recipes, "cache_folder", lambda: tmp_path / "cache")
    made = made_up_faces(60, 0)
    return made.images, [made.labels[target] for target in made.targets]


def test_the_classifier_fits_the_model_of_train_by_default(faces):
    images, labels = faces
    learnt = emocam.EmotionClassifier(size=24).fit(images, labels).model_.to_arrays()
    trained = emocam.train(images, labels, size=24).model.to_arrays()
    assert learnt.keys() == trained.keys()
    for name, array in trained.items():
        assert learnt[name] == pytest.approx(array, abs=1e-3), name


def test_training_gives_a_recognizer_that_can_be_saved(faces, tmp_path):
    images, labels = faces
    recognizer = emocam.train(images, labels, size=24)
    new = made_up_faces(30, 900)
    names = [new.labels[target] for target in new.targets]
    measured = emocam.evaluate(recognizer, new.images, names)
    assert measured.figures()["accuracy"] > 0.8
    assert recognizer.labels == ("glad", "grim", "odd")
    assert recognizer.card["figures"]["measured_on"] == "training faces, out of fold"
    recognizer.save(tmp_path / "own.safetensors")
    again = emocam.EmotionRecognizer.load(tmp_path / "own.safetensors")
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "own.safetensors").stat().st_size > 10_000
    found = [one.model.predict(new.images).probabilities for one in (recognizer, again)]
    assert found[0] == pytest.approx(found[1], abs=1e-6)


def test_votes_change_what_is_learnt(faces):
    images, labels = faces
    numbers = np.unique(labels, return_inverse=True)[1]
    votes = 10 * np.roll(np.eye(3), 1, axis=1)[numbers]  # people see another expression
    by_votes = emocam.train(images, labels, votes, votes_share=1.0, size=24)
    found = by_votes.model.predict(images).probabilities.argmax(axis=1)
    assert (found == (numbers + 1) % 3).mean() > 0.9
    by_label = emocam.train(images, labels, np.zeros((60, 3)), votes_share=1.0, size=24)
    found = by_label.model.predict(images).probabilities.argmax(axis=1)
    assert (found == numbers).mean() > 0.9


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"labels": ["glad"]}, DatasetError, "got 60 faces and 1 labels"),
        ({"images": []}, DatasetError, "got 0 faces"),
        ({"labels": ["glad"] * 60}, DatasetError, "two or more different labels"),
        ({"images": np.zeros((60, 24, 24))}, DatasetError, "face 0 is float64 of shape"),
        ({"images": np.zeros((60, 24, 24, 3), np.uint8)}, DatasetError, "faces are grey"),
        ({"votes": np.zeros((60, 2))}, DatasetError, r"shape \(60, 3\), .* glad, grim, odd"),
        ({"votes": np.full((60, 3), -1)}, DatasetError, "counts from 0"),
        ({"votes_share": 1.5}, UsageError, "votes_share should be 0 to 1"),
        ({"balance": "undersample"}, UsageError, "balance should be one of weight, aug"),
        ({"size": 4}, UsageError, "size should be 8 or more"),
    ],
)
def test_what_does_not_go_together(faces, changed, error, message):
    given = {"images": faces[0], "labels": faces[1], **changed}
    with pytest.raises(error, match=message):
        emocam.train(**given)


def test_a_label_that_the_recognizer_does_not_know():
    recognizer = emocam.EmotionRecognizer.load("pixels")
    with pytest.raises(DatasetError, match="unknown labels: grim; known are: "):
        emocam.evaluate(recognizer, np.zeros((1, 48, 48), np.uint8), ["grim"])


@pytest.mark.parametrize("name", CONTRACT)
def test_scikit_learn_contract(name):
    if not hasattr(estimator_checks, name):
        pytest.skip("another version of scikit-learn")
    getattr(estimator_checks, name)("EmotionClassifier", emocam.EmotionClassifier())


def test_the_classifier_reads_new_faces(faces):
    images, labels = faces
    new = made_up_faces(30, 900)
    learnt = emocam.EmotionClassifier(**SMALL).fit(images, labels)
    assert learnt.classes_.tolist() == ["glad", "grim", "odd"]
    assert learnt.score(new.images, np.array(new.labels)[new.targets]) > 0.8
    probabilities = learnt.predict_proba(new.images)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(30), abs=1e-4)
    soft = clone(learnt).fit(images, np.eye(3)[np.unique(labels, return_inverse=True)[1]])
    assert soft.predict_proba(new.images) == pytest.approx(probabilities, abs=1e-4)
    assert set(soft.predict(new.images).tolist()) <= {0, 1, 2}


def test_the_rest_of_the_contract_with_faces_in_place_of_tables(faces):
    """What `check_estimator` asks of estimators of tables: it gives none of three dimensions."""
    images, labels = faces
    before = images.copy()
    learnt = emocam.EmotionClassifier(**SMALL)
    parameters = dict(learnt.get_params())
    assert learnt.fit(images, labels) is learnt
    assert learnt.get_params() == parameters  # fitting changes none
    assert np.array_equal(images, before)  # nor the data
    kept = set(vars(learnt))
    found = learnt.predict_proba(images)
    assert set(vars(learnt)) == kept  # predicting keeps nothing
    shuffled = np.random.default_rng(0).permutation(len(images))
    assert learnt.predict_proba(images[shuffled]) == pytest.approx(found[shuffled], abs=1e-5)
    assert learnt.predict_proba(images[:5]) == pytest.approx(found[:5], abs=1e-5)
    again = pickle.loads(pickle.dumps(learnt))
    assert again.predict_proba(images) == pytest.approx(found, abs=1e-6)
    assert learnt.fit(images, labels).predict_proba(images) == pytest.approx(found, abs=1e-5)
    assert (learnt.predict(images) == learnt.classes_[found.argmax(axis=1)]).all()
    numbers = clone(learnt).fit(images, np.unique(labels, return_inverse=True)[1] + 5)
    assert numbers.classes_.tolist() == [5, 6, 7]
    assert cross_val_score(clone(learnt), images, labels, cv=2).shape == (2,)


def test_the_classifier_works_in_a_pipeline_and_a_grid_search(faces):
    images, labels = faces
    mirrored = FunctionTransformer(lambda one: np.ascontiguousarray(one[:, :, ::-1]))
    pipeline = make_pipeline(mirrored, emocam.EmotionClassifier(**SMALL))
    search = GridSearchCV(pipeline, {"emotionclassifier__dims": [4, 12]}, cv=2)
    search.fit(images, labels)
    assert search.best_score_ > 0.7
    assert search.predict(images[:3]).shape == (3,)


@pytest.mark.parametrize(
    ("changed", "X", "y", "message"),
    [
        ({}, np.zeros((4, 9), np.uint8), [0, 1, 0, 1], r"uint8 of shape \(n, height, width\)"),
        ({}, np.zeros((4, 9, 9)), [0, 1, 0, 1], "got float64"),
        ({}, np.zeros((4, 9, 9), np.uint8), [0, 1, 0], "inconsistent numbers of samples"),
        ({}, np.zeros((4, 9, 9), np.uint8), [0, 0, 0, 0], "1 class"),
        ({}, np.zeros((4, 9, 9), np.uint8), [0, 1, 0, 1], "all 4 training pictures are blank"),
        ({"clusters": 1}, np.eye(36, 9, dtype=np.uint8).reshape(4, 9, 9), [0, 1, 0, 1], "clusters"),
    ],
)
def test_what_the_classifier_can_not_learn_from(changed, X, y, message):
    with pytest.raises(ValueError, match=message):
        emocam.EmotionClassifier(**{**SMALL, **changed}).fit(X, y)


def test_an_untrained_classifier_says_so(faces):
    with pytest.raises(NotFittedError):
        emocam.EmotionClassifier().predict(faces[0])


def test_the_package_loads_scikit_learn_only_when_it_is_needed():
    program = (
        "import sys, emocam\n"
        "emocam.EmotionRecognizer\n"
        "assert 'sklearn' not in sys.modules\n"
        "assert all(hasattr(emocam, name) for name in emocam.__all__)\n"
        "assert 'sklearn' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
