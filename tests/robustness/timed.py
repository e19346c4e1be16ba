"""Runs emocam and notes how long each photo or clip takes: `timed.py NOTES ARGUMENT...`.

A line of the notes is `began NAME`, or the seconds that the file took and its name. Worker
processes import this file as well, and note what they read in the same place.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def timed(read: Callable[..., Any], name_of: Callable[..., str]) -> Callable[..., Any]:
    """A function that does the same, and notes when it begins and how long it takes."""

    def noted(*given: Any, **named: Any) -> Any:
        name, began_s = Path(name_of(*given)).name, time.monotonic()
        note(f"began {name}")
        try:
            return read(*given, **named)
        finally:
            note(f"{time.monotonic() - began_s:.4f} {name}")

    return noted


def note(line: str) -> None:
    with Path(sys.argv[1]).open("a") as notes:  # one short write, which others don't cut
        notes.write(f"{line}\n")


def read_notes(path: Path) -> tuple[dict[str, float], set[str]]:
    """Seconds of each file, and those that were begun and did not end."""
    seconds, begun = dict[str, float](), set[str]()
    for line in path.read_text().splitlines() if path.exists() else ():
        what, name = line.split(" ", 1)
        if what == "began":
            begun.add(name)
        else:
            seconds[name] = float(what)
    return seconds, begun - seconds.keys()


if __name__ == "__mp_main__":  # in a worker process
    from emocam.label.worker import PhotoReader

    PhotoReader.find = timed(PhotoReader.find, lambda _reader, task: task.address)
elif __name__ == "__main__":
    if sys.argv[2] == "video":
        from emocam.video import pipeline

        pipeline.annotate_clip = timed(pipeline.annotate_clip, lambda clip, *_: str(clip))
    from emocam.cli import main

    main(sys.argv[2:])
