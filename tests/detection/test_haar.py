"""The ensemble of Haar cascades: which are asked, and what their answers amount to."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.detection.haar import FRONTAL, HaarEnsemble, Member
from emocam.types import FloatArray, ImageU8

WEIGHTS = np.array([1.0, 1.7, 1.2, 1.7, 1.3], np.float32)  # logit, log(1 + windows), any windows
PYRAMID: list[ImageU8] = [np.zeros((96, 96), np.uint8)]


class _Cascade:
    """Accepts so many windows in the middle of each crop, and counts the crops."""

    def __init__(self, windows: int) -> None:
        self.windows = windows
        self.asked = 0

    def detectMultiScale(self, crop: ImageU8, *_: object, **__: object) -> FloatArray:
        self.asked += 1
        return np.tile(
            np.float32((5, 5, crop.shape[1] - 10, crop.shape[0] - 10)), (self.windows, 1)
        )


def asked(
    logit: float, alt2: int, default: int, rival: float | None = None
) -> tuple[float, list[int]]:
    """Combined logit of a candidate with such answers, and how often each cascade was asked.

    A rival lies half beside it, with a logit of its own.
    """
    cascades = dict(zip((one.name for one in FRONTAL), map(_Cascade, (alt2, default)), strict=True))

    def load(name: str) -> _Cascade:
        return cascades[name]

    ensemble = HaarEnsemble(WEIGHTS, -6.6, FRONTAL, load=load)  # type: ignore[arg-type]
    rows = [[48.0, 48.0, 40.0, 0.0, logit]]
    if rival is not None:
        rows.append([58.0, 48.0, 40.0, 0.0, rival])
    logits = ensemble.logits(PYRAMID, np.array(rows, np.float32))
    return float(logits[0]), [one.asked for one in cascades.values()]


def combined(logit: float, alt2: int, default: int) -> float:
    answers = [logit, *np.log1p([alt2, default]), alt2 > 0, default > 0]
    return float(np.array(answers) @ WEIGHTS) - 6.6


def test_a_face_that_one_cascade_makes_sure_is_not_shown_to_the_next() -> None:
    logit, times = asked(6.0, 9, 0)
    assert times == [1, 0]
    assert logit == pytest.approx(combined(6.0, 9, 9), abs=1e-4)


def test_of_two_sure_faces_at_one_place_the_cascades_all_tell_which_it_is() -> None:
    logit, times = asked(6.0, 9, 4, rival=5.5)
    assert times == [2, 2]
    assert logit == pytest.approx(combined(6.0, 9, 4), abs=1e-4)
    assert asked(6.0, 9, 4, rival=3.5)[1] == [1, 0]  # clearly less of a face: it is not asked about


def test_where_the_next_cascade_can_change_the_outcome_it_is_asked() -> None:
    logit, times = asked(3.0, 9, 12)
    assert times == [1, 1]
    assert logit == pytest.approx(combined(3.0, 9, 12), abs=1e-4)


def test_what_no_cascade_accepts_is_no_face_however_the_verifier_likes_it() -> None:
    logit, times = asked(20.0, 0, 0)
    assert logit < combined(8.1, 0, 0)
    assert times == [5, 5]  # it is ambiguous, so the jittered crops are looked at too


def test_a_clear_non_face_takes_one_crop() -> None:
    logit, times = asked(0.5, 0, 0)
    assert times == [1, 1]
    assert logit == pytest.approx(combined(0.5, 0, 0), abs=1e-4)


def test_a_member_that_knows_one_side_is_shown_the_mirrored_crop_too() -> None:
    member = Member("side", 1.9, 64, (30, 60), 9, one_sided=True)
    cascade = _Cascade(3)
    ensemble = HaarEnsemble(
        np.zeros(7, np.float32),
        1.0,
        (*FRONTAL, member),
        load=lambda _: cascade,  # type: ignore[arg-type, return-value]
    )
    ensemble.features(PYRAMID, np.array([[48.0, 48.0, 40.0, 0.0, 1.0]], np.float32))
    assert cascade.asked == 5 * (2 + 2)
