"""Folders of photos to a table and what can be made of it, in this process."""

from __future__ import annotations

import csv
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from emocam.errors import UsageError
from emocam.label import run as module
from emocam.label.pool import CHUNK, Results
from emocam.label.run import LabelOptions, LabelProgress, LabelResult, label_photos
from tests.conftest import read_here

pytestmark = pytest.mark.usefixtures("in_this_process")


def run(folder: Path | str, output: Path, **options: Any) -> LabelResult:
    return label_photos([str(folder)], LabelOptions(output, **options), lambda progress: None)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_photo_ends_in_the_table(album: Path, tmp_path: Path) -> None:
    seen: list[LabelProgress] = []
    output = tmp_path / "out" / "t.csv"
    result = label_photos([str(album)], LabelOptions(output), seen.append)
    table = {Path(row["source"]).name: row for row in rows(output)}
    assert list(table) == ["a.png", "b.jpg", "cut.jpg", "no.jpg", "raw.nef", "ä.jpg"]
    assert [row["status"] for row in table.values()] == [
        "no_face", "ok", "truncated", "unreadable", "unsupported", "ok",
    ]  # fmt: skip
    assert all(row["reason"] for row in table.values() if row["status"] not in ("ok", "no_face"))
    face = table["b.jpg"]
    left, top, right, bottom = (int(face[name]) for name in ("x1", "y1", "x2", "y2"))
    assert left < 280 < right  # the nose of a photo of 512×640
    assert top < 150 < bottom
    assert (result.photos, result.read) == (6, 6)
    assert result.statuses == {"ok": 2, "no_face": 1, "truncated": 1, "unreadable": 1,
                               "unsupported": 1}  # fmt: skip
    assert sum(result.emotions.values()) == 2
    assert (seen[-1].finished, seen[-1].photos, seen[-1].statuses["ok"]) == (6, 6, 2)


