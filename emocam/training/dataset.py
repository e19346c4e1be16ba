"""Data sets of labelled pictures: a zip, a folder or FER2013's CSV."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from emocam.errors import DatasetError, UsageError
from emocam.training.fer_csv import CsvRow, parse_pixels, read_rows
from emocam.types import ImageU8

_PARTS = {
    "train": "train", "training": "train",
    "test": "test", "publictest": "test", "privatetest": "test", "validation": "test",
}  # fmt: skip
_ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".pgm"}
_CSV_NAMES = ("fer2013.csv", "icml_face_data.csv")
_MAX_MEMBER_BYTES = 64 * 1024 * 1024
# What zipfile raises for damaged, encrypted or oddly packed members.
_ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Picture:
    """One labelled picture: `part` is `train`, `test`, or `all` where the set has no parts."""

    label: str
    part: str
    name: str


@dataclass(frozen=True)
class Dataset:
    """What a data set holds; pictures are decoded only when asked for."""

    path: Path  # as the user gave it
    pictures: tuple[Picture, ...]  # sorted by part, label and name
    # Gives the bytes of a picture file, or the grey picture itself, for a name
    read: Callable[[str], bytes | ImageU8] = field(repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, sorted."""
        return tuple(sorted({picture.label for picture in self.pictures}))

    def part(self, name: str) -> tuple[Picture, ...]:
        """Pictures of `train`, `test` or `all`; a set without parts is given whole.

        Raises
        ------
        UsageError
            When the set has parts, but not this one.
        """
        parts = {picture.part for picture in self.pictures}
        if name == "all" or parts == {"all"}:
            return self.pictures
        chosen = tuple(picture for picture in self.pictures if picture.part == name)
        if not chosen:
            raise UsageError(f"{self.path} has no {name} part, only: {', '.join(sorted(parts))}")
        return chosen

    @property
    def has_test_part(self) -> bool:
        """Whether it comes split into pictures to learn from and pictures to test on."""
        return {"train", "test"} <= {picture.part for picture in self.pictures}

    def only(self, labels: Sequence[str]) -> Dataset:
        """The same set with some of its labels.

        Raises
        ------
        UsageError
            When a label is not in the set, or fewer than two are named.
        """
        unknown = sorted(set(labels) - set(self.labels))
        if unknown or len(set(labels)) < 2:
            raise UsageError(
                f"two or more of the labels {', '.join(self.labels)} are needed, "
                f"got: {', '.join(labels)}"
            )
        return replace(self, pictures=tuple(p for p in self.pictures if p.label in labels))


def class_counts(pictures: Iterable[Picture]) -> Counter[str]:
    """How many pictures each label has."""
    return Counter(picture.label for picture in pictures)


def open_dataset(path: Path) -> Dataset:
    """Open a data set.

    Parameters
    ----------
    path
        A zip as downloaded, a folder of `<label>/*.jpg` with or without `train` and `test` above,
        or `fer2013.csv`.

    Raises
    ------
    DatasetError
        When it is none of these, has an empty class, or holds a single label.
    UsageError
        When there is no such path, or nothing in it to work on.
    """
    if not path.exists():
        raise UsageError(f"there is no data set {path}: give a zip, a folder or fer2013.csv")
    try:
        dataset = _open(path)
    except OSError as error:
        raise DatasetError(f"{path} can't be read: {error.strerror or error}") from error
    if not dataset.pictures:
        raise UsageError(f"{path} has no pictures in folders named after labels: happy/1.jpg")
    if len(dataset.labels) < 2:
        raise DatasetError(
            f"{path} has one label only ({dataset.labels[0]}), at least 2 are needed"
        )
    return dataset


def _open(path: Path) -> Dataset:
    if path.is_dir():
        return _open_folder(path)
    if not path.is_file():  # a named pipe would be waited for, without end
        raise DatasetError(f"{path} is not an ordinary file")
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            return _from_rows(path, read_rows(lines, str(path)))
    with path.open("rb") as file:  # of a name that may not be read it would say that it is none
        is_zip = zipfile.is_zipfile(file)
    if is_zip:
        return _open_zip(path)
    raise DatasetError(f"{path} is neither a zip, a folder nor a fer2013.csv")


