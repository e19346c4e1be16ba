"""What one frame gives, with a made-up detector and model: no camera, no clock."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from emocam.detection.detector import Rejected
from emocam.io.video_reader import VideoFile
from emocam.recognition.labels import EMOTIONS, UNSURE
from emocam.recognition.prediction import PersonalAnswers, Prediction
from emocam.recognition.profile import Example, Profile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.tracking import finder as finder_module
from emocam.tracking.follower import Follower
from emocam.types import Box, Face, Frame, ImageU8
from tests.conftest import SAMPLES
from tests.person import Person, carried

IMAGE = np.zeros((240, 320, 3), np.uint8)
LEFT, RIGHT = (20, 40, 100, 120), (200, 40, 300, 140)


class Detector:
    """Finds a face in each of the places that it is asked to look at, if one is there."""

    def __init__(self, keep_all: bool = False) -> None:
        self.there: list[Box] = []
        self.asked: list[list[Box]] = []
        self.rejected: tuple[Rejected, ...] = ()

    def search_near(self, frame_bgr: ImageU8, boxes: Sequence[Box]) -> list[Face]:
        self.asked.append(list(boxes))
        near = [box for box in self.there if any(abs(box[0] - one[0]) < 60 for one in boxes)]
        return [Face(box) for box in near]


class Model:
    """Says what it is told."""

    recipe, size, labels = "told", 48, EMOTIONS

    def __init__(self) -> None:
        self.says = ["happy"]
        self.share = 0.8

    def predict(self, faces_gray: ImageU8) -> Prediction:
        n = len(faces_gray)
        rows = np.full((n, len(EMOTIONS)), (1 - self.share) / (len(EMOTIONS) - 1), np.float32)
        for number in range(n):
            rows[number, EMOTIONS.index(self.says[number % len(self.says)])] = self.share
        return Prediction(rows, np.zeros(n, np.int64))


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, model: Model):
    monkeypatch.setattr(finder_module, "FaceDetector", Detector)

    def build(raw: bool = False, certainty: float = 0.5) -> Follower:
        recognizer = EmotionRecognizer(model, {}, certainty=certainty)
        reader = Follower(recognizer, smooth=not raw)
        reader._finder._detector.there = [LEFT]
        return reader

    return build


def feed(reader: Follower, seconds: float, *, start: int = 0, newcomers=(LEFT,)) -> list:
    """Analyses at 20 frames a second."""
    numbers = range(start, start + round(seconds * 20))
    return [reader.follow_frame(Frame(IMAGE, number, number / 20), newcomers) for number in numbers]


def test_nothing_is_searched_where_nobody_was_seen(make):
    reader = make()
    assert feed(reader, 1, newcomers=())[-1].readings == ()
    assert reader._finder._detector.asked == []
    assert reader.alone


def test_a_newcomer_is_shown_after_two_hits_and_then_followed_by_itself(make):
    reader = make()
    first, second = feed(reader, 0.1)
    assert (first.readings, len(second.readings)) == ((), 1)
    later = feed(reader, 1, start=2, newcomers=())
    assert all(len(one.readings) == 1 for one in later)
    assert not reader.alone
    assert {one.readings[0].face.id for one in later} == {0}


def test_a_known_face_is_not_searched_twice(make):
    reader = make()
    feed(reader, 0.5)
    assert len(reader._finder._detector.asked[-1]) == 1


def test_between_two_searches_its_picture_is_enough(make):
    reader = make()
    detector = reader._finder._detector
    image = np.random.default_rng(0).integers(0, 255, (240, 320, 3)).astype(np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 6) * 2
    for number in range(40):
        there = tuple(edge + (number % 2) * 2 for edge in LEFT)
        detector.there = [there]
        frame = Frame(np.roll(image, (number % 2) * 2, (0, 1)), number, number / 40)
        result = reader.follow_frame(frame, [LEFT])
    assert len(result) == 1
    assert 12 < len(detector.asked) < 24  # of 40 frames
    before = len(detector.asked)
    reader.follow_frame(Frame(image[::-1].copy(), 40, 1.0), ())
    assert len(detector.asked) == before + 1  # it looks another way


def test_shown_faces_move_along_and_fade_after_their_last_hit(make):
    reader = make()
    for number in range(20):
        x = 20 + 2 * number
        reader._finder._detector.there = [(x, 40, x + 80, 120)]
        reader.follow_frame(Frame(IMAGE, number, number / 20), [LEFT])
    shown = reader.readings_at(0.95)
    reading = shown[0]
    assert shown.opacity[0] == 1
    assert reader.readings_at(1.0)[0].face.xyxy[0] >= reading.face.xyxy[0]
    reader._finder._detector.there = []
    reader.follow_frame(Frame(IMAGE, 20, 1.0), ())
    assert 0 < reader.readings_at(1.2).opacity[0] < 1
    assert list(reader.readings_at(3.0)) == []


def test_a_flash_of_another_label_is_not_shown_but_counted_as_raw(make, model: Model):
    reader = make()
    feed(reader, 1)
    model.says = ["sad"]
    flash = feed(reader, 0.05, start=20)[0]
    assert (flash[0].emotion, [one.emotion for one in flash.raw]) == ("happy", ["sad"])
    later = feed(reader, 2, start=21)
    assert later[-1].readings[0].emotion == "sad"


def test_raw_shows_each_reading_as_it_is(make, model: Model):
    reader = make(raw=True)
    feed(reader, 1)
    model.says = ["sad"]
    assert feed(reader, 0.05, start=20)[0].readings[0].emotion == "sad"


def test_below_the_certainty_it_is_unsure(make, model: Model):
    reader = make(certainty=0.9)
    assert {one.readings[0].emotion for one in feed(reader, 1)[1:]} == {UNSURE}
    model.share = 0.91
    after = feed(reader, 3, start=20)
    assert after[-1].readings[0].emotion == UNSURE  # what was unsure must clear it by a margin
    model.share = 0.95
    assert feed(reader, 3, start=80)[-1].readings[0].emotion == "happy"
    model.share = 0.91
    assert feed(reader, 3, start=140)[-1].readings[0].emotion == "happy"


class PersonalModel(Model):
    """Says sad of everybody, and happy of the profile's owner, who is the face on the left."""

    def predict(self, faces_gray: ImageU8) -> Prediction:
        generic = super().predict(faces_gray)
        happy = np.tile(generic.probabilities[:1] * 0, (len(faces_gray), 1))
        happy[:, EMOTIONS.index("happy")] = 1
        brightness = faces_gray.mean(axis=(1, 2))
        mine = PersonalAnswers(happy, np.full(len(happy), 9), 255 - brightness, 100.0)
        points = np.zeros((len(happy), 4), np.float32)
        return Prediction(generic.probabilities, generic.clusters, points, mine)


