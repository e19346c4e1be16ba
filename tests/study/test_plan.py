from __future__ import annotations

from pathlib import Path

import pytest

from emocam.errors import UsageError
from emocam.study.plan import read_plan


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_subfolders_are_conditions_and_files_are_participants(tmp_path: Path) -> None:
    touch(*(tmp_path / "calm" / f"{name}.mp4" for name in ("ann", "bob")))
    touch(tmp_path / "stress" / "ann.mov", tmp_path / "stress" / "notes.txt")
    touch(tmp_path / "stress" / "cy" / "1.jpg", tmp_path / "stress" / "cy" / "2.jpg")
    sessions = read_plan(tmp_path)
    assert [(one.condition, one.participant) for one in sessions] == [
        ("calm", "ann"), ("calm", "bob"), ("stress", "ann"), ("stress", "cy"),
    ]  # fmt: skip
    assert sessions[3].is_photos
    assert len({one.name for one in sessions}) == 4


def test_a_subfolder_of_clips_in_a_condition_is_one_participants(tmp_path: Path) -> None:
    touch(tmp_path / "calm" / "ann" / "1.mp4", tmp_path / "calm" / "ann" / "2.mp4")
    assert [one.participant for one in read_plan(tmp_path)] == ["ann", "ann"]


def test_results_and_earlier_results_hold_no_sessions(tmp_path: Path) -> None:
    touch(tmp_path / "calm" / "ann.mp4", tmp_path / "results" / "films" / "ann.mp4")
    touch(tmp_path / "old" / "datapackage.json", tmp_path / "old" / "film.mp4")
    sessions = read_plan(tmp_path, leave_out=tmp_path / "results")
    assert [one.condition for one in sessions] == ["calm"]


def test_a_table_tells_participants_parts_and_factors(tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(
        "file;participant;condition;start;end;face;age\n"
        "a.mp4;ann;calm;1:00;2:00;left;31\n"
        "b.mp4;;stress;;;;\n"
    )
    first, second = read_plan(plan)
    assert (first.file, first.start_s, first.end_s) == (tmp_path / "a.mp4", 60.0, 120.0)
    assert first.face is not None
    assert first.face.text == "left"
    assert first.factors == (("age", "31"),)
    assert (second.participant, second.condition, second.end_s) == ("b", "stress", None)


def test_rows_with_segments_of_one_file_are_one_session(tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(
        "file,participant,condition,start,end,segment\n"
        "a.mp4,ann,calm,0,10,rest\n"
        "a.mp4,ann,calm,10,30,task\n"
    )
    (session,) = read_plan(plan)
    assert (session.start_s, session.end_s) == (0.0, 30.0)
    assert [segment.name for segment in session.segments] == ["rest", "task"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("clip\na.mp4\n", "'file'"),
        ("file\n", "'file'"),
        ("file,start,end\na.mp4,5,2\n", "line 2: end 2 is not after start 5"),
        ("file,start\na.mp4,soon\n", "line 2: a time is written as"),
        ("file,face\na.mp4,behind\n", "line 2: a participant's face is"),
        ("file,participant\na.mp4,ann\na.mp4,bob\n", "which face is whose"),
    ],
)
def test_a_plan_that_cannot_be_understood_says_where(tmp_path: Path, text: str, words: str) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(text)
    with pytest.raises(UsageError, match=words):
        read_plan(plan)


def test_a_folder_without_clips_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="<condition>/<clip>"):
        read_plan(tmp_path)
    with pytest.raises(UsageError, match="there is no plan"):
        read_plan(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("file\na\0b.mp4\n", "no table in UTF-8"),
        ("file,end\na.mp4," + "9" * 400 + "\n", "a time is written"),
        ("file,end\na.mp4,1:" + "9" * 400 + "\n", "a time is written"),
        ("file,end\na.mp4," + "9" * 200_000 + "\n", "field larger"),
        ("file\n~nobody-of-this-name/a.mp4\n", "no home folder"),
    ],
)
def test_what_no_plan_can_hold_is_refused(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "plan.csv").write_text(content)
    with pytest.raises(UsageError, match=words):
        read_plan(tmp_path / "plan.csv")


def test_a_field_in_quotes_keeps_its_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text('file,note\na.mp4,"one\ntwo"\nb.mp4,x\n')
    assert [one.factors[0][1] for one in read_plan(tmp_path / "plan.csv")] == ["one\ntwo", "x"]
