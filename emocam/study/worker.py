"""What a worker process does: files of a study in, their readings as Parquet out."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import cv2
from threadpoolctl import threadpool_limits

from emocam.errors import InputError, ModelError, reason_of
from emocam.io.tables import status_row
from emocam.label.tasks import PhotoResult, PhotoTask, Work
from emocam.recognition.model_file import model_hash
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.study.frames import frames_from_rows, to_arrow
from emocam.study.participant_face import parse_face
from emocam.study.reading import Unit, UnitReadings, read_unit

_LOCAL = threading.local()


def read_tasks(work: Work, tasks: list[PhotoTask]) -> list[PhotoResult]:
    """Read files; the address of each task is its unit, see `packed`."""
    recognizer = _recognizer(work)
    return [_read(task, recognizer) for task in tasks]


def packed(unit: Unit) -> str:
    """A unit as text, which travels to the worker."""
    return json.dumps(
        {
            "file": str(unit.file.absolute()),
            "faces": [face.text for face in unit.faces],
            "start_s": unit.start_s,
            "end_s": unit.end_s,
            "every_s": unit.every_s,
            "film": None if unit.film is None else str(unit.film.absolute()),
        }
    )


def unpacked(text: str) -> Unit:
    """The unit that `packed` made a text of."""
    data = json.loads(text)
    return Unit(
        file=Path(data["file"]),
        faces=tuple(parse_face(face) for face in data["faces"]),
        start_s=data["start_s"],
        end_s=data["end_s"],
        every_s=data["every_s"],
        film=None if data["film"] is None else Path(data["film"]),
    )


def _read(task: PhotoTask, recognizer: EmotionRecognizer) -> PhotoResult:
    unit = unpacked(task.address)
    try:
        readings = read_unit(unit, recognizer)
    except InputError as error:
        return PhotoResult(task.id, [status_row(str(unit.file), "unreadable", str(error))], [])
    except (ValueError, IndexError, ArithmeticError, MemoryError) as error:
        # One odd clip must not end the study.
        reason = f"unexpected {type(error).__name__}: {reason_of(error)}"
        return PhotoResult(task.id, [status_row(str(unit.file), "unreadable", reason)], [])
    parquet = _parquet(unit, readings, recognizer.labels)
    return PhotoResult(task.id, [status_row(str(unit.file), "ok", readings.remark)], [parquet])


def _parquet(unit: Unit, readings: UnitReadings, labels: tuple[str, ...]) -> bytes:
    """The participants' frames; the column `session` tells whose, by the mark of the face."""
    import pyarrow.parquet as pq

    about = {"size_wh": readings.size_wh, "remark": readings.remark, "labels": labels}
    file, writer = io.BytesIO(), None
    for face, rows in zip(unit.faces, readings.rows, strict=True):
        table = to_arrow(frames_from_rows(rows, labels), face.text)
        if writer is None:
            schema = table.schema.with_metadata({"emocam": json.dumps(about)})
            writer = pq.ParquetWriter(file, schema, compression="zstd")
        writer.write_table(table.replace_schema_metadata(writer.schema.metadata))
    assert writer is not None
    writer.close()
    return file.getvalue()


def _recognizer(work: Work) -> EmotionRecognizer:
    if getattr(_LOCAL, "work", None) != work:
        if model_hash(work.model) != work.model_hash:
            raise ModelError(f"{work.model} is another model here than where the run was started")
        _LOCAL.recognizer = EmotionRecognizer.load(work.model, certainty=work.certainty)
        _LOCAL.work = work
        cv2.setNumThreads(1)
        threadpool_limits(1)
    recognizer: EmotionRecognizer = _LOCAL.recognizer
    return recognizer
