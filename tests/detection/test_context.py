"""What surrounds an uncertain candidate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emocam.detection.context import MOST_LOGIT, UNCERTAIN, ContextClassifier
from emocam.detection.detector import FaceDetector, search_picture
from emocam.detection.pyramid import image_pyramid
from emocam.detection.search_model import load_search
from emocam.io.photos import read_photo
from emocam.types import FloatArray, ImageU8

SAMPLES = Path(__file__).parents[2] / "samples" / "photos"


class Told:
    """A classifier that gives these logits and counts the rows it was shown."""

    def __init__(self, *logits: float) -> None:
        self.told = np.array(logits, np.float32)
        self.rows = 0

    def logits(self, descriptors: FloatArray) -> FloatArray:
        self.rows += len(descriptors)
        return self.told[: len(descriptors)]


def pyramid() -> list[ImageU8]:
    return image_pyramid(np.random.default_rng(0).integers(0, 255, (120, 160), np.uint8))


def boxes(n: int) -> FloatArray:
    return np.tile(np.array([[80, 60, 40, 0, 1]], np.float32), (n, 1))


def adjusted(told: Told, weight: float, bias: float, logits: list[float]) -> FloatArray:
    context = ContextClassifier(told, weight, bias)  # type: ignore[arg-type]
    return context.adjusted(pyramid(), boxes(len(logits)), np.array(logits, np.float32))


def test_uncertain_logits_are_adjusted_by_weight_and_bias() -> None:
    assert adjusted(Told(2.0, -1.0), 0.5, 0.6, [0.0, 1.0]) == pytest.approx([1.6, 1.1])


def test_sure_logits_stay_and_are_not_looked_at() -> None:
    least, most = UNCERTAIN
    told = Told(4.0)
    found = adjusted(told, 0.5, 0.6, [least - 1, 0.0, most + 1, -30.0])
    assert found == pytest.approx([least - 1, 2.6, most + 1, -30.0])
    assert told.rows == 1


def test_surroundings_are_believed_up_to_a_limit() -> None:
    assert adjusted(Told(50.0, -50.0), 1.0, 0.0, [0.0, 0.0]) == pytest.approx(
        [MOST_LOGIT, -MOST_LOGIT]
    )


def test_no_candidates_give_no_logits() -> None:
    assert adjusted(Told(), 0.5, 0.6, []).shape == (0,)


@pytest.mark.parametrize("name", ["astronaut", "biden", "obama"])
def test_surroundings_of_a_face_look_more_like_a_head_than_a_corner(name: str) -> None:
    picture = read_photo(SAMPLES / f"{name}.jpg")
    (face,) = FaceDetector().detect(picture)
    ready = search_picture(picture)
    x1, y1, x2, y2 = (one / ready.times for one in face.xyxy)
    side = x2 - x1
    both = np.array(
        [((x1 + x2) / 2, (y1 + y2) / 2, side, 0), (side, ready.gray.shape[0] - side, side, 0)],
        np.float32,
    )
    context = load_search().context
    of_face, of_corner = context.adjusted(image_pyramid(ready.gray), both, np.zeros(2, np.float32))
    assert of_face > of_corner


def test_candidates_are_what_the_cascades_are_asked_about() -> None:
    picture = read_photo(SAMPLES / "astronaut.jpg")
    detector = FaceDetector()
    ready = search_picture(picture)
    found = detector.candidates(ready)
    (face,) = detector.detect(picture)
    middle = (face.xyxy[0] + face.xyxy[2]) / 2 / ready.times
    assert found.shape[1] == 5
    assert np.abs(found[np.argmax(found[:, 4]), 0] - middle) < 0.1 * (face.xyxy[2] - face.xyxy[0])
