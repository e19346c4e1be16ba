from __future__ import annotations

from pathlib import Path

import pytest

from emocam.errors import OutputError, UsageError
from emocam.output import check_free, complete_file, growing_file


def test_a_result_appears_only_when_complete(tmp_path):
    target = tmp_path / "new folder" / "table.csv"
    with complete_file(target) as temporary:
        temporary.write_text("half")
        assert temporary.suffix == ".csv"
        assert not target.exists()
    assert target.read_text() == "half"
    assert [file.name for file in target.parent.iterdir()] == ["table.csv"]


def test_a_failure_leaves_what_stood_there_and_no_rest(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), complete_file(target) as temporary:
        temporary.write_text(str(1 // len("half"[4:])))
    assert target.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match="can't write"),
        complete_file(tmp_path / "file" / "table.csv") as temporary,
    ):
        temporary.write_text("never")


def test_nothing_is_overwritten_unless_forced(tmp_path: Path):
    target = tmp_path / "table.csv"
    check_free(target, force=False)
    target.write_text("old")
    check_free(target, force=True)
    with pytest.raises(UsageError, match="--force"):
        check_free(target, force=False)


def test_only_what_concerns_the_result_is_blamed_on_it(tmp_path):
    with pytest.raises(FileNotFoundError), growing_file(tmp_path / "table.csv") as temporary:
        (temporary.parent / "another.jpg").read_bytes()
    assert not list(tmp_path.iterdir())
    # Nothing was written, so nothing can take the name.
    with (
        pytest.raises(OutputError, match=r"can't write .*table\.csv"),
        growing_file(tmp_path / "table.csv"),
    ):
        pass


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path, is_there: bool):
    other_disk = tmp_path / "disk"
    other_disk.mkdir()
    target, link = other_disk / "kept", tmp_path / "table.csv"
    if is_there:
        target.write_text("old")
    link.symlink_to("disk/kept")
    with complete_file(link) as temporary:
        temporary.write_text("new")
        assert temporary.parent.samefile(other_disk)
        assert temporary.suffix == ".csv"
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_copies_of_photos_never_replace_what_a_link_leads_to(tmp_path):
    photo, link = tmp_path / "photo.jpg", tmp_path / "copy.jpg"
    photo.write_text("original")
    link.symlink_to(photo)
    with complete_file(link, follow=False) as temporary:
        temporary.write_text("drawn")
    assert photo.read_text() == "original"
    assert link.read_text() == "drawn"
