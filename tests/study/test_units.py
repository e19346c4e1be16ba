from __future__ import annotations

from pathlib import Path

from emocam.study.participant_face import LARGEST, parse_face
from emocam.study.plan import Session
from emocam.study.units import units_of


def session(name: str, start_s: float, end_s: float | None, **more) -> Session:
    return Session(name, Path("a.mp4"), name, start_s=start_s, end_s=end_s, **more)


def test_parts_that_overlap_are_read_once_and_others_apart() -> None:
    left, right = parse_face("left"), parse_face("right")
    units = units_of(
        [
            session("ann", 0, 60, face=left),
            session("bob", 30, 90, face=right),
            session("cy", 200, None),
        ],
        every_s=0.2,
    )
    assert units["ann"] is units["bob"]
    assert (units["ann"].start_s, units["ann"].end_s) == (0, 90)
    assert units["ann"].faces == (left, right)
    assert (units["cy"].start_s, units["cy"].end_s) == (200, None)
    assert units["cy"].faces == (LARGEST,)


def test_films_are_named_by_their_sessions() -> None:
    units = units_of([session("calm/ann: 1", 0, None)], films=Path("films"))
    assert units["calm/ann: 1"].film == Path("films/calm-ann- 1.mp4")


def test_tables_are_not_read_as_pictures() -> None:
    assert units_of([Session("log", Path("log.csv"), "ann")]) == {}
