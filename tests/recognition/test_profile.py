"""What is kept of a person, and how it is written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.detection.crop import crop_faces
from emocam.errors import InputError
from emocam.recognition.framing import Framing
from emocam.recognition.personal import PersonalModel
from emocam.recognition.profile import MOST_EXAMPLES, Example, Profile
from emocam.types import Face
from tests.conftest import SAMPLES
from tests.person import Person, carried, words

ASTRONAUT = SAMPLES / "photos" / "astronaut.jpg"


@pytest.fixture
def profile() -> Profile:
    return Person(0).profile(("sad", "tongue out", "happy"), 2)


def test_labels_stand_in_the_models_order_and_own_ones_after(profile: Profile):
    assert profile.taught == ("happy", "sad", "tongue out")
    assert profile.own_labels == ("tongue out",)
    assert [profile.count(label) for label in profile.taught] == [2, 2, 2]


def test_a_saved_profile_is_the_same_and_holds_no_picture(profile: Profile, tmp_path: Path):
    profile.save(tmp_path / "me.json")
    again = Profile.load(tmp_path / "me.json")
    assert [one.name for one in again.examples] == [one.name for one in profile.examples]
    for one, other in zip(again.examples, profile.examples, strict=True):
        assert one.point == pytest.approx(other.point, abs=0.01)
    data = json.loads((tmp_path / "me.json").read_text())
    assert data["taught"] == {"happy": 2, "sad": 2, "tongue out": 2}
    assert (tmp_path / "me.json").stat().st_size < 2200 * len(profile.examples)


def test_where_a_shifted_box_moves_the_face_is_kept_too(profile: Profile, tmp_path: Path):
    crop = np.random.default_rng(0).integers(0, 255, (48, 48)).astype(np.uint8)
    one = Framing.of(words(), crop)
    framing = Framing.joined([one, None, one])
    assert framing is not None
    assert framing.count == 2
    assert framing.directions == pytest.approx(one.directions)
    replace(profile, framing=framing).save(tmp_path / "me.json")
    again = Profile.load(tmp_path / "me.json").framing
    assert again is not None
    assert again.count == 2
    assert again.directions == pytest.approx(one.directions, abs=0.01)
    assert Framing.joined([None]) is None


def test_a_shifted_box_counts_less(profile: Profile):
    boxes = [Face((170, 69, 274, 173)), Face((172, 66, 276, 170))]
    crop, shifted = crop_faces(cv2.imread(str(ASTRONAUT)), boxes, 48)
    points = words().batched_points(np.stack([crop, shifted]))
    example = Example("happy", points[0])
    plain = replace(profile, examples=(example,))
    framed = replace(plain, framing=Framing.of(words(), crop))
    before, after = (
        PersonalModel.fit(words(), one).distances(points[1:]) for one in (plain, framed)
    )
    assert after.item() < 0.8 * before.item()


def test_it_can_be_added_to_and_taught_anew(profile: Profile):
    more = profile.with_examples([Example("happy", Person(1).point("happy"))])
    assert more.count("happy") == 3
    assert {one.label for one in more.without(["happy"])} == {"sad", "tongue out"}
    point = Person(1).point("sad")
    again = more.with_examples([Example("sad", point), Example("sad", point.copy())])
    assert again.count("sad") == more.count("sad") + 1  # the same picture counts once
    many = profile.with_examples([Example("sad", point + n) for n in range(99)])
    assert many.count("sad") == MOST_EXAMPLES


@pytest.mark.parametrize("label", ["", "  ", "unsure", "x" * 41, "two\nlines"])
def test_a_label_that_can_not_be_one_is_refused(label: str):
    with pytest.raises(InputError, match="label"):
        Example(label, np.zeros(3, np.float32))


def test_an_own_label_alone_is_refused():
    with pytest.raises(InputError, match="teach neutral as well"):
        Person(0).profile(("tongue out",))


def _changed(profile: Profile, **changes: object) -> str:
    return json.dumps({**json.loads(profile.to_json()), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "not json",
        "{}",
        '{"labels":["a"],"bias":[1],"model":"abc","readings":1}',
        "[" * 50_000,
    ],
)
def test_a_file_that_is_no_profile_is_refused_with_what_mends_it(tmp_path: Path, text: str):
    path = tmp_path / "me.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"me.json.*emocam teach"):
        Profile.load(path)
    with pytest.raises(InputError, match="the text is not a profile of emocam"):
        Profile.from_json(text)


def test_what_a_profile_lacks_is_named(profile: Profile):
    data = json.loads(profile.to_json())
    del data["model"]
    with pytest.raises(InputError, match="it lacks 'model'"):
        Profile.from_json(json.dumps(data))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 9},
        {"examples": []},
        {"examples": [{"label": "happy", "point": "!!"}]},
        {"examples": [{"label": "happy", "point": ""}]},
        {"examples": [{"label": "happy", "point": "AHwAfA=="}]},  # infinite
        {"examples": [{"label": "happy", "point": "AAAA"}]},  # half a number
        {"examples": 3},
        {"examples": [], "framing": {"examples": 1, "directions": ["ADwAPA=="]}},
        {"framing": {"examples": float("inf"), "directions": ["ADwAPA=="]}},
        {"framing": []},
        {"labels": "happy"},
    ],
)
def test_a_damaged_profile_is_refused(profile: Profile, tmp_path: Path, changes: dict):
    path = tmp_path / "me.json"
    path.write_text(_changed(profile, **changes))
    with pytest.raises(InputError, match="not a profile of emocam"):
        Profile.load(path)
    with pytest.raises(InputError, match="not a profile of emocam"):
        Profile.from_json(path.read_text())


def test_points_of_different_lengths_are_refused(tmp_path: Path):
    examples = (Example("happy", np.zeros(3, np.float32)), Example("sad", np.zeros(4, np.float32)))
    with pytest.raises(ValueError, match="one length"):
        Profile(examples, ("happy", "sad"), "abc")


def test_learning_from_pictures():
    picture = cv2.imread(str(ASTRONAUT))
    profile = Profile.learn(carried(), {"happy": [picture]})
    assert profile.taught == ("happy",)
    reading = carried().with_profile(profile).read(picture)[0]
    assert reading.emotion == "happy"
    with pytest.raises(InputError, match="picture 0 of 'sad' has no face"):
        Profile.learn(carried(), {"sad": [np.zeros((100, 200, 3), np.uint8)]})
