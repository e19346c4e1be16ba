from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emocam.errors import InputError
from emocam.study.frames import (
    SessionFrames,
    frames_from_rows,
    from_arrow,
    read_frames,
    to_arrow,
    write_frames,
)
from emocam.study.participant_face import parse_face
from emocam.study.table_sessions import read_table_session
from tests.study.made_up import frames_of


def same(a: SessionFrames, b: SessionFrames) -> None:
    for name in SessionFrames.__dataclass_fields__:
        if name == "labels":
            assert a.labels == b.labels
        else:
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def test_frames_come_back_from_parquet(tmp_path: Path) -> None:
    first = frames_of(["happy", None, "unsure", "sad"])
    second = frames_of([None, None], labels=first.labels)
    write_frames(tmp_path / "frames.parquet", [("a", first), ("b", second)])
    found = read_frames(tmp_path / "frames.parquet")
    same(found["a"], first)
    same(found["b"], second)


def test_frames_come_from_a_csv_with_the_columns_that_matter(tmp_path: Path) -> None:
    path = tmp_path / "frames.csv"
    path.write_text("session,time_s,emotion,happy,sad\na,0,happy,0.9,0.1\na,0.5,,,\n")
    found = read_frames(path)["a"]
    assert found.labels == ("happy", "sad")
    assert found.label_codes.tolist() == [0, -1]
    assert found.probabilities[0].tolist() == pytest.approx([0.9, 0.1])


def test_other_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "frames.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="lacks the columns emotion, session, time_s"):
        read_frames(tmp_path / "frames.csv")
    (tmp_path / "frames.csv").write_text("session,time_s,emotion\na,0,happy\n")
    with pytest.raises(InputError, match="no column with a label's probability"):
        read_frames(tmp_path / "frames.csv")
    (tmp_path / "frames.parquet").write_text("no parquet")
    with pytest.raises(InputError, match="can't be read"):
        read_frames(tmp_path / "frames.parquet")


def test_rows_become_columns() -> None:
    rows = [
        {"frame": 0, "time_s": 0.0, "status": "no_face", "others": 2},
        {
            "frame": 1, "time_s": 0.1, "status": "ok", "face": 4, "x1": 1, "y1": 2, "x2": 3,
            "y2": 4, "detection": 0.9, "emotion": "sad", "certainty": 0.8, "cluster": 5,
            "happy": 0.2, "sad": 0.8, "sharpness": 0.7, "yaw": -31.5, "roll": 2.0,
        },
    ]  # fmt: skip
    frames = frames_from_rows(rows, ("happy", "sad"))
    assert frames.label_codes.tolist() == [-1, 1]
    assert frames.others.tolist() == [2, 0]
    assert frames.xyxy[1].tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(frames.angles_deg, [[np.nan] * 3, [-31.5, np.nan, 2.0]])
    table = to_arrow(frames, "a")
    assert table["yaw"].to_pylist() == [None, -31.5]
    assert table["pitch"].to_pylist() == [None, None]
    again = from_arrow(table, ("happy", "sad"))
    np.testing.assert_array_equal(again.angles_deg, frames.angles_deg)
    assert np.isnan(frames.probabilities[0]).all()


HEAD = "source,frame,time_s,face,x1,y1,x2,y2,detection,status,reason,emotion,certainty,cluster"
TABLE = f"""{HEAD},happy,sad
a,0,0.0,0,0,0,40,40,1,ok,,happy,0.9,0,0.9,0.1
a,0,0.0,1,60,0,100,60,1,ok,,sad,0.8,0,0.2,0.8
a,,0.5,,,,,,,mark,question,,,,,
a,1,1.0,,,,,,,no_face,,,,,,
a,2,2.0,0,0,0,40,40,1,ok,,happy,0.7,0,0.7,0.3
"""


@pytest.mark.parametrize(
    ("face", "label_codes", "others"),
    [
        (None, [1, -1, 0], [1, 0, 0]),
        ("left", [0, -1, 0], [1, 0, 0]),
        ("right", [1, -1, -1], [1, 0, 1]),
    ],
)
def test_a_table_of_readings_is_a_session(
    tmp_path: Path, face: str | None, label_codes: list[int], others: list[int]
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(TABLE)
    frames, marks = read_table_session(path, None if face is None else parse_face(face))
    assert frames.time_s.tolist() == [0.0, 1.0, 2.0]
    assert frames.label_codes.tolist() == label_codes
    assert frames.others.tolist() == others
    assert [(one.name, one.start_s, one.end_s) for one in marks] == [("question", 0.5, None)]


@pytest.mark.parametrize("ending", [".jsonl", ".parquet", ".sqlite"])
def test_tables_of_all_kinds_are_sessions(tmp_path: Path, ending: str) -> None:
    from emocam.io.tables import open_table, status_row

    path = tmp_path / f"log{ending}"
    row = {
        "source": "a", "frame": 0, "time_s": 0.0, "face": 0, "x1": 0, "y1": 0, "x2": 9, "y2": 9,
        "detection": 1.0, "status": "ok", "emotion": "sad", "certainty": 0.9, "cluster": 0,
        "happy": 0.1, "sad": 0.9,
    }  # fmt: skip
    with open_table(path, ("happy", "sad")) as table:
        table.write([row, status_row("a", "no_face", frame=1, time_s=0.1)])
    frames, _ = read_table_session(path, None)
    assert frames.labels == ("happy", "sad")
    assert frames.label_codes.tolist() == [1, -1]


def test_what_is_no_table_of_readings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("name,age\nann,31\n")
    with pytest.raises(InputError, match="no table of emocam"):
        read_table_session(path, None)