def _open_folder(path: Path) -> Dataset:
    found = list(path.rglob("*"))
    names = [file.relative_to(path).as_posix() for file in found if file.is_file()]
    folders = [folder.relative_to(path).as_posix() for folder in found if folder.is_dir()]
    pictures = _sorted_pictures(filter(is_picture, names))
    table = next((path / name for name in _CSV_NAMES if (path / name).is_file()), None)
    if not pictures and table is not None:
        return _open(table)
    _check_no_empty_class(path, folders, pictures)
    return Dataset(path, pictures, lambda name: (path / name).read_bytes())


def _open_zip(path: Path) -> Dataset:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise DatasetError(f"{path} is a damaged zip: {error}; download it again") from error
    # Some programs write Windows' separators into zips.
    members = {info.filename.replace("\\", "/"): info for info in archive.infolist()}
    for name in members:
        if name.startswith("/") or ":" in name or ".." in PurePosixPath(name).parts:
            raise DatasetError(f"{path} holds an unsafe path, {name!r}: not a data set to trust")

    def read(name: str) -> bytes:
        if members[name].file_size > _MAX_MEMBER_BYTES:
            raise OSError(f"over {_MAX_MEMBER_BYTES >> 20} MB when unpacked")
        try:
            return archive.read(members[name])
        except _ZIP_DAMAGE as error:
            raise OSError(f"damaged in the zip: {error}") from error

    pictures = _sorted_pictures(filter(is_picture, members))
    table = next((name for name in members if PurePosixPath(name).name in _CSV_NAMES), None)
    if not pictures and table is not None:
        return _open_zipped_table(path, archive, members[table])
    folders = [name.rstrip("/") for name, info in members.items() if info.is_dir()]
    _check_no_empty_class(path, folders, pictures)
    return Dataset(path, pictures, read)


def _open_zipped_table(path: Path, archive: zipfile.ZipFile, table: zipfile.ZipInfo) -> Dataset:
    try:
        with archive.open(table) as stream:
            lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            return _from_rows(path, read_rows(lines, f"{path}, {table.filename}"))
    except _ZIP_DAMAGE as error:
        raise DatasetError(f"{path} is a damaged zip: {error}; download it again") from error


def _from_rows(path: Path, rows: Iterable[CsvRow]) -> Dataset:
    pixels: dict[str, str] = {}
    pictures = []
    for row in rows:
        pictures.append(Picture(row.label, _PARTS.get(row.usage.lower(), "all"), row.name))
        pixels[row.name] = row.pixels
    if not pictures:
        raise UsageError(f"{path} has a heading line and no pictures below it")
    return Dataset(path, tuple(pictures), lambda name: parse_pixels(pixels[name]))


def is_picture(name: str) -> bool:
    """Whether a path inside a data set, with `/` between folders, names a picture."""
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in _ENDINGS and not hidden


def _sorted_pictures(names: Iterable[str]) -> tuple[Picture, ...]:
    found = []
    for name in names:
        folders = [folder.lower() for folder in PurePosixPath(name).parts[:-1]]
        if folders and folders[-1] not in _PARTS:
            part = _PARTS.get(folders[-2], "all") if len(folders) > 1 else "all"
            found.append(Picture(folders[-1], part, name))
    return tuple(sorted(found, key=lambda picture: (picture.part, picture.label, picture.name)))


def _check_no_empty_class(path: Path, folders: Iterable[str], pictures: Iterable[Picture]) -> None:
    """A folder without pictures, beside folders with pictures, is a class that got lost."""
    filled = {PurePosixPath(picture.name).parent for picture in pictures}
    holding = {parent for folder in filled for parent in (folder, *folder.parents)}
    beside = {folder.parent for folder in filled}
    for folder in sorted(map(PurePosixPath, folders)):
        hidden = folder.name.startswith(".") or folder.name == "__MACOSX"
        if folder not in holding and folder.parent in beside and not hidden:
            raise DatasetError(
                f"{path}: the folder '{folder}' has no pictures: add some, or remove it"
            )
