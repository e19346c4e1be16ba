"""Photos in folders, of patterns and at addresses, as an iterator."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from emocam.errors import SourceError, UsageError, reason_of
from emocam.io.media_kind import PHOTO_ENDINGS
from emocam.io.photos import check_remote, is_remote


class FoundPhoto(NamedTuple):
    """A photo that was found."""

    address: str  # path or address, starting as the user gave it
    stamp: str  # changes when the file does: size and time of the last change


def find_photos(inputs: Iterable[str], leave_out: Collection[Path] = ()) -> Iterator[FoundPhoto]:
    """Photos among files, below folders at any depth, by patterns and at fsspec addresses.

    Below folders, files with the ending of a picture count, and each real folder counts once,
    so that links that lead in a circle end. Files named themselves count whatever their ending.

    Parameters
    ----------
    inputs
        Paths, patterns such as `*.jpg` or `**/*.png`, addresses such as `s3://bucket/folder`.
    leave_out
        Folders not to enter: where results go.

    Raises
    ------
    UsageError
        When there is nothing of a name.
    SourceError
        When an address can't be listed.
    """
    out = {_identity(path) for path in leave_out if path.is_dir()}
    for given in inputs:
        if is_remote(given):
            yield from _find_remote(given)
        elif Path(given).is_dir():
            yield from _below(given, set(out))
        elif os.path.lexists(given):
            yield FoundPhoto(given, _stamp(given))
        else:
            yield from _matching(given, set(out))


def _matching(pattern: str, entered: set[tuple[int, int]]) -> Iterator[FoundPhoto]:
    nothing = True
    for match in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - keeps the form that was given
        if Path(match).is_dir():
            yield from _below(match, entered)
        elif _is_photo(match):
            yield FoundPhoto(match, _stamp(match))
        nothing = False
    if nothing:
        what = "nothing matches" if glob.has_magic(pattern) else "there is no file or folder"
        raise UsageError(f"{what} {pattern}")


def _below(folder: str, entered: set[tuple[int, int]]) -> Iterator[FoundPhoto]:
    identity = _identity(Path(folder))
    if identity in entered:
        return
    entered.add(identity)
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        yield FoundPhoto(folder, "")  # reading it will say why
        return
    for entry in inside:
        if _is_folder(entry):
            yield from _below(entry.path, entered)
        elif _is_photo(entry.name):
            yield FoundPhoto(entry.path, _stamp(entry.path))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself: reading it says so
        return False


def _is_photo(name: str) -> bool:
    base = PurePath(name).name
    # macOS puts a `._x.jpg` with attributes beside each x.jpg on disks of other systems.
    return PurePath(base).suffix.lower() in PHOTO_ENDINGS and not base.startswith("._")


def _identity(folder: Path) -> tuple[int, int]:
    try:
        status = folder.stat()
    except OSError:
        return (0, hash(str(folder)))
    return (status.st_dev, status.st_ino)


def _stamp(path: str) -> str:
    try:
        status = Path(path).stat()
    except OSError:
        return ""
    return f"{status.st_size}:{status.st_mtime_ns}"


def _find_remote(address: str) -> Iterator[FoundPhoto]:
    check_remote(address)
    import fsspec

    try:
        files, path = fsspec.core.url_to_fs(address)
        single = files.isfile(path) if not files.isdir(path) or _is_photo(address) else False
        found: dict[str, Any] = (
            {path: files.info(path)} if single else files.find(path, detail=True)
        )
    except Exception as error:  # every file system has errors of its own
        raise SourceError(f"can't list {address}: {reason_of(error)}") from error
    if not found:
        raise UsageError(f"nothing is at {address}")
    for name in sorted(found):
        if single or _is_photo(name.partition("?")[0]):
            full = name if is_remote(name) else files.unstrip_protocol(name)
            yield FoundPhoto(full, _remote_stamp(found[name]))


def _remote_stamp(info: dict[str, Any]) -> str:
    changes = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created")
    known = next((info[key] for key in changes if info.get(key)), "")
    return f"{info.get('size') or ''}:{known}"
