"""Readings as DataFrames of both libraries."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import emocam
from emocam.errors import SetupError, UsageError
from emocam.io.tables import columns
from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS
from emocam.types import Face, Frame, Reading


def frames() -> list[FrameReadings]:
    row = (0.7,) + (0.05,) * 6
    one = Reading(Face((10, 10, 50, 50), 0.9, 4), EMOTIONS[0], 0.7, 2, row, EMOTIONS)
    return [
        FrameReadings((one,), 3, 0.12, "clip.mp4"),
        FrameReadings((), 4, 0.16, "clip.mp4"),
    ]


def test_pandas_has_the_tables_columns_and_missing_values():
    pandas = pytest.importorskip("pandas")
    table = emocam.to_frame(frames(), "pandas")
    assert isinstance(table, pandas.DataFrame)
    assert tuple(table.columns) == columns(EMOTIONS)
    assert table["face"].dtype == "Int64"
    assert (table["face"][0], table["status"].tolist()) == (4, ["ok", "no_face"])
    assert table["face"].isna().tolist() == table["angry"].isna().tolist() == [False, True]
    assert table.groupby("emotion")["certainty"].mean().to_dict() == {"angry": 0.7}


def test_polars_has_the_same():
    polars = pytest.importorskip("polars")
    table = emocam.to_frame(frames(), "polars")
    assert isinstance(table, polars.DataFrame)
    assert tuple(table.columns) == columns(EMOTIONS)
    assert table["face"].to_list() == [4, None]
    assert table.schema["x1"] == polars.Int64
    assert table["angry"].to_list() == [0.7, None]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_no_readings_give_an_empty_table_with_the_head(library: str):
    pytest.importorskip(library)
    table = emocam.to_frame([], library)
    assert len(table) == 0
    assert list(table.columns)[:3] == ["source", "frame", "time_s"]


def test_pairs_of_frames_and_readings_are_taken_as_they_come():
    picture = Frame(np.zeros((4, 4, 3), np.uint8))
    pairs = [(picture, one) for one in frames()]
    assert emocam.rows(pairs) == emocam.rows(frames())


def test_what_is_missing_or_unknown_is_said(monkeypatch):
    with pytest.raises(UsageError, match="pandas or polars; got 'excel'"):
        emocam.to_frame(frames(), "excel")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match="pip install pandas"):
        emocam.to_frame(frames())
    with pytest.raises(SetupError, match="a DataFrame needs polars: pip install polars"):
        emocam.to_frame(frames(), "polars")
