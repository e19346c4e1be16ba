"""Where the copy of a photo goes: the same place below another folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from emocam.io.photos import is_remote


def place_below(address: str, base: str) -> Path:
    """The part of an address below a base folder, as a relative path.

    Parameters
    ----------
    address
        A path, or an address such as `s3://bucket/a/b.jpg`, of which `bucket/a/b.jpg` is taken.
    base
        An absolute path that the path lies below.
    """
    if is_remote(address):
        rest = PurePosixPath(address.partition("://")[2].partition("?")[0])
        return Path(*(part for part in rest.parts if part not in ("/", "..")))
    return Path(os.path.relpath(Path(address).absolute(), base))


def common_base(inputs: Sequence[str]) -> str:
    """The deepest folder that all local inputs lie below, as an absolute path."""
    folders = []
    for given in (one for one in inputs if not is_remote(one)):
        path = Path(given).absolute()
        while not path.is_dir() and path != path.parent:  # a file, or a pattern such as a/*/b.jpg
            path = path.parent
        folders.append(os.path.normpath(path))
    return os.path.commonpath(folders) if folders else ""
