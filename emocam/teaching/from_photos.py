"""Examples from a folder of photos: `<label>/*.jpg`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from emocam.errors import PictureError, UsageError
from emocam.io.media_kind import PHOTO_ENDINGS
from emocam.io.photos import read_photo
from emocam.recognition.examples import learn_picture
from emocam.recognition.framing import Framing
from emocam.recognition.labels import known_label
from emocam.recognition.profile import MOST_EXAMPLES, Example, check_label
from emocam.recognition.recognizer import EmotionRecognizer


@dataclass(frozen=True)
class Lesson:
    """Examples, and what could not be one and why."""

    examples: list[Example] = field(default_factory=list)
    framings: list[Framing] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def photos_by_label(folder: Path) -> dict[str, list[Path]]:
    """The photos of each label in a folder, sorted.

    Raises
    ------
    UsageError
        When there is no such folder, or no photo in it lies in a folder of a label.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}: give one with <label>/*.jpg")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_photo = path.suffix.lower() in PHOTO_ENDINGS and path.is_file()
        if is_photo and len(parts) > 1 and not any(part.startswith(".") for part in parts):
            found.setdefault(parts[0], []).append(path)
    if not found:
        raise UsageError(
            f"no photos to learn from in {folder}: they belong in folders named by what they "
            f"show, such as {folder}/happy/1.jpg"
        )
    return found


def learn_photos(folder: Path, recognizer: EmotionRecognizer) -> Lesson:
    """Examples of the largest face of each photo below a folder.

    Parameters
    ----------
    folder
        With a folder for each label; labels may be missing, and others be new.
    recognizer
        Whose model is to be used with the profile later.

    Raises
    ------
    UsageError
        As for `photos_by_label`.
    """
    lesson = Lesson()
    for name, paths in photos_by_label(folder).items():
        label = known_label(name, recognizer.model.labels)
        check_label(label)
        for path in paths[:MOST_EXAMPLES]:
            try:
                example, framing = _learn_photo(path, label, folder, recognizer)
            except PictureError as error:
                lesson.left_out.append((str(path), str(error)))
                continue
            lesson.examples.append(example)
            lesson.framings.append(framing)
        lesson.left_out.extend(
            (str(path), f"{label} has {MOST_EXAMPLES} examples already")
            for path in paths[MOST_EXAMPLES:]
        )
    return lesson


def _learn_photo(
    path: Path, label: str, folder: Path, recognizer: EmotionRecognizer
) -> tuple[Example, Framing]:
    name = path.relative_to(folder).as_posix()
    learnt = learn_picture(recognizer, read_photo(path), label, name)
    if learnt is None:
        raise PictureError("no_face", "no face found; it should be upright and frontal")
    return learnt
