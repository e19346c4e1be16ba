"""Why a camera of this computer does not open, as far as the system tells (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


def why_not_open(node: Path) -> str:
    """What keeps a device such as /dev/video0 from opening, with what mends it.

    OpenCV tells only that it did not open: whether the device is missing, denied (EACCES) or busy
    (EBUSY) is lost in it.

    Returns
    -------
    One line; empty where nothing is found.
    """
    if not node.exists():
        return "no such device is connected"
    if not os.access(node, os.R_OK | os.W_OK):
        return "this user may not use it: sudo usermod -aG video $USER, then log in anew"
    users = ", ".join(_users(node))
    return f"busy: {users} uses it" if users else ""


def _users(node: Path) -> Iterator[str]:
    """Other programs that have the device open, of those that this user may look at."""
    place = os.path.realpath(node)
    for process in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or belongs to somebody else
            if process.name != str(os.getpid()) and any(
                os.path.realpath(handle) == place for handle in (process / "fd").iterdir()
            ):
                yield f"{(process / 'comm').read_text().strip()} (process {process.name})"
