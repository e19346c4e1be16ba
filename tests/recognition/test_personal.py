"""A person's reading, on made-up persons in the carried model's space."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emocam.errors import InputError
from emocam.recognition.labels import EMOTIONS
from emocam.recognition.personal import PersonalModel, teachable
from emocam.recognition.prediction import Prediction
from emocam.recognition.profile import Example, Profile
from tests.person import Person, carried, words


def read(personal: PersonalModel, points: np.ndarray) -> list[str]:
    rows = probabilities(personal, points)
    return [personal.labels[int(row.argmax())] for row in rows]


def probabilities(personal: PersonalModel, points: np.ndarray) -> np.ndarray:
    scores = personal.generic.adapted_scores(points)
    return personal.read(points, scores, personal.distances(points))


def generic(points: np.ndarray) -> list[str]:
    rows = words().clusters.predict(words().kernel_ridge.scores(points)).probabilities
    return [EMOTIONS[int(row.argmax())] for row in rows]


def accuracies(persons: range, taught: tuple[str, ...], scatter: float = 0.2) -> tuple[float, ...]:
    """How often the generic reading and that with a profile are right."""
    right = np.zeros(2)
    for seed in persons:
        person = Person(seed)
        personal = PersonalModel.fit(words(), person.profile(taught))
        for label in EMOTIONS:
            points = person.points(label, 2, scatter)
            right += [said.count(label) for said in (generic(points), read(personal, points))]
    return tuple(right / (len(persons) * 2 * len(EMOTIONS)))


def test_one_example_of_each_label_beats_the_generic_reading_by_far():
    before, after = accuracies(range(6), EMOTIONS)
    assert before < 0.6
    assert after > 0.9


def test_a_neutral_face_alone_helps_too():
    before, after = accuracies(range(12), ("neutral",))
    assert after > before + 0.03


def test_probabilities_are_probabilities():
    person = Person(1)
    personal = PersonalModel.fit(words(), person.profile(("neutral", "tongue out", "sad"), 2))
    rows = probabilities(personal, person.points("sad", 5))
    assert rows.shape == (5, 8)
    assert rows.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert rows.min() >= 0


def test_untaught_labels_keep_their_shares_among_each_other():
    person = Person(2)
    personal = PersonalModel.fit(words(), person.profile(("neutral", "happy")))
    points = person.points("sad", 4)
    rest = [EMOTIONS.index(label) for label in EMOTIONS if label not in ("neutral", "happy")]
    logits = personal.generic.logits(points, personal.generic.adapted_scores(points))
    alone = np.exp(logits[:, rest])
    found = probabilities(personal, points)[:, rest]
    assert found / found.sum(axis=1, keepdims=True) == pytest.approx(
        alone / alone.sum(axis=1, keepdims=True), abs=1e-4
    )


def test_a_face_that_is_very_near_to_a_taught_one_is_read_as_that():
    person = Person(2)
    profile = person.profile(("neutral", "tongue out"))
    personal = PersonalModel.fit(words(), profile)
    taught = np.stack([one.point for one in profile.examples])
    far = person.points("surprise", 2, 0.4)
    near = probabilities(personal, taught + 0.2)
    assert near[0, EMOTIONS.index("neutral")] + near[0, 7] > 0.6
    assert near[1, 7] > 0.6
    assert probabilities(personal, far)[:, 7].max() < 0.5


def test_own_labels_are_told_apart():
    person = Person(3)
    taught = ("neutral", "tongue out", "eyebrows up", "happy")
    personal = PersonalModel.fit(words(), person.profile(taught, 2))
    assert personal.labels == (*EMOTIONS, "tongue out", "eyebrows up")
    for label in taught:
        assert read(personal, person.points(label, 4)).count(label) >= 3


def test_a_wrong_example_among_good_ones_hardly_counts():
    person = Person(4)
    profile = person.profile(EMOTIONS, 3)
    wrong = [
        replace(one, point=person.point("happy")) if one.name == "sad/0.jpg" else one
        for one in profile.examples
    ]
    personal = PersonalModel.fit(words(), replace(profile, examples=tuple(wrong)))
    number = [one.name for one in profile.examples].index("sad/0.jpg")
    assert personal.weights[number] < 0.3
    assert np.delete(personal.weights, number).min() > 0.7
    assert read(personal, person.points("sad", 5)).count("sad") >= 4


def frame(personal: PersonalModel, points: np.ndarray) -> Prediction:
    from emocam.recognition.prediction import PersonalAnswers

    scores = personal.generic.kernel_ridge.scores(points)
    answers = words().clusters.predict(scores[:, : len(EMOTIONS)])
    rows = probabilities(personal, points)
    mine = PersonalAnswers(
        rows, rows.argmax(axis=1) + personal.first_cluster,
        personal.distances(points).min(axis=1), 0.68,
    )  # fmt: skip
    return replace(answers, points=points, personal=mine)


def test_it_is_used_for_the_nearest_face_alone():
    me, others = Person(6), [Person(seed) for seed in range(20, 24)]
    personal = PersonalModel.fit(words(), me.profile(("neutral", "sad"), 2))
    points = np.stack([*(other.point("sad") for other in others), me.point("sad")])
    answers = frame(personal, points)
    assert answers.owner == 4
    read_ = answers.of_frame()
    assert read_.clusters[4] >= personal.first_cluster
    assert (read_.clusters[:4] < personal.first_cluster).all()
    assert np.array_equal(read_.probabilities[:4], answers.probabilities[:4])
    assert answers.part(0, 4).owner is None


def test_strangers_are_read_as_without():
    personal = PersonalModel.fit(words(), Person(7).profile(("neutral",)))
    strangers = np.stack([Person(seed).point("neutral") for seed in range(30, 50)])
    owners = [frame(personal, one[None]).owner for one in strangers]
    assert owners == [None] * 20


def test_crops_get_both_answers():
    blank = np.full((3, 48, 48), 90, np.uint8)
    recognizer = carried().with_profile(Person(8).profile(("neutral", "wink")))
    assert recognizer.labels == (*EMOTIONS, "wink")
    prediction = recognizer.predict_crops(blank)
    assert prediction.probabilities.shape == (3, 8)
    generic_rows = carried().predict_crops(blank).probabilities
    assert prediction.probabilities[:, :7] == pytest.approx(generic_rows, abs=1e-3)
    assert recognizer.predict_crops(np.empty((0, 48, 48), np.uint8)).probabilities.shape == (0, 8)


def test_a_profile_of_another_model_is_turned_down():
    profile = replace(Person(9).profile(("neutral",)), space="another")
    with pytest.raises(InputError, match=r"another model.*--model.*emocam teach"):
        carried().with_profile(profile)


def test_a_model_without_a_learnt_space_can_not_be_taught():
    class Pixels:
        recipe = "pixels"

    with pytest.raises(InputError, match=r"recipe 'pixels'.*learnt space"):
        teachable(Pixels())  # type: ignore[arg-type]


def test_examples_without_a_known_label_move_nothing():
    person = Person(10)
    personal = PersonalModel.fit(words(), person.profile(("wink", "frown")))
    assert np.abs(personal.generic.offset).max() == 0
    assert read(personal, person.points("wink", 3, 0.05)).count("wink") >= 1


def test_names_of_examples_are_kept():
    example = Example("sad", Person(11).point("sad"), "a")
    assert Profile((example,), EMOTIONS, "abc").examples[0].name == "a"
