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
    with suppress(ValueError, KeyError, TypeError, RecursionError):  # as it says
        parse_profile(data.decode("utf-8", "replace"))


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
