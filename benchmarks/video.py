"""Speed, memory, sound and faces of `emocam video`, printed as a table.

    python benchmarks/video.py CLIP [--long]

CLIP should show one face in all frames. It is given a sound track, scaled to 1280x720, and with
`--long` looped to 60 minutes. Needs ffmpeg and ffprobe. Every number comes from the command as
users run it, in a process of its own, and from the files that it writes.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """What one run took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run_video(clip: Path, output: Path, *more: str) -> Run:
    """Run the command and measure it."""
    arguments = [sys.executable, "-m", "emocam", "video", clip, "-o", output, "--force", *more]
    began_s = time.monotonic()
    process = subprocess.Popen([str(part) for part in arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"emocam video {clip} failed")
    wall_s = time.monotonic() - began_s
    return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def with_sound(clip: Path, target: Path, *filters: str) -> Path:
    """The clip with a tone as long as it is."""
    ffmpeg(
        *("-i", clip, "-f", "lavfi", "-i", f"sine=440:duration={ends(clip)['video']}"),
        *("-map", "0:v", "-map", "1:a", "-c:a", "aac", *filters, target),
    )
    return target


def ends(clip: Path) -> dict[str, float]:
    """When the last packet of picture and sound ends, in seconds."""
    found: dict[str, float] = {}
    for kind in ("video", "audio"):
        entries = ["-show_entries", "packet=pts_time,duration_time", "-of", "json"]
        said = subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", kind[0], *entries, str(clip)],
            capture_output=True,
            check=True,
        ).stdout
        packets = json.loads(said)["packets"]
        if packets:
            found[kind] = max(
                float(one["pts_time"]) + float(one.get("duration_time", 0)) for one in packets
            )
    return found


def faces_of(table: Path) -> tuple[float, float, int]:
    """Shares of frames with a face and with more than one, and the number of ids."""
    faces: dict[str, int] = {}
    ids = set()
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            faces[row["frame"]] = faces.get(row["frame"], 0) + (row["status"] == "ok")
            ids.add(row["face"])
    counts = list(faces.values())
    found, double = (sum(n >= least for n in counts) / len(counts) for least in (1, 2))
    return found, double, len(ids - {""})


def switches_a_minute(table: Path, seconds: float) -> float:
    """How often the label of the face changes."""
    with table.open(newline="") as file:
        labels = [row["emotion"] for row in csv.DictReader(file) if row["status"] == "ok"]
    return sum(a != b for a, b in itertools.pairwise(labels)) / seconds * 60


def report_clip(name: str, clip: Path, folder: Path, repeat: int) -> float:
    """Measure one clip and print its line; the peak of memory in MB."""
    seconds = ends(clip)["video"]
    runs = [run_video(clip, folder / name) for _ in range(repeat)]
    film, table = (folder / name / f"{clip.stem}{ending}" for ending in (".mp4", ".csv"))
    before, after = ends(clip), ends(film)
    drift = abs((after["audio"] - after["video"]) - (before["audio"] - before["video"]))
    found, double, ids = faces_of(table)
    wall_s = statistics.median(one.wall_s for one in runs)
    cpu_s = statistics.median(one.cpu_s for one in runs)
    peak_mb = max(one.peak_mb for one in runs)
    page_mb = (folder / name / f"{clip.stem}.html").stat().st_size / 1e6
    print(
        f"| {name} | {seconds / wall_s:.1f}× | {seconds / cpu_s:.1f}× | {peak_mb:.0f} MB "
        f"| {drift * 1000:.0f} ms | {found:.2%} | {double:.2%} | {ids} "
        f"| {switches_a_minute(table, seconds):.1f} | {page_mb:.2f} MB |",
        flush=True,
    )
    return peak_mb


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--long", action="store_true", help="also 60 minutes (takes a while)")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load before {load:.1f} (a busy machine lowers `real time`)\n")
    print(
        "| clip | real time | a CPU second | peak memory | drift of sound | frames with a face "
        "| with more | ids | label switches a minute | report |\n|" + "---|" * 10
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = with_sound(given.clip, folder / "small.mp4", "-c:v", "copy")
        peak_mb = report_clip("as it is", short, folder, given.repeat)
        scaled = ("-vf", "scale=1280:720", "-preset", "veryfast", "-crf", "20")
        large = with_sound(given.clip, folder / "large.mp4", *scaled)
        report_clip("1280x720", large, folder, given.repeat)
        if given.long:
            loops = round(3600 / ends(short)["video"])
            looped = folder / "long.mp4"
            ffmpeg("-stream_loop", loops - 1, "-i", short, "-c", "copy", looped)
            long_mb = report_clip("60 minutes", looped, folder, 1)
            print(f"\nmemory for 60 minutes: {long_mb / peak_mb:.2f} times that for the short clip")


if __name__ == "__main__":
    main()
