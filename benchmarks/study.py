"""Speed, memory and size of `emocam study`, and how often its intervals cover the truth.

    python benchmarks/study.py [CLIP]

Without CLIP, a study of 40 sessions and 10 hours is made up and its page is made again from the
tables, and 200 studies are simulated. With CLIP, 40 clips of a minute are cut from it (looped) at
400x300 and read with two processes; needs ffmpeg. Every number of time and memory comes from the
command as users run it, in a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emocam.recognition.labels import EMOTIONS
from emocam.study.frames import SessionFrames, write_frames
from emocam.study.statistics import contrast, mean_intervals

SESSIONS, MINUTES, FPS = 40, 15, 25
STUDIES, PEOPLE, SECONDS = 200, (8, 12, 20, 40), 60


@dataclass(frozen=True)
class Run:
    """What one run took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run_study(*arguments: object) -> Run:
    """Run the command and measure it with its processes."""
    began_s = time.monotonic()
    command = [sys.executable, "-m", "emocam", "study", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    wall_s = time.monotonic() - began_s
    return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def made_up(rng: np.random.Generator, shares: np.ndarray, seconds: float) -> SessionFrames:
    """Readings of one face whose labels take turns of a second or so, by their shares."""
    n = round(seconds * FPS)
    spells = rng.choice(len(EMOTIONS) + 1, size=n, p=shares)
    label_codes = np.repeat(spells, rng.integers(FPS // 2, 2 * FPS, size=n))[:n].astype(np.int8)
    probabilities = rng.dirichlet(np.full(len(EMOTIONS), 0.4), size=n).astype(np.float32)
    labelled = label_codes < len(EMOTIONS)
    probabilities[np.flatnonzero(labelled), label_codes[labelled]] += 1.0
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return SessionFrames(
        labels=EMOTIONS,
        frame=np.arange(n, dtype=np.int64),
        time_s=np.arange(n) / FPS,
        face=np.zeros(n, np.int32),
        xyxy=np.tile(np.array([100, 60, 240, 200], np.int32), (n, 1)),
        detection=np.ones(n, np.float32),
        angles_deg=np.zeros((n, 3), np.float32),
        label_codes=label_codes,
        certainty=probabilities.max(axis=1),
        cluster=np.zeros(n, np.int32),
        others=np.zeros(n, np.int16),
        sharpness=rng.normal(1, 0.1, n).astype(np.float32),
        probabilities=probabilities,
    )


def write_study(folder: Path) -> None:
    """Tables of 20 participants under two conditions, ten hours of readings."""
    rng = np.random.default_rng(0)
    rows, sessions = [], []
    for number in range(SESSIONS):
        condition = ("film", "talk")[number % 2]
        name = f"{condition}/p{number // 2:02d}"
        shares = rng.dirichlet(np.r_[np.full(4, 1.0), 6.0, 1.0, 1.0, 3.0])
        sessions.append((name, made_up(rng, shares, MINUTES * 60)))
        rows.append((name, f"{name}.mp4", f"p{number // 2:02d}", condition))
    folder.mkdir(parents=True)
    write_frames(folder / "frames.parquet", sessions)
    with (folder / "sessions.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("session", "file", "participant", "condition"), *rows])


def again_from_tables(folder: Path) -> None:
    """How long the page takes from the tables alone, with other segments."""
    tables = folder / "tables"
    write_study(tables)
    for what in ((), ("--segment-length", "60s")):
        runs = [run_study(tables, "-o", folder / "again", "--from-tables", *what) for _ in range(3)]
        wall, cpu, peak = (
            float(np.median([getattr(run, name) for run in runs]))
            for name in ("wall_s", "cpu_s", "peak_mb")
        )
        size_mb = (folder / "again" / "study.html").stat().st_size / 1e6
        print(
            f"10 h of tables {' '.join(what)}: {wall:.1f} s ({cpu:.1f} s of processor), "
            f"{peak:.0f} MB, study.html {size_mb:.2f} MB"
        )


def read_clips(clip: Path, folder: Path) -> None:
    """How fast 40 clips of a minute are read and turned into tables and page."""
    for number in range(SESSIONS):
        target = folder / "clips" / ("film", "talk")[number % 2] / f"p{number // 2:02d}.mp4"
        target.parent.mkdir(parents=True, exist_ok=True)
        cut = ["-stream_loop", "-1", "-ss", str(number), "-i", clip, "-t", str(SECONDS)]
        ffmpeg = ["ffmpeg", "-v", "error", "-y", *cut, "-vf", "scale=400:300", "-an", target]
        subprocess.run([str(part) for part in ffmpeg], check=True)
    run = run_study(folder / "clips", "-o", folder / "results", "--jobs", 2)
    seconds = SESSIONS * SECONDS
    print(
        f"{SESSIONS} clips of a minute: {run.wall_s:.0f} s, {seconds / run.wall_s:.1f} times real "
        f"time; by processor time on two cores {2 * seconds / run.cpu_s:.1f} times"
    )
    again = run_study(folder / "clips", "-o", folder / "results", "--jobs", 2)
    size_mb = (folder / "results" / "study.html").stat().st_size / 1e6
    print(f"the same command again: {again.wall_s:.1f} s; study.html {size_mb:.2f} MB")


def coverage() -> None:
    """How many of the 95 % intervals hold the truth, over simulated studies."""
    rng = np.random.default_rng(1)
    kinds = {
        "normal": (lambda size: rng.normal(size=size), 0.0),
        "shares, mean 25 %": (lambda size: rng.beta(2, 6, size=size), 0.25),
        "rare shares, mean 12 %": (lambda size: rng.beta(0.8, 6, size=size), 0.8 / 6.8),
    }
    print("\ncoverage of 95 % intervals, means / paired / unpaired differences")
    for name, (draw, truth) in kinds.items():
        cells = []
        for n in PEOPLE:
            a, b, c = (draw((n, 10 * STUDIES)) for _ in range(3))
            paired = contrast(a + 0.1, (a + b) / 2, paired=True, tested=False)
            groups = contrast(a + 0.1, c, paired=False, tested=False)
            found = (
                _covered(mean_intervals(a), truth),
                _covered(paired, 0.1),
                _covered(groups, 0.1),
            )
            cells.append(f"n = {n}: " + " / ".join(f"{share:.1%}" for share in found))
        print(f"  {name}: " + ", ".join(cells))


def _covered(found: object, truth: float) -> float:
    low, high = found.low, found.high  # type: ignore[attr-defined]
    return float(np.mean((low <= truth) & (truth <= high)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("clip", type=Path, nargs="?")
    clip = parser.parse_args().clip
    with tempfile.TemporaryDirectory() as folder:
        if clip is None:
            again_from_tables(Path(folder))
            coverage()
        else:
            read_clips(clip, Path(folder))


if __name__ == "__main__":
    main()
