from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from emocam.recognition.descriptors import describe, orientation_maps
from emocam.training.dense_descriptors import DenseDescriptors
from emocam.training.vocabulary import VisualVocabulary


@pytest.fixture
def faces():
    return np.random.default_rng(3).integers(0, 256, (70, 24, 24)).astype(np.uint8)


def test_many_faces_are_described_as_one_is(faces):
    described = DenseDescriptors(cell=2.0, step=4).fit_transform(faces)
    assert described.shape == (70, 36, 128)
    assert described[69] == pytest.approx(describe(orientation_maps(faces[69:]), 2.0, 4)[0])


def test_a_clone_has_the_same_choices():
    chosen = {"cell": 4.5, "step": 4}
    assert clone(DenseDescriptors(**chosen)).get_params() == chosen


def test_a_pipeline_gives_statistics_of_words(faces):
    pipeline = make_pipeline(DenseDescriptors(), VisualVocabulary(words=16, dims=8))
    features = clone(pipeline).set_params(densedescriptors__step=4).fit_transform(faces)
    assert features.shape == (70, 16 * 16 // 2 * 9)  # cells, words without mirrored ones, 8 + 1


@pytest.mark.parametrize("shape", [(24, 24), (2, 24, 20)])
def test_what_is_no_batch_of_faces(shape):
    with pytest.raises(ValueError, match=r"uint8 of shape \(n, size, size\)"):
        DenseDescriptors().fit(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("change", [{"step": 0}, {"step": 25}, {"cell": 0.0}])
def test_grids_that_do_not_fit(faces, change):
    with pytest.raises(ValueError, match="step should be 1 to 24 pixels and cell above 0"):
        DenseDescriptors(**change).fit(faces)
