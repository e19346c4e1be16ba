"""Coverage-guided fuzzing of emocam's own parsers with Atheris; by hand.

    pip install atheris
    python tests/robustness/fuzz.py csv -max_total_time=600
    python tests/robustness/fuzz.py card | model | source | time | profile
    python tests/robustness/fuzz.py plan | marks | subtitles

A parser may refuse an input with an error of emocam's own tree; anything else is a finding.
https://github.com/google/atheris
"""

from __future__ import annotations

import json
import struct
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))
with atheris.instrument_imports(include=["emocam"]):
    from emocam.errors import EmocamError
    from emocam.io.address import parse_address
    from emocam.io.clip_discovery import parse_time
    from emocam.recognition.model_file import load_model_file
    from emocam.recognition.profile_file import parse_profile
    from emocam.study.plan import read_plan
    from emocam.study.segments import read_marks
    from emocam.training.fer_csv import parse_pixels, read_rows

_FOLDER = Path(tempfile.mkdtemp())


def fuzz_csv(data: bytes) -> None:
    for row in read_rows(data.decode("utf-8", "replace").splitlines(keepends=True), "x.csv"):
        with suppress(OSError):  # how it says that a picture is none
            parse_pixels(row.pixels)


def fuzz_card(data: bytes) -> None:
    header = json.dumps({"__metadata__": {"emocam": data.decode("utf-8", "replace")}}).encode()
    fuzz_model(struct.pack("<Q", len(header)) + header)


def fuzz_model(data: bytes) -> None:
    load_model_file(_file("model.safetensors", data))


def fuzz_source(data: bytes) -> None:
    _ = parse_address(data.decode("utf-8", "surrogateescape")).camera_index


def fuzz_time(data: bytes) -> None:
    parse_time(data.decode("utf-8", "replace"))


def fuzz_profile(data: bytes) -> None:
    """A good profile with other values in one to three places: no chance text gets past JSON."""
    given = atheris.FuzzedDataProvider(data)
    told = {
        "kind": "emocam profile", "format": 2, "made": "2026-11-25", "model": "0" * 64,
        "labels": ["happy", "sad"], "taught": {"happy": 1},
        "examples": [{"label": "happy", "name": "a.jpg", "point": "ADwAPA=="}],
        "framing": {"examples": 1, "directions": ["ADwAPA=="]},
    }  # fmt: skip
    for _ in range(given.ConsumeIntInRange(1, 3)):
        _change(told, given)
    with suppress(ValueError, KeyError, TypeError, RecursionError):  # as it says
        parse_profile(json.dumps(told))


def _change(told: Any, given: atheris.FuzzedDataProvider) -> None:
    """Put another value into a place, wherever it is in lists and objects."""
    keys = list(told) if isinstance(told, dict) else list(range(len(told)))
    if not keys:
        return
    key = keys[given.ConsumeIntInRange(0, len(keys) - 1)]
    if isinstance(told[key], (dict, list)) and given.ConsumeBool():
        _change(told[key], given)
        return
    text = given.ConsumeUnicode(given.ConsumeIntInRange(0, 40))
    numbers = [0, -1, 10**30, given.ConsumeInt(4), given.ConsumeFloat(), float("inf")]
    values = [None, True, text, [], {}, [text], {text: text}, *numbers]
    told[key] = values[given.ConsumeIntInRange(0, len(values) - 1)]


def fuzz_plan(data: bytes) -> None:
    read_plan(_file("plan.csv", data))


def fuzz_marks(data: bytes) -> None:
    read_marks(_file("marks.csv", data)).of(Path("talks/a.mp4"))


def fuzz_subtitles(data: bytes) -> None:
    read_marks(_file("marks.srt", data))


def _file(name: str, data: bytes) -> Path:
    path = _FOLDER / name
    path.write_bytes(data)
    return path


TARGETS: dict[str, Callable[[bytes], None]] = {
    "csv": fuzz_csv, "card": fuzz_card, "model": fuzz_model, "source": fuzz_source,
    "time": fuzz_time, "profile": fuzz_profile, "plan": fuzz_plan, "marks": fuzz_marks,
    "subtitles": fuzz_subtitles,
}  # fmt: skip


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]

    def one(data: bytes) -> None:
        with suppress(EmocamError):
            target(data)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
