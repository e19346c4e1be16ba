"""The one table, in each of its kinds."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from emocam.errors import OutputError, UsageError
from emocam.io.table_formats import SqliteTable, readable
from emocam.io.tables import (
    HEAD_COLUMNS,
    columns,
    label_columns,
    open_table,
    reading_row,
    status_row,
)
from emocam.types import Face, Reading

LABELS = ("happy", "sad")
GROWING = [".csv", ".jsonl", ".sqlite"]


def _rows() -> list[dict[str, Any]]:
    reading = Reading(Face((1, 2, 30, 40), 0.98765, 3), "happy", 0.75, 1, (0.75, 0.25), LABELS)
    return [
        reading_row("a, b.jpg", reading, frame=7, time_s=0.28),
        status_row("ü.jpg", "no_face"),
        status_row("bad\udcff.jpg", "unreadable", "not a picture"),
    ]


def _read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return [
                {key: value or None for key, value in row.items()} for row in csv.DictReader(file)
            ]
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if path.suffix == ".parquet":
        import pyarrow.parquet as parquet

        return list(parquet.read_table(path).to_pylist())
    connection = sqlite3.connect(path)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM readings")]
    finally:
        connection.close()


@pytest.mark.parametrize("ending", [*GROWING, ".parquet"])
def test_every_kind_holds_the_same_columns_and_rows(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "new" / f"t{ending}"
    with open_table(path, LABELS) as table:
        table.write(_rows())
        assert not path.exists()  # nothing under the name before it is complete
    face, empty, bad = _read(path)
    assert tuple(face) == (*HEAD_COLUMNS, *LABELS)
    assert face["source"] == "a, b.jpg"
    numbers = [
        float(face[name])
        for name in ("frame", "time_s", "face", "x1", "y2", "detection", "happy", "sad")
    ]
    assert numbers == [7, 0.28, 3, 1, 40, 0.9877, 0.75, 0.25]
    assert (empty["source"], empty["status"], empty["emotion"]) == ("ü.jpg", "no_face", None)
    assert (bad["source"], bad["reason"]) == (r"bad\xff.jpg", "not a picture")
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [*GROWING, ".parquet"])
def test_a_body_that_fails_leaves_what_stood_there(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    path.write_text("before")
    with pytest.raises(KeyError):
        _write_and_fail(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def _write_and_fail(path: Path) -> None:
    with open_table(path, LABELS, force=True) as table:
        table.write(_rows())
        raise KeyError("stop")


@pytest.mark.parametrize("ending", GROWING)
def test_live_tables_can_be_read_while_they_grow(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    with open_table(path, LABELS, live=True) as table:
        table.write(_rows()[:1])
        table.flush()
        assert len(_read(path)) == 1
        table.write(_rows()[1:])
        table.flush()
        assert len(_read(path)) == 3
    assert list(tmp_path.iterdir()) == [path]


def test_appending_goes_on_below(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    for _ in range(2):
        with SqliteTable(path, columns(LABELS), live=True, append=True) as table:
            table.write(_rows())
    assert [row["status"] for row in _read(path)] == ["ok", "no_face", "unreadable"] * 2
    with (
        pytest.raises(OutputError, match="other columns"),
        SqliteTable(path, columns(("one", "two")), live=True, append=True),
    ):
        pass
    assert len(_read(path)) == 6


def test_a_log_left_by_a_killed_writer_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    (tmp_path / "t.sqlite-wal").write_bytes(b"rubbish" * 1000)
    with open_table(path, LABELS, live=True) as table:
        table.write(_rows())
    assert len(_read(path)) == 3


def test_results_are_not_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        open_table(path, LABELS)
    with open_table(path, LABELS, force=True):
        pass
    assert path.read_text() == ",".join(columns(LABELS)) + "\n"


@pytest.mark.parametrize("name", ["t.xlsx", "t", ".csv"])
def test_unknown_endings_name_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.csv, \.jsonl, \.parquet, \.sqlite; got"):
        open_table(tmp_path / name, LABELS)


def test_parquet_does_not_grow_in_view(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="while it grows"):
        open_table(tmp_path / "t.parquet", LABELS, live=True)


@pytest.mark.parametrize("ending", GROWING)
def test_a_table_that_cannot_be_made_is_one_clear_error(tmp_path: Path, ending: str) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match="can't write"),
        open_table(tmp_path / "file" / f"t{ending}", LABELS),
    ):
        pass


def test_labels_that_are_called_like_a_column_keep_a_column_of_their_own(tmp_path: Path) -> None:
    labels = ("Face", "happy", "HAPPY")
    assert label_columns(labels) == ("label_Face", "happy", "label_HAPPY")
    reading = Reading(Face((0, 0, 5, 5), id=4), "Face", 0.5, 0, (0.5, 0.3, 0.2), labels)
    path = tmp_path / "t.sqlite"
    with open_table(path, labels) as table:
        table.write([reading_row("x", reading)])
    [row] = _read(path)
    assert (row["face"], row["label_Face"], row["happy"], row["label_HAPPY"]) == (4, 0.5, 0.3, 0.2)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("ü", "ü"), ("a\udcffü", r"a\xffü"), ("a\ud800b\udcff", r"a\ud800b\udcff")],
)
def test_readable(text: str, shown: str) -> None:
    assert readable(text) == shown


@pytest.mark.skipif(sys.platform == "win32", reason="open files can't be removed there")
@pytest.mark.parametrize("ending", GROWING)
def test_a_growing_table_that_is_taken_away_is_told(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "logs" / f"l{ending}"
    table = open_table(path, LABELS, live=True)
    table.__enter__()
    table.write([status_row("a.mp4", "no_face")])
    table.flush()
    shutil.rmtree(path.parent)
    with pytest.raises(OutputError, match="taken away"):
        table.__exit__(None, None, None)
