from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from emocam.analysis.explain import CELLS, explain_face, region
from emocam.analysis.explain_photo import explain_photo
from emocam.analysis.figures.explanation import plot_explanations
from emocam.errors import ModelError
from emocam.recognition.prediction import Prediction
from emocam.recognition.profile import Profile
from emocam.recognition.recognizer import EmotionRecognizer
from tests.conftest import SAMPLES
from tests.person import Person, carried

SIDE = 48


class Stripes:
    """Says 'up' for contrast in the upper half, 'down' for contrast in the lower one."""

    recipe = "stripes"
    labels = ("down", "up")
    size = SIDE
    centers = np.array([[0.0], [10.0]], np.float32)
    cluster_names = np.array([0, 1])

    def evidence(self, faces_gray):
        halves = faces_gray.reshape(len(faces_gray), 2, -1).astype(np.float32).std(axis=2)
        return halves[:, ::-1]

    def cluster_space(self, faces_gray):
        evidence = self.evidence(faces_gray)
        return evidence[:, 1:] - evidence[:, :1]

    def predict(self, faces_gray):
        said = self.evidence(faces_gray).argmax(axis=1)
        probabilities = np.where(said[:, None] == (0, 1), 0.8, 0.2).astype(np.float32)
        return Prediction(probabilities, said)


def striped(upper, lower):
    face = np.full((SIDE, SIDE), 128, np.uint8)
    face[: SIDE // 2, ::2] += upper
    face[SIDE // 2 :, ::2] += lower
    return face


def test_the_half_that_speaks_for_it_is_hot_and_the_other_cold():
    explanation = explain_face(Stripes(), striped(upper=80, lower=30))
    assert explanation.labels[explanation.label] == "up"
    assert explanation.labels[explanation.second] == "down"
    assert explanation.heat.shape == (CELLS, CELLS)
    assert (explanation.heat[:3] > 0).all()
    assert (explanation.heat[-3:] < 0).all()
    for name in explanation.strongest(1):
        assert name.split()[0] in ("forehead", "brows", "eyes")
    for name in explanation.strongest(-1):
        assert name.split()[0] in ("nose", "mouth", "chin")


def test_a_face_on_which_nothing_speaks_has_no_strongest_part():
    explanation = explain_face(Stripes(), striped(0, 0))
    assert explanation.strongest(1) == explanation.strongest(-1) == []


def test_sentences_and_figures_say_the_same():
    explanation = explain_face(Stripes(), striped(20, 90))
    found = explanation.figures()
    assert found["emotion"] == "down"
    assert found["second"] == "up"
    assert found["why"][0] == "down (80 %), second choice up (20 %)"
    assert found["why"][1].startswith("nearest cluster: 0 = down, distance ")
    assert [cluster["label"] for cluster in found["clusters"]] == ["down", "up"]
    lead = explanation.distances.argmin()
    assert lead == explanation.cluster == 0


def test_what_is_too_uncertain_to_be_said_is_called_unsure():
    explanation = replace(explain_face(Stripes(), striped(20, 90)), face=3, is_unsure=True)
    found = explanation.figures()
    assert found["unsure"]
    assert found["face"] == 3
    assert found["why"][0] == "unsure: down (80 %), second choice up (20 %)"
    titles = [part.get_suptitle() for part in plot_explanations([explanation]).subfigs]
    assert titles[0] == "Face 3: unsure, first choice down, second choice up"


def test_faces_of_a_photo_know_their_number_and_the_threshold(tmp_path):
    two = cv2.hconcat([cv2.imread(str(SAMPLES / "photos" / "obama.jpg"))] * 2)
    cv2.imwrite(str(tmp_path / "two.png"), two)
    explanations = explain_photo(tmp_path / "two.png", EmotionRecognizer.load(certainty=0.99))
    assert [one.face for one in explanations] == [0, 1]
    assert all(one.is_unsure for one in explanations)


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(0, 0, "forehead (left)"), (2, 6, "eyes (right)"), (4, 3, "nose (middle)"),
     (6, 4, "mouth (middle)"), (7, 7, "chin (right)")],
)  # fmt: skip
def test_parts_of_the_face_have_names(row, column, name):
    assert region(row, column) == name


def test_a_recipe_that_hides_its_clusters_is_an_error():
    class Closed:
        recipe = "closed"

    with pytest.raises(ModelError, match="'closed'"):
        explain_face(Closed(), striped(1, 2))


def test_the_figure_has_titles_and_labels():
    figure = plot_explanations([explain_face(Stripes(), striped(80, 30))])
    titled = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert len(titled) == 4
    assert any("probability" in axes.get_xlabel() for axes in figure.axes)


def test_with_a_profile_it_tells_which_examples_spoke():
    photo = SAMPLES / "photos" / "astronaut.jpg"
    picture = cv2.imread(str(photo))
    profile = Profile.learn(carried(), {"happy": [picture], "neutral": [picture[:, ::-1].copy()]})
    wink = replace(profile.examples[1], label="wink", point=profile.examples[1].point + 1)
    profile = replace(profile, examples=(*profile.examples, wink))
    (explanation,) = explain_photo(photo, carried().with_profile(profile))
    assert explanation.is_personal
    assert explanation.labels[-1] == "wink"
    assert explanation.without == "happy"
    assert explanation.examples[0].name == "happy 0"
    assert explanation.examples[0].distance == pytest.approx(0, abs=1e-3)
    assert len(explanation.examples) == 3
    assert "nearest examples: happy 0 (happy, 0.00)" in explanation.sentences()[-1]
    assert explanation.cluster_names == ("happy", "neutral", "wink")
    assert explanation.figures()["without_profile"] == "happy"
    stranger = Person(0).profile(("neutral",))
    (other,) = explain_photo(photo, carried().with_profile(stranger))
    assert not other.is_personal
    assert other.cluster_names != ("neutral",)
