"""Whole studies, from plan to page, of clips cut from the sample and the shared one."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import pytest

from emocam.cli import main
from emocam.study.frames import read_frames
from tests.cli.test_commands import fails_with_one_line, run
from tests.conftest import SAMPLES
from tests.waiting import WAIT_S

import av  # isort: skip

LABELS = "angry,disgust,fear,happy,neutral,sad,surprise"


def cut(clip: Path, target: Path, start_s: float, end_s: float, *, twice: bool = False) -> None:
    """A piece of a clip, which begins anew at its end; beside itself to show two people."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source = cv2.VideoCapture(str(clip))
    fps, frames = source.get(cv2.CAP_PROP_FPS), []
    while (found := source.read())[0]:
        frames.append(cv2.hconcat([found[1], found[1]]) if twice else found[1])
    size = frames[0].shape[1], frames[0].shape[0]
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
    for index in range(round(start_s * fps), round(end_s * fps)):
        writer.write(frames[index % len(frames)])
    writer.release()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def read_here(
    work: Any, tasks: Iterable[Any], jobs: int, chunk: int, read_apart: Any
) -> Iterable[Any]:
    """In the place of a pool of processes."""
    from emocam.study.worker import read_tasks

    for task in tasks:
        yield read_tasks(work, [task])


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocam.study.run.read_in_processes", read_here)


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """Two conditions, a clip each and photos, and a damaged one."""
    folder = tmp_path_factory.mktemp("clips")
    cut(SAMPLES / "webcam.mp4", folder / "calm" / "ann.mp4", 1, 3)
    cut(SAMPLES / "webcam.mp4", folder / "film" / "ann.mp4", 6, 8)
    shutil.copytree(SAMPLES / "photos", folder / "film" / "bob")
    whole = (folder / "calm" / "ann.mp4").read_bytes()
    (folder / "calm" / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    return folder


@pytest.fixture(scope="module")
def results(clips, tmp_path_factory) -> Path:
    """Of that study, in processes of their own."""
    output = tmp_path_factory.mktemp("results") / "study"
    with pytest.raises(SystemExit) as ended:
        main(["study", str(clips), "-o", str(output), "--jobs", "2"])
    assert ended.value.code == 1  # for the damaged clip
    return output


def test_all_results_are_there(results: Path) -> None:
    found = {one.name for one in results.iterdir()}
    assert found >= {
        "study.html", "sessions.csv", "segments.csv", "participants.csv", "conditions.csv",
        "contrasts.csv", "transitions.csv", "frames.parquet", "datapackage.json", "figures",
    }  # fmt: skip
    figures = {one.suffix for one in (results / "figures").iterdir()}
    assert figures == {".svg", ".png"}


def test_sessions_have_their_people_and_measures(results: Path) -> None:
    sessions = {row["session"]: row for row in rows_of(results / "sessions.csv")}
    assert set(sessions) == {"calm/ann", "film/ann", "film/bob"}
    ann = sessions["calm/ann"]
    assert (ann["participant"], ann["condition"], ann["frames"]) == ("ann", "calm", "50")
    assert float(ann["duration_s"]) == pytest.approx(2.0, abs=0.05)
    assert float(ann["face_share"]) == 1
    assert 100 < float(ann["head_px"]) < 200
    assert float(ann["sharpness"]) > 0
    bob = sessions["film/bob"]
    assert (bob["frames"], float(bob["duration_s"])) == ("3", 3.0)
    assert float(bob["happy_share"]) == pytest.approx(2 / 3, abs=0.34)


def test_frames_are_those_of_emocam_video(results: Path, clips: Path, tmp_path: Path) -> None:
    table = tmp_path / "ann.csv"
    with pytest.raises(SystemExit):
        main(["video", str(clips / "calm" / "ann.mp4"), "-o", str(table)])
    frames = read_frames(results / "frames.parquet")["calm/ann"]
    labels = [(*frames.labels, "unsure")[code] for code in frames.label_codes]
    assert labels == [row["emotion"] for row in rows_of(table)]
    happy = [float(row["happy"]) for row in rows_of(table)]
    column = frames.probabilities[:, frames.labels.index("happy")]
    assert column.tolist() == pytest.approx(happy, abs=1e-4)


def test_the_data_package_describes_every_column(results: Path) -> None:
    package = json.loads((results / "datapackage.json").read_text())
    for resource in package["resources"]:
        path = results / resource["path"]
        names = [field["name"] for field in resource["schema"]["fields"]]
        if path.suffix == ".csv":
            with path.open(newline="") as file:
                assert next(csv.reader(file)) == names
        else:
            import pyarrow.parquet

            assert pyarrow.parquet.read_schema(path).names == names
        assert all(field["description"] for field in resource["schema"]["fields"])


def test_the_page_needs_nothing_but_itself(results: Path) -> None:
    text = (results / "study.html").read_text()
    assert "could not be read" in text
    for word in ("<link rel=stylesheet", "http://", "https://", "<script src", "@import"):
        assert word not in text
    assert LABELS.split(",")[3] in text


def test_nothing_is_read_twice_and_new_clips_are(
    results: Path, clips: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, output = tmp_path / "clips", tmp_path / "results"
    shutil.copytree(clips, copy)
    (copy / "calm" / "cut.mp4").unlink()
    read: list[str] = []

    def reading(work: Any, tasks: Iterable[Any], *rest: Any) -> Iterable[Any]:
        tasks = list(tasks)
        read.extend(Path(json.loads(task.address)["file"]).name for task in tasks)
        return read_here(work, tasks, *rest)

    monkeypatch.setattr("emocam.study.run.read_in_processes", reading)
    assert run(capsys, "study", copy, "-o", output)[0] == 0
    assert sorted(read) == ["ann.mp4", "ann.mp4", "bob"]
    read.clear()
    shutil.copy(copy / "calm" / "ann.mp4", copy / "calm" / "cy.mp4")
    assert run(capsys, "study", copy, "-o", output)[0] == 0
    assert read == ["cy.mp4"]
    assert len(rows_of(output / "sessions.csv")) == 4


def test_an_interrupted_study_goes_on_where_it_stopped(clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "results"
    for n in range(4):
        (tmp_path / "many" / "calm").mkdir(parents=True, exist_ok=True)
        shutil.copy(clips / "calm" / "ann.mp4", tmp_path / "many" / "calm" / f"p{n}.mp4")
    command = [sys.executable, "-m", "emocam", "study", str(tmp_path / "many"), "-o", str(output)]
    process = subprocess.Popen([*command, "--jobs", "1"], stderr=subprocess.PIPE)
    end = time.monotonic() + 120
    while not list(output.glob(".progress/*.parquet")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    process.kill()
    process.communicate()
    finished = {one.name: one.stat().st_mtime_ns for one in output.glob(".progress/*.parquet")}
    again = [*command, "--jobs", "1"]
    said = subprocess.run(again, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert said.startswith("4 sessions, 4 participants, 1 condition, ")
    after = {one.name: one.stat().st_mtime_ns for one in output.glob(".progress/*.parquet")}
    assert len(after) == 4
    assert {name: after[name] for name in finished} == finished


def test_a_study_that_was_killed_at_its_first_film_goes_on(clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "results"
    (tmp_path / "one" / "calm").mkdir(parents=True)
    shutil.copy(clips / "calm" / "ann.mp4", tmp_path / "one" / "calm")
    command = [sys.executable, "-m", "emocam", "study", tmp_path / "one", "-o", output, "--films"]
    process = subprocess.Popen([*command, "--jobs", "1"], stderr=subprocess.PIPE)
    end = time.monotonic() + WAIT_S
    while not list(output.glob("films/*")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert not list(output.glob(".progress/*"))
    subprocess.run([*command, "--jobs", "1"], check=True, stdout=subprocess.PIPE)
    assert (output / "study.html").exists()


def test_tables_alone_make_it_again_with_other_segments(
    results: Path, tmp_path: Path, capsys
) -> None:
    again = tmp_path / "again"
    code, out, _ = run(
        capsys, "study", results, "-o", again, "--from-tables", "--segment-length", "1s", "--json"
    )
    assert code == 1  # the damaged clip is still missing
    assert json.loads(out)["segments"][:3] == ["whole", "0 to 1 s", "1 to 2 s"]
    before = {row["session"]: row for row in rows_of(results / "sessions.csv")}
    for row in rows_of(again / "sessions.csv"):
        assert row == before[row["session"]]
    assert len(rows_of(again / "segments.csv")) > len(rows_of(results / "segments.csv"))


def test_tables_can_be_measured_by_another_plan(results: Path, tmp_path: Path, capsys) -> None:
    copy = tmp_path / "results"
    shutil.copytree(results, copy)
    rows = rows_of(copy / "sessions.csv")
    for row in rows:
        row["condition"] = "all"
    with (copy / "sessions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    run(capsys, "study", copy, "-o", copy, "--from-tables")
    assert {row["condition"] for row in rows_of(copy / "conditions.csv")} == {"all"}


def test_two_people_of_one_clip_are_two_sessions_and_in_step(
    here: None, tmp_path: Path, capsys
) -> None:
    cut(SAMPLES / "webcam.mp4", tmp_path / "duo.mp4", 0, 22, twice=True)
    (tmp_path / "plan.csv").write_text(
        "file,participant,condition,face,age\nduo.mp4,ann,talk,left,30\nduo.mp4,bob,talk,right,40\n"
    )
    (tmp_path / "marks.csv").write_text("file,time_s,name\nduo.mp4,1,rest\nduo.mp4,3,question\n")
    output = tmp_path / "results"
    code, *_ = run(
        capsys, "study", tmp_path / "plan.csv", "-o", output, "--marks", tmp_path / "marks.csv",
        "--baseline", "rest", "--align", "question", "--every", "0.1s",
    )  # fmt: skip
    assert code == 0
    ann, bob = rows_of(output / "sessions.csv")
    assert (ann["participant"], bob["participant"], bob["age"]) == ("ann", "bob", "40")
    assert float(ann["others_share"]) == 0
    frames = read_frames(output / "frames.parquet")
    assert frames[ann["session"]].xyxy[:, 2].max() < 400 + 50
    assert frames[bob["session"]].xyxy[:, 0].min() > 400 - 50
    whole = rows_of(output / "synchrony.csv")[0]
    assert float(whole["r_same_time"]) > 0.8  # they are one and the same
    assert float(whole["lag_s"]) == 0
    segments = {row["segment"] for row in rows_of(output / "segments.csv")}
    assert segments == {"whole", "rest", "question"}
    rest = [row for row in rows_of(output / "segments.csv") if row["segment"] == "rest"]
    assert all(float(row["expressiveness_change"]) == 0 for row in rest)


def test_who_is_not_marked_is_neither_read_nor_to_be_seen(
    here: None, tmp_path: Path, capsys
) -> None:
    cut(SAMPLES / "webcam.mp4", tmp_path / "duo.mp4", 0, 2, twice=True)
    cut(SAMPLES / "webcam.mp4", tmp_path / "one.mp4", 0, 1)
    (tmp_path / "plan.csv").write_text("file,participant,face\nduo.mp4,ann,left\none.mp4,cy,\n")
    output = tmp_path / "results"
    code, out, _ = run(
        capsys, "study", tmp_path / "plan.csv", "-o", output, "--only-participant-marked", "--films"
    )
    assert code == 0
    assert f"  {output / 'films'}\n" in out
    (ann,) = rows_of(output / "sessions.csv")
    assert (ann["participant"], ann["others_share"]) == ("ann", "1")
    assert "nobody in it is marked" in (output / "study.html").read_text()
    with (
        av.open(str(output / "films" / "duo.mp4")) as film,
        av.open(str(tmp_path / "duo.mp4")) as clip,
    ):
        pairs = zip(film.decode(video=0), clip.decode(video=0), strict=False)
        for n, (drawn, plain) in enumerate(pairs):
            if n % 10:
                continue
            right = [one.to_ndarray(format="gray")[100:230, 545:675] for one in (drawn, plain)]
            # Of the other head nothing is left: no edge, hardly a shade.
            assert _edges(right[0]) < 0.4 * _edges(right[1])


def _edges(gray: Any) -> float:
    return float(abs(cv2.Laplacian(gray, cv2.CV_32F)).mean())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nothing"], 2, ["there is no plan nothing"]),
        (["."], 2, ["<condition>/<clip>"]),
        ([".", "--from-tables"], 2, ["frames.parquet"]),
        ([".", "--segment-length", "0"], 2, ["--segment-length"]),
        ([".", "--marks", "no.csv"], 2, ["no.csv"]),
        ([".", "--face", "behind"], 2, ["largest, left, right, centre"]),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch, arguments: list, code: int, words: list
) -> None:
    monkeypatch.chdir(tmp_path)
    fails_with_one_line(run(capsys, "study", *arguments), code, *words)


def test_results_do_not_go_where_something_else_is(clips: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    result = run(capsys, "study", clips, "-o", tmp_path)
    fails_with_one_line(result, 2, "holds something else", "--force")


def test_a_segment_that_is_nowhere_names_those_that_are(results: Path, capsys) -> None:
    result = run(capsys, "study", results, "-o", results, "--from-tables", "--baseline", "calm")
    fails_with_one_line(result, 2, "no session has a segment 'calm'", "whole")


def test_nobody_marked_is_nothing_to_do(clips: Path, tmp_path: Path, capsys) -> None:
    output = tmp_path / "results"
    result = run(capsys, "study", clips, "-o", output, "--only-participant-marked")
    fails_with_one_line(result, 2, "--only-participant-marked reads nobody", "--face")


def test_ten_parts_of_the_shared_clip(shared_data: Path, tmp_path: Path, capsys) -> None:
    """Five pieces of the long clip as five people under two conditions, read less often."""
    clip = shared_data / "webcam-face.mp4"
    lines = ["file,participant,condition,start,end"]
    for n in range(10):
        lines.append(f"{clip},p{n // 2},{('talk', 'look')[n % 2]},{5 * n},{5 * n + 5}")
    (tmp_path / "plan.csv").write_text("\n".join(lines) + "\n")
    output = tmp_path / "results"
    code, *_ = run(capsys, "study", tmp_path / "plan.csv", "-o", output, "--every", "0.2s")
    assert code == 0
    contrasts = rows_of(output / "contrasts.csv")
    assert {row["paired"] for row in contrasts} == {"true"}
    assert {row["n_first"] for row in contrasts} == {"5"}
    assert all(row["low"] and row["high"] and row["p"] for row in contrasts)
    assert len(rows_of(output / "sessions.csv")) == 10