def test_a_profile_is_used_for_its_face_and_for_no_other(make):
    reader = make(raw=True)
    reader.recognizer.model = model = PersonalModel()
    model.says = ["sad"]
    reader._finder._detector.there = [LEFT, RIGHT]
    image = np.zeros((240, 320, 3), np.uint8)
    image[:, :150] = 250
    for number in range(3):
        frame = Frame(image, number, number / 20)
        got = reader.follow_frame(frame, [LEFT, RIGHT])
    said = {one.face.xyxy[0]: one.emotion for one in got.readings}
    assert said == {LEFT[0]: "happy", RIGHT[0]: "sad"}
    assert {one.emotion for one in got.raw} == {"sad"}
    assert got.points.shape == (2, 4)
    got = reader.follow_frame(Frame(image[:, ::-1].copy(), 3, 0.15), [LEFT, RIGHT])
    said = {one.face.xyxy[0]: one.emotion for one in got.readings}
    assert said == {LEFT[0]: "sad", RIGHT[0]: "happy"}  # not by its place


def test_a_profile_can_be_changed_on_the_way():
    follower = Follower(carried())
    with VideoFile(SAMPLES / "webcam.mp4") as clip:
        frames = [frame for frame, _ in zip(clip, range(8), strict=False)]
    for frame in frames[:4]:
        last = follower.follow_frame(frame)
    mine = Profile.learn(
        carried(), [Example("neutral", last.points[0]), Example("tongue out", last.points[0] + 2)]
    )
    follower.use_profile(mine)
    for frame in frames[4:]:
        last = follower.follow_frame(frame)
    assert last[0].labels == (*EMOTIONS, "tongue out")
    assert follower.recognizer.is_personal(last[0])
    assert follower.profile is mine
    follower.use_profile(Person(0).profile(("neutral",)))
    last = follower.follow_frame(Frame(frames[-1].image_bgr, 9, frames[-1].time_s + 0.1))
    assert last[0].labels == EMOTIONS
    assert not follower.recognizer.is_personal(last[0])


def test_doubt_is_said_when_it_lasts(make, model: Model):
    reader = make(certainty=0.5)
    feed(reader, 1)
    model.share = 0.2
    doubt = [one.readings[0] for one in feed(reader, 3, start=20)]
    said = [reading.emotion for reading in doubt]
    assert set(said) == {"happy", UNSURE}
    doubtful = [reading.certainty < 0.5 for reading in doubt].index(True)
    unsure = said.index(UNSURE)
    assert (unsure - doubtful) / 20 == pytest.approx(1.5, abs=0.06)
    assert set(said[unsure:]) == {UNSURE}
    assert {number for number, one in enumerate(doubt) if one.held} == set(range(doubtful, unsure))
    model.share = 0.9
    assert feed(reader, 2, start=80)[-1].readings[0].emotion == "happy"


def test_doubt_that_passes_is_not_said(make, model: Model):
    reader = make(certainty=0.5)
    feed(reader, 1)
    model.share = 0.2
    doubt = feed(reader, 1.6, start=20)  # over before it has lasted, as smoothing shows it late
    model.share = 0.51
    after = feed(reader, 2, start=52)
    late = [one.readings[0] for one in after if one.time_s > 3.2]
    assert any(one.certainty < 0.5 for one in late)
    assert {one.readings[0].emotion for one in [*doubt, *after]} == {"happy"}


def test_when_time_is_short_two_faces_are_read_those_first_that_waited_longest(make):
    reader = make()
    boxes = [(10 + 75 * column, 40 + 90 * row, 70 + 75 * column, 100 + 90 * row)
             for row in range(2) for column in range(2)]  # fmt: skip
    reader._finder._detector.there = boxes

    def read(number: int, until_s: float | None) -> list[int]:
        got = reader.follow_frame(Frame(IMAGE, number, number / 20), boxes, until_s)
        assert len(got.heads) == 4 or number == 0  # nothing of a face that waits is lost
        assert len(got.raw) == len(got.readings)
        return [one.face.id for one in got]

    assert read(0, None) == []  # seen once
    everybody = read(1, None)
    assert len(everybody) == 4
    turns = [read(number, -1.0) for number in range(2, 6)]  # there is no time at all
    assert [len(turn) for turn in turns] == [2, 2, 2, 2]
    assert sorted(turns[0] + turns[1]) == sorted(turns[2] + turns[3]) == everybody
    assert {one.face.id for one in reader.readings_at(5 / 20)} == set(everybody)
