"""Examples from parts of a clip, which a table says what they show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emocam.detection.crop import crop_faces
from emocam.errors import EmocamError, UsageError
from emocam.io.clip_discovery import parse_time
from emocam.io.csv_rows import read_rows
from emocam.recognition.framing import Framing
from emocam.recognition.labels import known_label
from emocam.recognition.personal import teachable
from emocam.recognition.profile import check_label
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.recognition.takes import examples_of_take
from emocam.teaching.face_quality import complaint
from emocam.teaching.from_photos import Lesson
from emocam.types import FloatArray, ImageU8
from emocam.video.clip_readings import read_video

_EVERY_S = 0.1
_COLUMNS = {"start", "end", "label"}


@dataclass(frozen=True)
class Mark:
    """A part of a clip, in seconds, and what it shows."""

    start_s: float
    end_s: float
    label: str


def read_marks(path: Path) -> list[Mark]:
    """Marks from a table with the columns start, end and label.

    Raises
    ------
    UsageError
        When it can't be read so.
    """
    if not path.is_file():
        raise UsageError(f"there is no file of marks {path}")
    rows = read_rows(path)
    missing = _COLUMNS - set(rows[0] if rows else ())
    if missing:
        raise UsageError(
            f"{path}: marks need the columns start, end and label; "
            f"{', '.join(sorted(missing))} is missing"
        )
    marks = []
    for number, row in enumerate(rows, 2):
        try:
            mark = Mark(parse_time(row["start"]), parse_time(row["end"]), row["label"])
            check_label(mark.label)
        except EmocamError as error:
            raise UsageError(f"{path}, line {number}: {error}") from error
        if mark.end_s <= mark.start_s:
            raise UsageError(f"{path}, line {number}: the end is not after the start")
        marks.append(mark)
    return marks


def learn_clip(clip: Path, marks: list[Mark], recognizer: EmotionRecognizer) -> Lesson:
    """Examples of the largest face in each marked part of a clip.

    Raises
    ------
    SourceError
        When the clip can't be decoded.
    """
    lesson = Lesson()
    for mark in marks:
        name = f"{clip.name} {mark.start_s:g}–{mark.end_s:g} s"
        label = known_label(mark.label, recognizer.model.labels)
        points, crops, complaints = _moments(clip, mark, recognizer)
        examples = examples_of_take(label, points, name)
        if not examples:
            reason = max(set(complaints), key=complaints.count) if complaints else "no face found"
            lesson.left_out.append((f"{name} ({label})", reason))
        lesson.examples.extend(examples)
        if crops:
            model = teachable(recognizer.model)
            lesson.framings.append(Framing.of(model, crops[len(crops) // 2]))
    return lesson


def _moments(
    clip: Path, mark: Mark, recognizer: EmotionRecognizer
) -> tuple[list[FloatArray], list[ImageU8], list[str]]:
    points: list[FloatArray] = []
    crops: list[ImageU8] = []
    complaints: list[str] = []
    frames = read_video(
        clip,
        recognizer,
        every_s=_EVERY_S,
        start_s=mark.start_s,
        end_s=mark.end_s,
        largest=True,
        smooth=False,
    )
    is_beyond = True
    for frame, readings in frames:
        is_beyond = False
        if not len(readings):
            continue
        crop = crop_faces(frame.image_bgr, readings.faces[:1], recognizer.model.size)[0]
        said = complaint(readings.faces[0], crop)
        if said:
            complaints.append(said)
            continue
        points.append(teachable(recognizer.model).batched_points(crop[None])[0])
        crops.append(crop)
    if is_beyond:
        complaints.append("the clip has no picture there")
    return points, crops, complaints
