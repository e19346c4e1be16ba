# ruff: noqa: E501 - a table reads better with a case a line
"""Clips, data sets, models, places and arguments as they should not be.

Each case: a name, what to make in an empty folder, the command line, the exit code, words of the
one line on standard error. `obama.jpg`, `good.mp4` and `set/` are there for every case.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emocam.recognition.model_file import find_model, load_model_card
from tests.conftest import SIDE
from tests.robustness.clips import make_clip, make_sound


class Case(NamedTuple):
    name: str
    make: Callable[[Path], object]
    command: str
    code: int
    words: tuple[str, ...]


def nothing(_: Path) -> None:
    return None


def text(name: str, content: str | bytes) -> Callable[[Path], object]:
    data = content.encode() if isinstance(content, str) else content
    return lambda folder: (folder / name).write_bytes(data)


def clip(ending: str, keep: float = 1.0, flips: int = 0) -> Callable[[Path], object]:
    """A clip cut to a share of its bytes, with some of its bytes replaced."""

    def make(folder: Path) -> None:
        path = make_clip(folder / f"bad{ending}")
        data = bytearray(path.read_bytes())
        del data[int(len(data) * keep) :]
        rng = np.random.default_rng(5)
        for at in rng.integers(len(data) // 4, len(data) * 3 // 4, flips):
            data[at] = int(rng.integers(256))
        path.write_bytes(bytes(data))

    return make


def unknown_codec(folder: Path) -> None:
    """A Matroska file whose codec nobody knows."""
    path = make_clip(folder / "bad.mkv")
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_MPEG9/ISO/XYZ"))


def zipped(*members: tuple[str, bytes]) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / "bad.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members:
                archive.writestr(name, data)

    return make


def encrypted(folder: Path) -> None:
    """A zip whose members say that they are encrypted."""
    zipped(("happy/1.png", b"x" * 50), ("sad/1.png", b"x" * 50))(folder)
    path = folder / "bad.zip"
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    path.write_bytes(bytes(data))


def cut_zip(folder: Path) -> None:
    zipped(
        ("a/1.png", np.random.default_rng(1).bytes(5000)),
        ("b/1.png", np.random.default_rng(1).bytes(5000)),
    )(folder)
    os.truncate(folder / "bad.zip", 6000)


def model(header: object, data: bytes = b"") -> Callable[[Path], object]:
    raw = json.dumps(header).encode()
    return text("bad.safetensors", struct.pack("<Q", len(raw)) + raw + data)


class RunsCode:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("ran-from-a-file",)


ROW = "emotion,pixels,Usage\n"
PIXELS = " ".join(["7"] * SIDE * SIDE)
GOOD_ROWS = "".join(f"{emotion},{PIXELS},PublicTest\n" for emotion in range(7))
CSV = "evaluate bad.csv --model pixels"
ZIP = "evaluate bad.zip --model pixels"
MODEL = "label obama.jpg --model bad.safetensors"
VIDEO = "video {} --table -o out"
NOT_MEDIA = "is not a video, or is cut off or damaged"
LABEL = "label obama.jpg -o"

CLIPS = [
    Case("an empty clip", text("bad.mp4", b""), VIDEO.format("bad.mp4"), 1, ("empty (0 bytes)",)),
    Case("text", text("bad.mp4", "a letter\n" * 50), VIDEO.format("bad.mp4"), 1, ("text file",)),
    Case("noise", text("bad.mkv", np.random.default_rng(1).bytes(9000)), VIDEO.format("bad.mkv"), 1, (NOT_MEDIA,)),
    Case("a header", clip(".mp4", keep=0.02), VIDEO.format("bad.mp4"), 1, ("cut off or damaged",)),
    Case("a cut mp4", clip(".mp4", keep=0.5), VIDEO.format("bad.mp4"), 1, (NOT_MEDIA,)),
    Case("a cut mkv", clip(".mkv", keep=0.5), VIDEO.format("bad.mkv"), 0, ("is damaged:", "of about")),
    Case("a cut webm", clip(".webm", keep=0.5), VIDEO.format("bad.webm"), 0, ("is damaged:",)),
    Case("a flipped mkv", clip(".mkv", flips=60), VIDEO.format("bad.mkv"), 0, ("",)),
    Case("a flipped avi", clip(".avi", flips=60), VIDEO.format("bad.avi"), 0, ("",)),
    Case("a flipped ts", clip(".ts", flips=60), VIDEO.format("bad.ts"), 0, ("",)),
    Case("a flipped flv", clip(".flv", flips=20), VIDEO.format("bad.flv"), 0, ("",)),
    Case("sound only", lambda f: make_sound(f / "bad.wav"), VIDEO.format("bad.wav"), 1, ("sound but no picture",)),
    Case("a list of files", text("bad.mp4", "ffconcat version 1.0\nfile good.mp4\n"), VIDEO.format("bad.mp4"), 1, ("text file",)),
    Case("HLS", text("bad.ts", "#EXTM3U\n#EXTINF:1,\ngood.mp4\n"), VIDEO.format("bad.ts"), 1, ("text file",)),
    Case("SDP, live", text("bad.sdp", "v=0\nm=video 5004 RTP/AVP 96\n"), "live bad.sdp --realtime --no-window", 1, ("text file",)),
    Case("an unknown codec", unknown_codec, VIDEO.format("bad.mkv"), 1, ("unknown codec, which can't be decoded",)),
    Case("a missing clip", nothing, VIDEO.format("bad.mp4"), 1, ("no video file bad.mp4",)),
    Case("a named pipe", lambda f: os.mkfifo(f / "bad.mp4"), VIDEO.format("bad.mp4"), 1, ("is not a file",)),
    Case("a device", nothing, VIDEO.format("/dev/zero"), 1, ("is not a file",)),
    Case("a folder without clips", lambda f: (f / "bad").mkdir(), VIDEO.format("bad"), 2, ("no video file in bad",)),
    Case("a link in a circle", lambda f: (f / "bad.mp4").symlink_to("bad.mp4"), VIDEO.format("bad.mp4"), 1, ("bad.mp4",)),
    Case("one bad among good ones", text("bad.mp4", b""), VIDEO.format("bad.mp4 good.mp4"), 1, ("empty",)),
]  # fmt: skip

CAMERAS = [
    Case("no camera", nothing, "live 63 --no-window", 1, ("can't open camera 63",)),
    Case("no device", nothing, "live /dev/video63 --no-window", 1, ("can't open camera /dev/video63",)),
    Case("a device that is a path", nothing, "live /dev/video0/../../good.mp4", 2, ("is no camera",)),
    Case("refused", nothing, "live http://127.0.0.1:9/x --no-window", 1, ("can't open stream", "running")),
    Case("a file as a camera", nothing, "live good.mp4", 2, ("--realtime",)),
    Case("no such file", nothing, "live no.mp4 --realtime --no-window", 1, ("no file no.mp4",)),
    Case("a photo as a camera", nothing, "live obama.jpg --realtime --no-window", 1, ("is a photo",)),
    Case("a stream from a file here", nothing, "live http://127.0.0.1:9/../good.mp4 --realtime", 2, ("--realtime is for a file",)),
]  # fmt: skip

DATASETS = [
    Case("an empty table", text("bad.csv", b""), CSV, 1, ("columns emotion, pixels",)),
    Case("no rows", text("bad.csv", ROW), CSV, 2, ("no pictures below",)),
    Case("other columns", text("bad.csv", "a,b\n1,2\n"), CSV, 1, ("it has: a, b",)),
    Case("a wrong label", text("bad.csv", ROW + f"9,{PIXELS},Training\n"), CSV, 1, ("0 to 6",)),
    Case("a label that is a word", text("bad.csv", ROW + f"x,{PIXELS},Training\n"), CSV, 1, ("'x'",)),
    Case("short rows", text("bad.csv", "emotion,Usage,pixels\n" + "".join(f"{n},PublicTest,{PIXELS}\n" for n in range(7)) + "3,PublicTest\n"), CSV, 0, ("left out line 9",)),
    Case("no numbers", text("bad.csv", ROW + GOOD_ROWS + "3,a b c,PublicTest\n"), CSV, 0, ("numbers from 0 to 255",)),
    Case("numbers too large", text("bad.csv", ROW + GOOD_ROWS + f"3,{'999 ' * 64},PublicTest\n"), CSV, 0, ("numbers from 0 to 255",)),
    Case("no square", text("bad.csv", ROW + GOOD_ROWS + "3,1 2 3,PublicTest\n"), CSV, 0, ("no square",)),
    Case("zeros", text("bad.csv", bytes(5000)), CSV, 1, ("bad.csv",)),
    Case("a field without end", text("bad.csv", ROW + "0," + "0 " * 99_999), CSV, 1, ("field larger",)),
    Case("no zip", text("bad.zip", b"no zip"), ZIP, 1, ("neither a zip",)),
    Case("a zip with ..", zipped(("../happy/1.png", b"x"), ("b/1.png", b"x")), ZIP, 1, ("unsafe path",)),
    Case("a zip with roots", zipped(("/a/1.png", b"x"), ("b/1.png", b"x")), ZIP, 1, ("unsafe path",)),
    Case("a zip with drives", zipped(("C:/a/1.png", b"x"), ("b/1.png", b"x")), ZIP, 1, ("unsafe path",)),
    Case("an encrypted zip", encrypted, ZIP, 1, ("encrypted", "none")),
    Case("a cut zip", cut_zip, ZIP, 1, ("bad.zip",)),
    Case("a zip in a zip", zipped(("inner.zip", b"PK"), ("b.txt", b"x")), ZIP, 2, ("no pictures in folders",)),
    Case("a bomb", zipped(("happy/1.png", bytes(99 << 20)), ("sad/1.png", b"x")), ZIP, 1, ("over 64 MB",)),
    Case("one label", zipped(("a/1.png", b"x")), ZIP, 1, ("one label only",)),
    Case("a pipe as a table", lambda f: os.mkfifo(f / "bad.csv"), CSV, 1, ("not an ordinary file",)),
    Case("an empty folder", lambda f: (f / "bad").mkdir(), "evaluate bad", 2, ("no pictures in folders",)),
    Case("no data set", nothing, "evaluate bad", 2, ("no data set bad",)),
    Case("train on nothing", lambda f: (f / "bad").mkdir(), "train bad", 2, ("no pictures in folders",)),
    Case("votes of nothing", text("votes.csv", "a,b\n"), "evaluate set --model pixels --votes votes.csv", 1, ("votes.csv",)),
]  # fmt: skip

MODELS = [
    Case("no model", nothing, MODEL, 2, ("no model 'bad.safetensors'",)),
    Case("an empty model", text("bad.safetensors", b""), MODEL, 1, ("is not a model",)),
    Case("text as a model", text("bad.safetensors", "hello" * 99), MODEL, 1, ("is not a model",)),
    Case("a pickle", text("bad.safetensors", pickle.dumps(RunsCode())), MODEL, 1, ("is not a model",)),
    Case("no card", model({}), MODEL, 1, ("no model card",)),
    Case("a card of another version", model({"__metadata__": {"emocam": '{"format_version": 1, "recipe": "words", "labels": ["a", "b"], "size": 48}'}}), MODEL, 1, ("format version 1",)),
    Case("a card that is a number", model({"__metadata__": {"emocam": 5}}), MODEL, 1, ("no model card",)),
    Case("a list of cards", model({"__metadata__": ["emocam"]}), MODEL, 1, ("no model card",)),
    Case("a header that lies", model({"__metadata__": {"emocam": json.dumps(load_model_card(find_model()))}, "x": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 4]}}, bytes(4)), MODEL, 1, ("is not a model",)),
    Case("a folder as a model", lambda f: (f / "bad.safetensors").mkdir(), MODEL, 2, ("no model",)),
    Case("a device as a model", nothing, "label obama.jpg --model /dev/zero", 2, ("no model",)),
]  # fmt: skip

PLACES = [
    Case("a table that exists", text("out.csv", "mine"), f"{LABEL} out.csv", 2, ("out.csv exists", "--force")),
    Case("a folder as a table", lambda f: (f / "out.csv").mkdir(), f"{LABEL} out.csv", 2, ("out.csv",)),
    Case("a folder as a table, forced", lambda f: (f / "out.csv").mkdir(), f"{LABEL} out.csv --force", 1, ("out.csv",)),
    Case("an unknown table", nothing, f"{LABEL} out.xls", 2, (".csv, .jsonl",)),
    Case("below a file", text("file", "x"), f"{LABEL} file/out.csv", 1, ("can't write",)),
    Case("below a device", nothing, f"{LABEL} /dev/null/out.csv", 1, ("can't write",)),
    Case("a film that exists", text("out.mp4", "mine"), "video good.mp4 -o out.mp4", 2, ("out.mp4 exists",)),
    Case("over the clip itself", nothing, "video good.mp4 -o good.mp4", 2, ("clip itself",)),
    Case("a file as a folder of results", text("out", "x"), "video good.mp4 --table -o out", 1, ("can't write",)),
    Case("annotated over the photos", nothing, f"{LABEL} out.csv --annotated .", 2, ("holds the photos",)),
    Case("sorted into a full folder", nothing, f"{LABEL} out.csv --sort-into set", 2, ("set is not empty",)),
    Case("a film that is none", nothing, "live good.mp4 --realtime --no-window --record out.avi", 2, ("ends in .mp4",)),
    Case("a log that can't grow", nothing, "live good.mp4 --realtime --no-window --log out.parquet", 2, ("can't be read while it grows",)),
    Case("somebody else's journal", text("out.csv.progress", "x" * 5000), f"{LABEL} out.csv", 1, ("--fresh",)),
    Case("a figure that can't be", text("f", "x"), "explain obama.jpg -o f/a.png", 1, ("can't write",)),
]  # fmt: skip

ARGUMENTS = [
    Case("no photo", nothing, "label no.jpg", 2, ("no file or folder no.jpg",)),
    Case("an empty pattern", nothing, "label *.nef", 2, ("nothing matches",)),
    Case("a certainty of 7", nothing, "label obama.jpg --certainty 7", 2, ("--certainty",)),
    Case("no number", nothing, "label obama.jpg --certainty high", 2, ("--certainty",)),
    Case("not a number at all", nothing, "label obama.jpg --certainty nan", 2, ("--certainty",)),
    Case("no processes", nothing, "label obama.jpg --jobs 0", 2, ("--jobs",)),
    Case("no scheduler", nothing, "label obama.jpg --scheduler tcp://127.0.0.1:9", 1, ("127.0.0.1:9",)),
    Case("an unknown protocol", nothing, "label nope://x", 1, ("nope",)),
    Case("a time that is none", nothing, "video good.mp4 --start soon", 2, ("a time is written",)),
    Case("an end before the start", nothing, "video good.mp4 --start 2 --end 1", 2, ("not after",)),
    Case("a part beyond the end", nothing, "video good.mp4 --start 99 --table", 1, ("in this part",)),
    Case("a size that is none", nothing, "live 0 --camera-size huge", 2, ("1280x720",)),
    Case("memory that is none", nothing, "train set --memory lots", 2, ("6GB",)),
    Case("a profile that is none", text("me.json", "[" * 9999), "live good.mp4 --realtime --no-window --profile me.json", 1, ("is not a profile",)),
    Case("a pipe as a profile", lambda f: os.mkfifo(f / "me.json"), "live good.mp4 --realtime --no-window --profile me.json", 1, ("is not a profile",)),
    Case("a photo without a face", lambda f: text("bad.pgm", b"P5 64 48 255\n" + bytes(64 * 48))(f), "explain bad.pgm", 1, ("no face",)),
    Case("an unknown command", nothing, "lable", 2, ("No such command",)),
    Case("an unknown option", nothing, "label obama.jpg --colour", 2, ("--colour",)),
]  # fmt: skip

CASES = [*CLIPS, *CAMERAS, *DATASETS, *MODELS, *PLACES, *ARGUMENTS]
