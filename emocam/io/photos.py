"""Photos read from a disk or, through fsspec, from anywhere else, and decoded safely."""

from __future__ import annotations

import importlib.util
import stat
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from emocam.errors import PictureError, SetupError, reason_of

if TYPE_CHECKING:
    from emocam.types import ImageU8

_MAX_BYTES = 256 * 1024 * 1024


def read_photo(path: str | Path) -> ImageU8:
    """Decode a photo, shape (height, width, 3), uint8, blue first, upright, at full size.

    Raises
    ------
    PictureError
        With the status and the reason for the table.
    """
    from emocam.io.decode import decode_photo  # listing photos needs no OpenCV

    return decode_photo(read_bytes(str(path)), PurePath(path).name).image_bgr


def is_remote(address: str) -> bool:
    """Whether this is an address such as `s3://…`, not a path."""
    return "://" in address


def read_bytes(address: str) -> bytes:
    """The bytes of a photo file.

    Parameters
    ----------
    address
        A path, or an address that fsspec knows (https://filesystem-spec.readthedocs.io).

    Raises
    ------
    PictureError
        `vanished`, `too_large` or `unreadable`.
    """
    return _read_remote(address) if is_remote(address) else _read_local(Path(address))


def _read_local(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise PictureError("unreadable", "a folder that can't be opened")
        if not stat.S_ISREG(status.st_mode):  # opening a named pipe would wait for ever
            raise PictureError("unreadable", "not an ordinary file")
        _check_bytes(status.st_size)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise PictureError("vanished", "the file is no longer there") from error
    except OSError as error:
        raise PictureError("unreadable", error.strerror or "the file can't be read") from error


def _read_remote(address: str) -> bytes:
    try:
        with open_remote(address).open() as file:
            data = bytes(file.read(_MAX_BYTES + 1))
    except FileNotFoundError as error:
        raise PictureError("vanished", "nothing is there any longer") from error
    except Exception as error:  # every file system has errors of its own
        raise PictureError("unreadable", f"can't be fetched: {reason_of(error)}") from error
    _check_bytes(len(data))
    return data


def _check_bytes(size: int) -> None:
    if size > _MAX_BYTES:
        raise PictureError("too_large", f"the file has over {_MAX_BYTES >> 20} MB")


def open_remote(address: str) -> Any:
    """An fsspec `OpenFile`, not opened yet.

    Raises
    ------
    SetupError
        When fsspec, or what it needs for this kind of address, is not installed.
    """
    check_remote(address)
    import fsspec

    return fsspec.open(address, "rb")


def check_remote(address: str) -> None:
    """Raise SetupError when addresses of this kind can't be read with what is installed."""
    mend = 'pip install "emocam[remote]"'
    if importlib.util.find_spec("fsspec") is None:
        raise SetupError(f"{address} needs fsspec: {mend}")
    import fsspec

    protocol = address.partition("://")[0]
    try:
        fsspec.get_filesystem_class(protocol)
    except ValueError as error:
        raise SetupError(f"{address}: no file system is called '{protocol}'") from error
    except ImportError as error:
        raise SetupError(f"{address}: {error}; {mend}") from error
