"""A reading counts less, the further the head is turned aside; the best label stays."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.recognition.view_certainty import discounted
from emocam.types import Face

SURE = np.array([[0.9, 0.06, 0.04]], np.float32)


def face(yaw: float | None) -> Face:
    return Face((0, 0, 48, 48), yaw=yaw)


@pytest.mark.parametrize("yaw", [None, 0.0, 20.0, -20.0])
def test_what_is_readable_stays_as_it_is(yaw: float | None) -> None:
    assert np.allclose(discounted(SURE, [face(yaw)]), SURE)


def test_certainty_falls_with_the_angle_on_both_sides_alike() -> None:
    yaws = (55.0, 60.0, 66.0, 90.0)
    certainties = [discounted(SURE, [face(yaw)]).max() for yaw in yaws]
    assert certainties == sorted(certainties, reverse=True)
    assert certainties == [discounted(SURE, [face(-yaw)]).max() for yaw in yaws]


def test_a_profile_is_below_the_threshold_of_certainty() -> None:
    sure = np.eye(7, dtype=np.float32)[:1]
    row = discounted(sure, [face(80.0)])[0]
    assert row.argmax() == 0
    assert row.max() < 0.4
    assert row.sum() == pytest.approx(1.0, abs=1e-5)


def test_each_face_has_its_own_view() -> None:
    rows = discounted(np.repeat(SURE, 2, axis=0), [face(0.0), face(80.0)])
    assert rows[0].max() > rows[1].max()
