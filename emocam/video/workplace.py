"""A hidden folder for results that are not complete yet."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from emocam.output import writing

_PREFIX = ".partial-clip-"
_FRESH_S = 60.0  # between making a folder and locking it lies far less


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A hidden folder in the folder of the results, which is made if needed.

    It goes at the end. Those of runs that were killed have stayed, with films of faces in them:
    they are known by the lock that nobody holds, and go now.

    Parameters
    ----------
    folder
        Of the results.

    Raises
    ------
    OutputError
        When it can't be made.
    """
    with ExitStack() as stack:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _clear(folder)
            hidden = tempfile.TemporaryDirectory(
                prefix=_PREFIX, dir=folder, ignore_cleanup_errors=True
            )
            stack.enter_context(hidden)
        lock = _lock(Path(hidden.name))
        if lock is not None:
            stack.callback(os.close, lock)
        yield Path(hidden.name)


def _clear(folder: Path) -> None:
    for left in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody else may be clearing it
            if time.time() - left.stat().st_mtime < _FRESH_S:
                continue
            lock = _lock(left)
            if lock is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(lock)


def _lock(folder: Path) -> int | None:
    """Lock a folder until the file number is closed, by the system if the process is killed.

    None where another process has it, or where folders can't be locked: on Windows and on some
    network drives. What was left there stays.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(number)
        return None
    return number
