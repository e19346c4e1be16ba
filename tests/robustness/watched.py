"""Run emocam and note the files it writes and the sockets it opens, as audit hooks tell.

    python tests/robustness/watched.py NOTES.jsonl label photos -o table.csv

What libraries in C write is not told by hooks; the tests look for it in the folders afterwards.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

_CHANGES = {
    "os.mkdir": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1, "os.truncate": 0,
    "sqlite3.connect": 0,
}  # fmt: skip
_ANY_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def watch(notes: Path) -> None:
    """Note each write and each socket of this process as a line of JSON."""
    out = notes.open("a")

    def note(kind: str, what: object) -> None:
        out.write(json.dumps([kind, str(what)]) + "\n")
        out.flush()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = isinstance(mode, str) and any(letter in mode for letter in "wax+")
            if writes or (mode is None and isinstance(flags, int) and flags & _ANY_WRITE):
                note("write", os.fsdecode(path) if isinstance(path, bytes) else path)
        elif event in _CHANGES:
            place = arguments[_CHANGES[event]]
            note("write", os.fsdecode(place) if isinstance(place, bytes) else place)
        elif event in ("socket.connect", "socket.bind", "socket.sendto"):
            note(event, arguments[1])
        elif event in ("socket.getaddrinfo", "urllib.Request"):
            note(event, arguments[0])

    sys.addaudithook(hook)


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
    from emocam.cli import main

    main(sys.argv[2:])
