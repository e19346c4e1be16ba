"""Photos to rows, in this process: faces of several photos are read together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from emocam.label.tasks import PhotoTask, Work
from emocam.label.worker import FoundFaces, PhotoReader
from emocam.recognition.model_file import find_model, model_hash
from emocam.recognition.prediction import Prediction
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import ImageU8


@pytest.fixture(scope="module")
def reader() -> PhotoReader:
    model = find_model(None)
    return PhotoReader(Work(str(model), model_hash(model)))


def tasks_of(folder: Path) -> list[PhotoTask]:
    return [PhotoTask(number, str(path)) for number, path in enumerate(sorted(folder.iterdir()))]


def test_each_photo_gets_its_own_faces(reader: PhotoReader, album: Path) -> None:
    shutil.rmtree(album / "sub")
    tasks = tasks_of(album)
    together = reader.read(tasks)
    alone = [reader.read([task])[0] for task in tasks]
    assert [result.id for result in together] == [task.id for task in tasks]
    for one, other in zip(together, alone, strict=True):
        for row, same in zip(one.rows, other.rows, strict=True):
            assert row == {
                name: pytest.approx(value, abs=2e-4) if isinstance(value, float) else value
                for name, value in same.items()
            }


def test_rows_are_those_of_the_recognizer(reader: PhotoReader, album: Path) -> None:
    from emocam.io.photos import read_photo

    path = album / "b.jpg"
    (row,) = reader.read([PhotoTask(7, str(path))])[0].rows
    (reading,) = EmotionRecognizer.load().read(read_photo(path))
    assert row["emotion"] == reading.emotion
    assert row["certainty"] == pytest.approx(reading.certainty, abs=0.05)  # grey by another way


def test_a_photo_that_fails_costs_the_others_nothing(
    reader: PhotoReader, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [PhotoTask(1, str(album / "b.jpg")), PhotoTask(2, str(album / "cut.jpg"))]
    monkeypatch.setattr(
        reader.recognizer.detector, "detect", lambda picture: (_ for _ in ()).throw(MemoryError)
    )
    assert [one.rows[0]["status"] for one in reader.read(tasks)] == ["too_large", "truncated"]
    monkeypatch.undo()
    found = reader.find(tasks[0])
    assert isinstance(found, FoundFaces)
    assert len(found.faces) == len(found.crops) == 1


def test_faces_that_need_too_much_memory_together_are_read_alone(
    reader: PhotoReader, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(album / "b.jpg", album / "c.jpg")
    tasks = [PhotoTask(1, str(album / "b.jpg")), PhotoTask(2, str(album / "c.jpg"))]
    predict = reader.recognizer.predict_crops

    def predict_one(crops: ImageU8) -> Prediction:
        if len(crops) > most:
            raise MemoryError
        return predict(crops)

    monkeypatch.setattr(reader.recognizer, "predict_crops", predict_one)
    most = 1
    assert [one.rows[0]["status"] for one in reader.read(tasks)] == ["ok", "ok"]
    most = 0
    assert [one.rows[0]["status"] for one in reader.read(tasks)] == ["too_large", "too_large"]


def test_an_error_of_the_reading_ends_no_run(
    reader: PhotoReader, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def predict(crops: ImageU8) -> Prediction:
        raise RuntimeError("odd")

    monkeypatch.setattr(reader.recognizer, "predict_crops", predict)
    tasks = [PhotoTask(1, str(album / "b.jpg")), PhotoTask(2, str(album / "cut.jpg"))]
    odd, cut = (result.rows[0] for result in reader.read(tasks))
    assert (odd["status"], odd["reason"]) == ("unreadable", "unexpected RuntimeError: odd")
    assert cut["status"] == "truncated"
