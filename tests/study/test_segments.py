from __future__ import annotations

from pathlib import Path

import pytest

from emocam.errors import UsageError
from emocam.study.plan import Session
from emocam.study.segments import SegmentSources, lasting_marks, pieces, read_marks

SESSION = Session("a", Path("clips/a.mp4"), "ann")


def names_and_times(segments: list) -> list[tuple[str, float, float | None]]:
    return [(one.name, one.start_s, one.end_s) for one in segments]


def test_marks_with_a_time_last_until_the_next_of_their_file(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("file,time_s,name\na.mp4,5,rest\na.mp4,12.5,task\nb.mp4,7,task\n")
    marks = read_marks(path)
    assert names_and_times(marks.of(Path("clips/a.mp4"))) == [
        ("rest", 5, 12.5),
        ("task", 12.5, None),
    ]
    assert names_and_times(marks.of(Path("b.mp4"))) == [("task", 7, None)]
    assert marks.of(Path("c.mp4")) == []


def test_marks_with_ends_and_without_files_belong_to_all(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("start,end,name\n0:01,0:03,rest\n")
    assert names_and_times(read_marks(path).of(SESSION.file)) == [("rest", 1.0, 3.0)]


_SUBRIP = """1
00:00:01,000 --> 00:00:02,500
<i>Hello</i> there

2
00:00:03,000 --> 00:00:04,000
Bye
"""
_WEBVTT = """WEBVTT

00:01.000 --> 00:02.500 align:start
Hello there

last
00:00:03.000 --> 00:00:04.000
Bye
"""


@pytest.mark.parametrize(("name", "text"), [("t.srt", _SUBRIP), ("t.vtt", _WEBVTT)])
def test_subtitles_are_segments(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    found = read_marks(tmp_path / name).of(SESSION.file)
    assert names_and_times(found) == [("Hello there", 1.0, 2.5), ("Bye", 3.0, 4.0)]


def test_pieces_cover_the_session_and_a_short_rest_is_left() -> None:
    assert names_and_times(pieces(2.0, 64.0, 30.0)) == [
        ("0 to 30 s", 2.0, 32.0),
        ("30 to 60 s", 32.0, 62.0),
    ]
    assert len(pieces(0.0, 50.0, 30.0)) == 2
    assert names_and_times(pieces(0.0, 5.0, 30.0)) == [("0 to 30 s", 0.0, 5.0)]


def test_marks_of_a_live_session_last_until_the_next() -> None:
    assert names_and_times(lasting_marks([3.0, 1.0], ["b", "a"])) == [
        ("a", 1.0, 3.0),
        ("b", 3.0, None),
    ]


def test_segments_stay_within_the_session(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("start,end,name\n0,5,early\n8,,late\n40,50,after\n")
    sources = SegmentSources(marks=(read_marks(path),))
    assert names_and_times(sources.of(SESSION, (2.0, 20.0), [])) == [
        ("whole", 2.0, 20.0), ("early", 2.0, 5.0), ("late", 8.0, 20.0),
    ]  # fmt: skip


def test_marks_beside_the_clip(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHi\n")
    session = Session("a", tmp_path / "a.mp4", "ann")
    found = SegmentSources(beside=True).of(session, (0.0, 9.0), [])
    assert [one.name for one in found] == ["whole", "Hi"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("m.csv", "file,time\na,1\n", "marks need the columns"),
        ("m.csv", "name,time_s\na,late\n", "line 2: a time is written as"),
        ("m.csv", "name,start,end\na,5,4\n", "line 2: the end is not after"),
        ("m.srt", "no cues", "holds no cue"),
    ],
)
def test_bad_marks_say_where(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=words):
        read_marks(tmp_path / name)


def test_marks_of_one_moment_last_until_the_next_moment(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("time_s,end,name\n1,,a\n1,,b\n1,2,c\n4,,d\n4,,e\n")
    assert names_and_times(read_marks(path).of(SESSION.file)) == [
        ("a", 1, 4), ("b", 1, 4), ("c", 1, 2), ("d", 4, None), ("e", 4, None),
    ]  # fmt: skip


@pytest.mark.parametrize("sign", ["<", "{", "9", "9:"])
def test_odd_subtitles_are_read(tmp_path: Path, sign: str) -> None:
    cue = "00:00:01,000 --> 00:00:02,500\n"
    (tmp_path / "t.srt").write_text(cue + sign * 100_000)
    (found,) = read_marks(tmp_path / "t.srt").of(SESSION.file)
    assert (found.start_s, found.end_s) == (1.0, 2.5)


def test_a_time_of_four_hundred_digits_is_no_cue(tmp_path: Path) -> None:
    (tmp_path / "t.srt").write_text(f"{'9' * 400}:00:01,000 --> {'9' * 400}:00:02,500\nx")
    with pytest.raises(UsageError, match="holds no cue"):
        read_marks(tmp_path / "t.srt")
