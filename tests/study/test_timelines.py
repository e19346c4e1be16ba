"""Timelines have a value wherever a face was read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emocam.study.data import ReadSession
from emocam.study.timelines import binned, edges_for
from tests.study.made_up import frames_of, session_of


def session_at(times_s: np.ndarray) -> ReadSession:
    """One with a face at each of these times, as tables give them."""
    frames = frames_of(["happy"] * len(times_s))
    return session_of(replace(frames, time_s=np.round(times_s, 4)), "ann")


@pytest.mark.parametrize(
    "times_s",
    [
        np.arange(26) * 0.2,
        np.arange(1500) * 0.04,
        np.arange(5) * 1.0,
        np.arange(40) / 3,
        np.cumsum(np.tile([4, 5], 30)) / 24,  # every 0.2 s of 24 frames a second
    ],
)
def test_there_are_no_gaps_where_all_frames_have_a_face(times_s: np.ndarray) -> None:
    session = session_at(times_s)
    first, last = session.frames.time_s[[0, -1]]
    edges = edges_for([session], None)
    values = binned(session, edges, first)
    assert not np.isnan(values[edges[1:] <= last - first]).any()


def test_a_time_without_a_face_stays_a_gap() -> None:
    session = session_of(frames_of(["happy"] * 20 + [None] * 20 + ["happy"] * 20), "ann")
    values = binned(session, edges_for([session], None), 0.0)
    assert np.isnan(values).any()
