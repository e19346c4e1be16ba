"""Files damaged by the thousand, each to end in a table with a status; 100,000 of them by hand.

    python tests/robustness/mutations.py --count 100000 --seed 1 --times times.csv

Good pictures and clips in nine formats are cut, flipped, spliced and swollen at random places (the
same seed damages the same). A batch is one run of `emocam label`, `emocam video` for clips, which
notes how long each of its files took. Of one that is stopped, the file that it hung on is named and
the others are run again.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.robustness.bad_photos import encoded, face
from tests.robustness.clips import make_clip
from tests.robustness.timed import read_notes

PHOTOS = {
    "jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF", "tif": "TIFF", "bmp": "BMP",
    "avif": "AVIF",
}  # fmt: skip
CLIPS = ("mp4", "mkv")
MEMORY_MB = 1000
HANG_S = 10.0
_BATCH_ENDS_S = 300.0  # a batch that takes longer is stopped
_PHOTOS_A_BATCH, _CLIPS_A_BATCH = 400, 40  # some seconds each
_STATUSES = frozenset({"ok", "no_face", "unreadable", "truncated", "too_large", "unsupported"})
_UNEXPECTED = re.compile(r"unexpected [A-Z]\w+")  # and the kind of an error that nobody expected
_ROOT = Path(__file__).parents[2]
_TIMED = _ROOT / "tests/robustness/timed.py"
_MEASURED = (
    "import resource, subprocess, sys;"
    "code = subprocess.call(sys.argv[1:]);"
    "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr);"
    "sys.exit(code)"
)


Batch = list[tuple[str, bytes]]
"""Names and contents of files."""


class Outcome(NamedTuple):
    """What came of damaged files: their statuses, faults, MB at most, and seconds of each file."""

    statuses: Counter[str]
    faults: list[str]
    memory_mb: float
    seconds: dict[str, float]


def good_files(folder: Path) -> dict[str, bytes]:
    """A small file of each format, of a face."""
    good = {ending: encoded(kind, face(96)) for ending, kind in PHOTOS.items()}
    for ending in CLIPS:
        good[ending] = make_clip(folder / f"good.{ending}", 12).read_bytes()
    return good


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """The file with some damage, of one kind or of several."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        at, size = int(rng.integers(len(out) + 1)), int(rng.integers(1, 64))
        kind = int(rng.integers(6))
        if kind == 0:  # cut
            del out[max(1, at) :]
        elif kind == 1:  # flipped bits
            for place in rng.integers(0, len(out), int(rng.integers(1, 30))):
                out[place] ^= 1 << int(rng.integers(8))
        elif kind == 2:  # bytes with a meaning to parsers
            out[at : at + size] = bytes([int(rng.choice([0, 0x7F, 0x80, 0xFF]))]) * size
        elif kind == 3:  # a hole
            del out[at : at + size]
        elif kind == 4:  # a piece twice
            out[at:at] = out[max(0, at - size * 8) : at]
        else:  # the head, where sizes stand
            out[int(rng.integers(min(64, len(out))))] = int(rng.integers(256))
    return bytes(out)


def batches(count: int, seed: int) -> Iterator[tuple[bool, Batch]]:
    """Damaged files in batches of photos or clips: the ninth of all that are due to each format."""
    with tempfile.TemporaryDirectory() as folder:
        good = good_files(Path(folder))
    for is_clip, endings in ((False, tuple(PHOTOS)), (True, CLIPS)):
        size = _CLIPS_A_BATCH if is_clip else _PHOTOS_A_BATCH
        total = round(count * len(endings) / 9)
        for first in range(0, total, size):
            batch = []
            for number in range(first, min(total, first + size)):
                ending = endings[number % len(endings)]
                rng = np.random.default_rng((seed, is_clip, number))
                batch.append((f"{number:06d}.{ending}", damaged(good[ending], rng)))
            yield is_clip, batch


