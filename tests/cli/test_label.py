"""`emocam label` as it is typed: what it prints, and its exit code."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from emocam.cli import main
from tests.conftest import SAMPLES

pytestmark = pytest.mark.usefixtures("in_this_process")


@pytest.fixture
def album(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES / "photos", tmp_path / "album"))


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["label", *map(str, arguments)])
    written = capsys.readouterr()
    return int(ended.value.code or 0), written.out, written.err


def test_all_read_is_zero_and_the_bar_is_quiet_without_a_terminal(
    album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, album, "-o", tmp_path / "t.csv")
    assert (code, err) == (0, "")
    assert out.startswith("3 photos: 3 ok; ")
    assert out.splitlines()[1].startswith("3 faces: ")
    code, out, _ = run(capsys, album, "-o", tmp_path / "t.csv")
    assert (code, out.splitlines()[0]) == (0, "3 photos: 3 ok; 3 were finished before")


def test_one_failed_is_one_and_json_tells_all(
    album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (album / "no.jpg").write_text("no picture")
    output, gallery = tmp_path / "t.jsonl", tmp_path / "g.html"
    code, out, err = run(capsys, album, "-o", output, "--gallery", gallery, "--json")
    said = json.loads(out)
    assert (code, err) == (1, "")
    assert said["statuses"] == {"ok": 3, "unreadable": 1}
    assert (said["photos"], said["read"], said["faces"]) == (4, 4, 3)
    assert sum(said["emotions"].values()) == 3
    assert said["made"] == [str(output), str(gallery)]


def test_of_a_file_with_several_pictures_the_first_is_read_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, empty = Image.open(SAMPLES / "photos" / "obama.jpg"), Image.new("RGB", (512, 640))
    (tmp_path / "album").mkdir()
    for name in ("moves.gif", "moves.webp", "pages.tif"):
        first.save(tmp_path / "album" / name, save_all=True, append_images=[empty, first])
    empty.save(tmp_path / "album" / "none.gif", save_all=True, append_images=[first])
    first.save(tmp_path / "album" / "still.gif")
    code, out, err = run(capsys, tmp_path / "album", "-o", tmp_path / "t.csv")
    assert code == 0
    assert "4 ok, 1 no_face" in out
    assert err.startswith("emocam: 4 files with several pictures: the first was read")
    with (tmp_path / "t.csv").open(newline="") as table:
        reasons = {Path(row["source"]).name: row["reason"] for row in csv.DictReader(table)}
    assert reasons.pop("still.gif") == ""
    assert reasons.pop("none.gif") == "the first of its 2 pictures"
    assert set(reasons.values()) == {"the first of its 3 pictures"}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nowhere"], "no file or folder nowhere"),
        (["*.nothing"], "nothing matches"),
        (["empty"], "no photos in empty"),
        (["album", "-o", "t.xlsx"], "a table ends in .csv"),
        (["album", "--model", "nope"], "no model 'nope'"),
        (["album", "--jobs", "0"], "jobs"),
        (["album", "--annotated", "album"], "holds the photos"),
        (["album", "--sort-into", "album"], "not empty"),
    ],
)
def test_nothing_to_do_is_two_with_one_line_and_leaves_nothing(
    album: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    word: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert word in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["album", "empty"]


def test_the_first_photos_that_failed_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(7):
        (tmp_path / f"{number}.jpg").write_text("no picture")
    code, out, err = run(capsys, tmp_path, "-o", tmp_path / "t.csv")
    assert (code, out.splitlines()[1]) == (1, "0 faces")
    lines = err.splitlines()
    assert len(lines) == 6
    assert lines[0].endswith("0.jpg: unreadable, not a picture that can be decoded")
    assert lines[-1] == "emocam: 2 more; the table says why"
    (tmp_path / "one").mkdir()
    (tmp_path / "0.jpg").rename(tmp_path / "one" / "0.jpg")
    _, out, _ = run(capsys, tmp_path / "one", "-o", tmp_path / "u.csv")
    assert out.startswith("1 photo: 1 unreadable; ")