def test_boxes_of_turned_and_large_photos_are_in_full_upright_pixels(
    album: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    with Image.open(album / "b.jpg") as picture:
        large = picture.resize((picture.width * 5, picture.height * 5))
        exif = Image.Exif()
        exif[0x0112] = 6  # shown turned right
        large.transpose(Image.Transpose.ROTATE_90).save(folder / "large.jpg", exif=exif)
        picture.save(folder / "small.jpg")
    run(folder, tmp_path / "t.csv")
    large_box, small_box = (
        [int(row[name]) for name in ("x1", "y1", "x2", "y2")] for row in rows(tmp_path / "t.csv")
    )
    assert large_box == pytest.approx([5 * value for value in small_box], abs=5 * 30)


def test_the_same_command_reads_only_what_is_new_or_changed(album: Path, tmp_path: Path) -> None:
    output = tmp_path / "t.csv"
    run(album, output)
    first = output.read_bytes()
    assert run(album, output).read == 0
    assert output.read_bytes() == first
    shutil.copy(album / "b.jpg", album / "no.jpg")
    shutil.copy(album / "b.jpg", album / "z.jpg")
    (album / "a.png").unlink()
    result = run(album, output)
    assert (result.photos, result.read) == (6, 2)
    assert [Path(row["source"]).name for row in rows(output)] == [
        "b.jpg", "cut.jpg", "no.jpg", "raw.nef", "ä.jpg", "z.jpg",
    ]  # fmt: skip
    run(album, tmp_path / "whole.csv")
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert run(album, output, fresh=True).read == 6


def test_an_interrupted_run_keeps_what_it_read(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(work: Any, tasks: Any, jobs: int) -> Results:
        yield next(read_here(work, tasks))
        raise KeyboardInterrupt

    output = tmp_path / "t.csv"
    with monkeypatch.context() as patch:
        patch.setattr(module, "read_in_processes", stop)
        with pytest.raises(KeyboardInterrupt):
            run(album, output)
    assert not output.exists()
    assert run(album, output).read == 6 - CHUNK
    run(album, tmp_path / "whole.csv")
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_another_certainty_or_model_reads_all_anew(album: Path, tmp_path: Path) -> None:
    output = tmp_path / "t.csv"
    run(album, output)
    assert run(album, output, certainty=1.0).read == 6
    assert {row["emotion"] for row in rows(output)} == {"", "unsure"}


def test_tables_of_other_photos_and_other_programs_are_not_lost(
    album: Path, tmp_path: Path
) -> None:
    output = tmp_path / "t.csv"
    run(album, output)
    with pytest.raises(UsageError, match="does not name"):
        run(album / "sub", output)
    assert len(rows(output)) == 6
    run(album / "sub", output, force=True)
    assert len(rows(output)) == 1
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        run(album, foreign)
    assert foreign.read_text() == "mine"
    run(album, foreign, force=True)
    assert len(rows(foreign)) == 6


def test_no_photos_is_said_and_leaves_nothing(album: Path, tmp_path: Path) -> None:
    (album / "empty").mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match="no photos in"):
        run(album / "empty", tmp_path / "t.csv")
    assert sorted(tmp_path.iterdir()) == before


def test_a_database_can_be_queried_while_it_grows(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "t.sqlite"
    counts = []

    def read(work: Any, tasks: Any, jobs: int) -> Results:
        for task in tasks:
            counts.append(len(_database_rows(output)))
            yield from read_here(work, [task])

    monkeypatch.setattr(module, "read_in_processes", read)
    monkeypatch.setattr(module, "_COMMIT_S", -1.0)
    run(album, output)
    assert counts == [0, 1, 2, 3, 4, 5]
    run(album, tmp_path / "t.csv")
    whole = [tuple(value or "" for value in row.values()) for row in rows(tmp_path / "t.csv")]
    assert [
        tuple("" if value is None else str(value) for value in row)
        for row in _database_rows(output)
    ] == whole
    shutil.copy(album / "b.jpg", album / "0.jpg")
    run(album, output)
    assert [Path(row[0]).name for row in _database_rows(output)][:2] == ["0.jpg", "a.png"]


def _database_rows(path: Path) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(path)
    try:
        return database.execute("SELECT * FROM readings").fetchall()
    finally:
        database.close()


def test_annotated_copies_keep_exif_and_originals_stay(album: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    exif[0x0112] = 6
    exif[0x8825] = {1: "N"}  # the place
    with Image.open(album / "b.jpg") as picture:
        turned = picture.transpose(Image.Transpose.ROTATE_90)
    turned.save(album / "b.jpg", exif=exif)
    before = (album / "b.jpg").read_bytes()
    boxes = album / "boxes"
    result = run(album, tmp_path / "t.csv", annotated=boxes)
    assert sorted(path.name for path in boxes.rglob("*.jpg")) == ["b.jpg", "ä.jpg"]
    with Image.open(boxes / "b.jpg") as copy:
        assert copy.size == (512, 640)
        assert copy.getexif()[0x010F] == "A camera"
        assert copy.getexif()[0x0112] == 1
        assert copy.getexif().get_ifd(0x8825)[1] == "N"
    assert (album / "b.jpg").read_bytes() == before
    assert result.made == [tmp_path / "t.csv", boxes]
    again = run(album, tmp_path / "t.csv", annotated=boxes)
    assert (again.photos, again.read) == (6, 0)  # the copies are no photos of the album
    shutil.rmtree(boxes)
    assert run(album, tmp_path / "t.csv", annotated=boxes).read == 6
    with pytest.raises(UsageError, match="holds the photos"):
        run(album, tmp_path / "u.csv", annotated=album)


def test_sorting_links_each_photo_and_takes_away_only_its_own(album: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sorted"
    run(album, tmp_path / "t.csv", sort_into=folder)
    links = {path.name: path for path in folder.rglob("*.jpg")}
    assert sorted(links) == ["b.jpg", "ä.jpg"]
    assert links["b.jpg"].resolve() == (album / "b.jpg").resolve()
    by_name = {Path(row["source"]).name: row["emotion"] for row in rows(tmp_path / "t.csv")}
    assert links["b.jpg"].parent.name == by_name["b.jpg"]
    assert links["ä.jpg"].relative_to(folder).as_posix() == f"{by_name['ä.jpg']}/sub/ä.jpg"
    (folder / "mine.txt").write_text("mine")
    run(album, tmp_path / "t.csv", sort_into=folder, certainty=1.0, copies=True)
    kept = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    assert kept == [".emocam-sorted", "mine.txt", "unsure/b.jpg", "unsure/sub/ä.jpg"]
    assert not (folder / "unsure" / "b.jpg").is_symlink()
    assert (folder / "unsure" / "b.jpg").read_bytes() == (album / "b.jpg").read_bytes()


def test_sorting_into_somebody_elses_folder_is_refused(album: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not empty"):
        run(album, tmp_path / "t.csv", sort_into=album)


def test_a_gallery_needs_its_faces_read_once(album: Path, tmp_path: Path) -> None:
    output, gallery = tmp_path / "t.csv", tmp_path / "g.html"
    run(album, output)
    assert run(album, output, gallery=gallery).read == 6
    html = gallery.read_text(encoding="utf-8")
    assert html.count("<li>") == 2
    assert 'href="./album/sub/%C3%A4.jpg"' in html
    assert run(album, output, gallery=gallery).read == 0
    assert run(album, output).read == 0
    gallery.unlink()
    gallery.write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        run(album, tmp_path / "u.csv", gallery=gallery)


@pytest.mark.skipif(os.name == "nt", reason="file names are bytes on POSIX only")
def test_names_that_are_no_utf8_go_all_the_way(album: Path, tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(album) + b"/\xff.jpg")
    shutil.copy(album / "b.jpg", name)
    made = {"annotated": tmp_path / "boxes", "sort_into": tmp_path / "sorted"}
    for kind in ("csv", "jsonl", "sqlite"):
        gallery = tmp_path / f"g.{kind}.html"
        run(album, tmp_path / f"t.{kind}", gallery=gallery, force=True, **made)
    assert rows(tmp_path / "t.csv")[-1]["source"].endswith(r"/\xff.jpg")
    assert rows(tmp_path / "t.csv")[-1]["status"] == "ok"
    assert Path(os.fsdecode(os.fsencode(tmp_path) + b"/boxes/\xff.jpg")).exists()
    assert "album/%FF.jpg" in (tmp_path / "g.csv.html").read_text(encoding="utf-8")