def try_batch(is_clip: bool, batch: Batch) -> Outcome:
    """Run emocam over the files, and see what came of each and how long it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        outcome = _run(is_clip, batch, folder)
        _, unended = read_notes(folder / "notes")
    if outcome is not None:
        return outcome
    # It was stopped: the files it was at are the ones it hung on, and the others had no chance.
    hung = [f"{name}: hangs" for name in sorted(unended)] or ["a batch hangs outside of its files"]
    stopped = Outcome(Counter(hangs=len(unended)), hung, 0.0, dict.fromkeys(unended, _BATCH_ENDS_S))
    rest = [one for one in batch if one[0] not in unended]
    return joined([stopped, try_batch(is_clip, rest)]) if unended and rest else stopped


def joined(outcomes: Iterable[Outcome]) -> Outcome:
    """What came of all of them."""
    statuses, faults, memory_mb, seconds = Counter[str](), [], 0.0, {}
    for one in outcomes:
        statuses += one.statuses
        faults = faults + one.faults
        memory_mb = max(memory_mb, one.memory_mb)
        seconds |= one.seconds
    return Outcome(statuses, faults, memory_mb, seconds)


def _run(is_clip: bool, batch: Batch, folder: Path) -> Outcome | None:
    """One run over the files; None when it did not end in time."""
    inputs = folder / "in"
    inputs.mkdir()
    for name, data in batch:
        (inputs / name).write_bytes(data)
    command = [sys.executable, str(_TIMED), "notes"]
    if is_clip:
        command += ["video", "in", "--table", "-o", "out"]
    else:
        command += ["label", "in", "-o", "out.csv", "--jobs", "2"]
    with subprocess.Popen(
        [sys.executable, "-c", _MEASURED, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as running:
        try:
            _, err = running.communicate(timeout=_BATCH_ENDS_S)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)  # its workers too
            return None
    *lines, peak = err.splitlines()
    memory_mb = int(peak.split()[1]) / 1024
    statuses = _clip_statuses(folder, batch, lines) if is_clip else _photo_statuses(folder, batch)
    seconds, _ = read_notes(folder / "notes")
    faults = _faults(running.returncode, lines, statuses, memory_mb) + _late(batch, seconds)
    return Outcome(Counter(statuses.values()), faults, memory_mb, seconds)


def _late(batch: Batch, seconds: dict[str, float]) -> list[str]:
    """The files that took too long, and those whose reading never ended: it crashed."""
    late = [f"{name}: took {took:.1f} s" for name, took in seconds.items() if took > HANG_S]
    return late + [f"{name}: its reading never ended" for name, _ in batch if name not in seconds]


def _photo_statuses(folder: Path, batch: Batch) -> dict[str, str]:
    with (folder / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = {Path(row["source"]).name: row["status"] for row in csv.DictReader(file)}
    return {name: rows.get(name, "missing") for name, _ in batch}


def _clip_statuses(folder: Path, batch: Batch, lines: list[str]) -> dict[str, str]:
    """A clip has a table, or a line that says why not."""
    statuses = {}
    for name, _ in batch:
        said = any(name in line for line in lines)
        stem = Path(name).stem
        has_table = any((folder / "out" / f"{one}.csv").exists() for one in (stem, name))
        statuses[name] = "ok" if has_table else ("unreadable" if said else "missing")
    return statuses


def _faults(code: int, lines: list[str], statuses: dict[str, str], memory_mb: float) -> list[str]:
    faults = [f"{name}: {status}" for name, status in statuses.items() if status not in _STATUSES]
    faults += [
        line for line in lines if not line.startswith("emocam: ") or _UNEXPECTED.search(line)
    ]
    if code not in (0, 1):
        faults.append(f"exit code {code}")
    if memory_mb > MEMORY_MB:
        faults.append(f"{memory_mb:.0f} MB")
    return faults


def try_all(count: int, seed: int, *, tell: bool = False) -> Outcome:
    """Damage and read so many files; says after each batch how far it is, if asked."""
    outcome = joined(())
    for is_clip, batch in batches(count, seed):
        outcome = joined([outcome, try_batch(is_clip, batch)])
        if tell:
            print(
                f"{outcome.statuses.total()} files, {len(outcome.faults)} faults, slowest "
                f"{max(outcome.seconds.values()):.2f} s", file=sys.stderr,
            )  # fmt: skip
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=Path, help="a table with the seconds of each file")
    chosen = parser.parse_args()
    began_s = time.monotonic()
    outcome = try_all(chosen.count, chosen.seed, tell=True)
    if chosen.times is not None:
        with chosen.times.open("w", newline="") as file:
            csv.writer(file).writerows([("file", "seconds"), *outcome.seconds.items()])
    times = sorted(outcome.seconds.values())
    print(
        f"{outcome.statuses.total()} damaged files in {time.monotonic() - began_s:.0f} s, "
        f"{outcome.memory_mb:.0f} MB at most: {dict(outcome.statuses)}; {len(outcome.faults)} "
        f"faults; a file took {times[len(times) // 2]:.3f} s (median), {times[-1]:.2f} s at most"
    )
    for fault in outcome.faults[:50]:
        print(fault)
    sys.exit(bool(outcome.faults))


if __name__ == "__main__":
    main()
