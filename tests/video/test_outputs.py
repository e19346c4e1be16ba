"""Where the results of clips go."""

from __future__ import annotations

from pathlib import Path

import pytest

from emocam.errors import UsageError
from emocam.video.outputs import ClipOutputs, plan_outputs

CLIP = Path("talk.mp4")
NOTHING_NAMED = {"film": False, "table": False, "report": False}


@pytest.mark.parametrize("named", [{}, {"table": True}])
def test_a_file_may_be_said_to_be_what_its_ending_says(tmp_path: Path, named: dict[str, bool]):
    file = tmp_path / "a.CSV"
    assert plan_outputs([CLIP], file, **{**NOTHING_NAMED, **named}) == [
        ClipOutputs(None, file, None)
    ]


@pytest.mark.parametrize("named", [{"film": True}, {"table": True, "report": True}])
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, named: dict[str, bool]):
    with pytest.raises(UsageError, match="for other results name a folder"):
        plan_outputs([CLIP], tmp_path / "a.csv", **{**NOTHING_NAMED, **named})


def test_one_file_is_not_for_two_clips(tmp_path: Path):
    with pytest.raises(UsageError, match="name a folder"):
        plan_outputs([CLIP, Path("b.mp4")], tmp_path / "a.csv", **NOTHING_NAMED)


def test_a_link_stands_for_the_file_it_leads_to(tmp_path: Path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "film.mp4").symlink_to("disk/a.mp4")
    planned = plan_outputs([CLIP], tmp_path / "film.mp4", **NOTHING_NAMED)
    assert planned == [ClipOutputs((tmp_path / "disk" / "a.mp4").resolve(), None, None)]
