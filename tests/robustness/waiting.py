"""What can be seen of a command from outside, and waiting for it: no test waits a fixed time."""

from __future__ import annotations

import os
import select
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.waiting import WAIT_S


def wait_for(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end_s, "it never happened"
        time.sleep(0.02)


def finished_photos(progress: Path) -> int:
    """How many photos a run of `label` has committed to its journal.

    The run has the journal for itself, so a copy is looked at.
    """
    with TemporaryDirectory() as folder:
        try:
            for file in (progress, progress.with_name(f"{progress.name}-wal")):
                shutil.copy(file, folder)
            with closing(sqlite3.connect(Path(folder) / progress.name)) as journal:
                found = journal.execute("SELECT COUNT(*) FROM photos WHERE done IS NOT NULL")
                return int(found.fetchone()[0])
        except (FileNotFoundError, sqlite3.DatabaseError):  # not there yet, or just being written
            return 0


def read_terminal(terminal: int, wanted: bytes = b"") -> bytes:
    """What a command prints to a terminal, until it says `wanted`, or until its end."""
    said = b""
    while not wanted or wanted not in said:
        ready, _, _ = select.select([terminal], [], [], WAIT_S)
        assert ready, f"it said only {said!r}"
        try:
            data = os.read(terminal, 4096)
        except OSError:  # of Linux, when nobody holds the other end any more
            data = b""
        if not data:
            assert not wanted, f"it ended with {said!r}"
            break
        said += data
    return said
