"""The journal: what is finished stays finished, what changed is done anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from emocam.errors import OutputError, UsageError
from emocam.io.photo_discovery import FoundPhoto
from emocam.label.journal import Journal
from emocam.label.tasks import PhotoResult, PhotoTask, Work

WORK = Work("m", "hash")
A, B, BAD = FoundPhoto("a", "1:1"), FoundPhoto("b", "2:2"), FoundPhoto("c\udcff", "3:3")


def result(task: PhotoTask, certainty: float = 0.5) -> PhotoResult:
    row = {"source": task.address, "status": "ok", "face": 0, "emotion": "sad"}
    return PhotoResult(task.id, [{**row, "certainty": certainty}], [b"jpeg"])


def finish(journal: Journal, work: Work = WORK) -> list[str]:
    """Finish all that is left, and say what it was."""
    tasks = list(journal.unfinished(work))
    journal.finish([result(task) for task in tasks], work)
    return [task.address for task in tasks]


def test_what_is_finished_is_not_done_again(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path) as journal:
        assert journal.list_photos([B, A, BAD, A]) == 3
        assert finish(journal) == ["a", "b", "c\udcff"]
    with Journal(path) as journal:
        journal.list_photos([A, B, BAD])
        assert journal.finished(WORK) == 3
        assert finish(journal) == []
        assert [address for address, _ in journal.photos(WORK)] == ["a", "b", "c\udcff"]
        assert journal.statuses(WORK) == {"ok": 3}


@pytest.mark.parametrize(
    ("work", "photo"),
    [
        (WORK, FoundPhoto("a", "1:9")),
        (Work("m", "other"), A),
        (Work("m", "hash", certainty=0.5), A),
        (Work("m", "hash", pictures=True), A),
        (Work("m", "hash", annotated="x"), A),
    ],
)
def test_a_change_of_photo_model_or_wishes_does_it_anew(
    tmp_path: Path, work: Work, photo: FoundPhoto
) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.list_photos([A])
        finish(journal)
        journal.list_photos([photo])
        assert journal.finished(work) == 0
        assert list(journal.photos(work)) == []
        assert finish(journal, work) == ["a"]
        assert journal.finished(work) == 1


def test_wishing_for_less_does_nothing_anew(tmp_path: Path) -> None:
    rich = Work("elsewhere", "hash", pictures=True, annotated="x")
    with Journal(tmp_path / "j") as journal:
        journal.list_photos([A])
        finish(journal, rich)
        assert journal.finished(WORK) == 1
        assert journal.finished(Work("m", "hash", annotated="y")) == 0
        journal.forget_annotated()
        assert journal.finished(rich) == 0


def test_photos_that_are_gone_are_left_out_and_forgotten(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.list_photos([A, B])
        finish(journal)
    with Journal(tmp_path / "j") as journal:
        journal.list_photos([B])
        assert journal.unlisted() == 1
        assert [address for address, _ in journal.photos(WORK)] == ["b"]
        assert [address for address, *_ in journal.faces(WORK, "sad")] == ["b"]
        journal.forget_unlisted()
        assert journal.unlisted() == 0


def test_faces_come_by_certainty(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.list_photos([A, B])
        low, high = journal.unfinished(WORK)
        journal.finish([result(low, 0.2), result(high, 0.9)], WORK)
        assert list(journal.faces(WORK, "sad")) == [("b", 0.9, b"jpeg"), ("a", 0.2, b"jpeg")]
        assert list(journal.faces(WORK, "happy")) == []


def test_many_photos_come_in_order_while_others_are_finished(tmp_path: Path) -> None:
    photos = [FoundPhoto(f"{number:05d}", "1:1") for number in range(2_500)]
    with Journal(tmp_path / "j") as journal:
        journal.list_photos(reversed(photos))
        seen = []
        for task in journal.unfinished(WORK):
            seen.append(task.address)
            journal.finish([result(task)], WORK)
        assert seen == [photo.address for photo in photos]


def test_nothing_is_left_of_a_command_that_failed_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError), Journal(tmp_path / "j"):
        raise UsageError("no photos")
    assert list(tmp_path.iterdir()) == []


def _fail_later(path: Path) -> None:
    with Journal(path) as journal:
        journal.list_photos([A])
        finish(journal)
        raise OutputError("disk full")


def test_what_was_finished_before_an_error_stays(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        _fail_later(tmp_path / "j")
    with Journal(tmp_path / "j") as journal:
        journal.list_photos([A])
        assert journal.finished(WORK) == 1


def test_a_file_that_is_no_journal_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("hello, this is some text that is no database at all")
    with pytest.raises(OutputError, match="--fresh starts over"), Journal(tmp_path / "j"):
        pass
    with sqlite3.connect(tmp_path / "k") as database:
        database.execute("CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT)")
        database.execute("INSERT INTO about VALUES ('format', 'emocam label 0')")
    database.close()
    with pytest.raises(UsageError, match="another emocam"), Journal(tmp_path / "k"):
        pass


def test_two_runs_at_once_are_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.list_photos([A])
        for fresh in (False, True):
            busy = pytest.raises(OutputError, match="another emocam is at work")
            with busy, Journal(path, fresh=fresh):
                pass
        assert finish(journal) == ["a"]
    with Journal(path) as journal:  # free again
        journal.list_photos([A])
        assert journal.finished(WORK) == 1


def test_starting_over_forgets_what_was_there_whatever_it_was(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.list_photos([A])
        finish(journal)
    with Journal(path, fresh=True) as journal:
        journal.list_photos([A])
        assert finish(journal) == ["a"]
    path.write_text("hello, this is some text that is no database at all")
    with Journal(path, fresh=True) as journal:
        assert journal.list_photos([A]) == 1


def test_ctrl_c_between_two_statements_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    def interrupted(results: list[PhotoResult]) -> Iterator[PhotoResult]:
        yield results[0]
        raise KeyboardInterrupt

    with Journal(tmp_path / "j") as journal:
        journal.list_photos([A, B])
        results = [result(task) for task in journal.unfinished(WORK)]
        with pytest.raises(KeyboardInterrupt):
            journal.finish(interrupted(results), WORK)  # type: ignore[arg-type]
        assert journal.finished(WORK) == 0  # all or nothing
        journal.finish(results, WORK)
        assert journal.finished(WORK) == 2
        # Ctrl-C can even fall between the last statement and the end of the block.
        journal._database.execute("BEGIN")
        journal.finish(results, WORK)
        assert journal.finished(WORK) == 2
