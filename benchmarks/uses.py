"""What emocam's uses take as a user runs them: live, video, label, and the start of a command.

    python benchmarks/uses.py
    python benchmarks/uses.py --only label video --against ../emocam-before --rounds 5

With `--against` each command runs in turns with that of another checkout, and the table shows the
median of the ratios: what other programs do to times then hits both.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from live import display, loopback
from measuring import ROOT, Run, emocam, print_table, run, write_json
from media import CLIP, PORTRAITS, make_photos, scaled_clip

FPS = 25
Use = Callable[[Path, Path], dict[str, float]]  # a checkout, a folder for results; figures


def measured(command: list[object], checkout: Path, amount: float = 1.0) -> dict[str, float]:
    """Figures of one run: seconds, what it got through in one, memory."""
    took: Run = run(command, checkout=checkout)
    if took.exit_code:
        sys.exit(f"failed in {checkout}: {' '.join(map(str, command))}")
    return {
        "seconds": took.wall_s,
        "processor seconds": took.cpu_s,
        "a second": amount / took.wall_s,
        "peak MB": took.peak_mb,
    }


def start_uses() -> dict[str, Use]:
    def cold(checkout: Path, folder: Path) -> dict[str, float]:
        target = folder / "one.csv"
        return measured(emocam("label", PORTRAITS[0], "-o", target, "--fresh"), checkout)

    return {
        "emocam --help": lambda checkout, _: measured(emocam("--help"), checkout),
        "label one.jpg, cold": cold,
    }


def label_uses(folder: Path, photos: int) -> dict[str, Use]:
    uses = {}
    for width, height, faces in ((256, 256, 1), (640, 480, 1), (1920, 1300, 4)):
        album = make_photos(folder / f"album{width}", (width, height), faces, photos)

        def use(checkout: Path, results: Path, album: Path = album) -> dict[str, float]:
            command = emocam("label", album, "-o", results / "labels.csv", "--fresh")
            return measured(command, checkout, photos)

        uses[f"label, {photos} photos of {width}×{height}, {faces} faces"] = use
    return uses


def video_uses(folder: Path, clip: Path) -> dict[str, Use]:
    uses = {}
    for size_wh in ((640, 480), (1280, 720)):
        scaled = scaled_clip(clip, folder / f"clip{size_wh[0]}.mp4", size_wh)
        frames = count_frames(scaled)

        def table(
            checkout: Path, results: Path, scaled: Path = scaled, frames: int = frames
        ) -> dict[str, float]:
            target = results / "table.csv"
            figures = measured(
                emocam("video", scaled, "-o", target, "--force"), checkout, frames
            )  # fmt: skip
            return {**figures, **calm(target)}

        def whole(
            checkout: Path, results: Path, scaled: Path = scaled, frames: int = frames
        ) -> dict[str, float]:
            figures = measured(
                emocam("video", scaled, "-o", results / "all", "--force"), checkout, frames
            )
            return {**figures, "times real time": frames / FPS / figures["seconds"]}

        name = f"{size_wh[0]}×{size_wh[1]}"
        uses[f"video --table, {name}"] = table
        uses[f"video, film and report, {name}"] = whole
    return uses


def count_frames(clip: Path) -> int:
    import cv2

    capture = cv2.VideoCapture(str(clip))
    count = 0
    while capture.grab():
        count += 1
    capture.release()
    return count


def calm(table: Path) -> dict[str, float]:
    """Share of frames with a face, and label switches a minute of each face."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    frames = {row["frame"] for row in rows}
    read = [row for row in rows if row["status"] == "ok"]
    by_face: dict[str, list[str]] = {}
    for row in read:
        by_face.setdefault(row["face"], []).append(row["emotion"])
    switches = sum(a != b for one in by_face.values() for a, b in itertools.pairwise(one))
    minutes = sum(map(len, by_face.values())) / FPS / 60
    found = len({row["frame"] for row in read}) / max(1, len(frames))
    return {"frames with a face": found, "switches a minute": switches / max(minutes, 1e-9)}


def live_uses(clip: Path, seconds: float) -> dict[str, Use]:
    def use(checkout: Path, size: str, tile: int) -> dict[str, float]:
        with display(), loopback(clip, size, 30, tile) as url:
            command = [
                sys.executable, str(ROOT / "benchmarks" / "live.py"), "_session", url,
                "--seconds", str(seconds),
            ]  # fmt: skip
            environment = {**os.environ, "PYTHONPATH": str(checkout)}
            done = subprocess.run(
                command, stdout=subprocess.PIPE, text=True, check=True, env=environment
            )
        said = json.loads(done.stdout.splitlines()[-1])
        return {
            "drawn a second": said["drawn_fps"],
            "readings a second": said["readings_per_s"],
            "capture to drawn reading, ms (95 %)": said["capture_to_drawn_reading_ms_p50_p95"][1],
            "age of a drawn frame, ms (95 %)": said["frame_age_ms_p50_p95"][1],
            "cores busy": said["session_cpu_share"],
            "peak MB": said["peak_mb"],
        }

    return {
        "live, one face, 640×480": lambda checkout, _: use(checkout, "640x480", 1),
        "live, four faces, 800×600": lambda checkout, _: use(checkout, "800x600", 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = ("start", "label", "video", "live")
    parser.add_argument("--only", nargs="+", choices=kinds, default=list(kinds))
    parser.add_argument("--against", type=Path, help="another checkout, measured in turns")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", type=int, default=120)
    parser.add_argument("--clip", type=Path, default=CLIP)
    parser.add_argument("--seconds", type=float, default=15.0, help="of a live session")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="emocam-uses-"))
    try:
        uses: dict[str, Use] = {}
        if "start" in chosen.only:
            uses |= start_uses()
        if "label" in chosen.only:
            uses |= label_uses(folder, chosen.photos)
        if "video" in chosen.only:
            uses |= video_uses(folder, chosen.clip.resolve())
        if "live" in chosen.only:
            uses |= live_uses(chosen.clip.resolve(), chosen.seconds)
        checkouts = [ROOT] if chosen.against is None else [ROOT, chosen.against.resolve()]
        results = {}
        for name, use in uses.items():
            results[name] = in_turns(use, checkouts, chosen.rounds, folder)
            show(name, results[name])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write_json(chosen.json, {"uses": results, "rounds": chosen.rounds})


def in_turns(
    use: Use, checkouts: list[Path], rounds: int, folder: Path
) -> list[dict[str, list[float]]]:
    """Figures of each checkout, a value a round; the first goes first in every other round."""
    found: list[dict[str, list[float]]] = [{} for _ in checkouts]
    for number in range(rounds):
        order = list(enumerate(checkouts))
        for which, checkout in reversed(order) if number % 2 else order:
            results = folder / f"results{which}"
            results.mkdir(exist_ok=True)
            for name, value in use(checkout, results).items():
                found[which].setdefault(name, []).append(value)
    return found


def show(name: str, found: list[dict[str, list[float]]]) -> None:
    print(f"\n**{name}**\n")
    if len(found) == 1:
        rows = [[key, f"{median(values):.4g}"] for key, values in found[0].items()]
        print_table(["", "median"], rows)
        return
    now, before = found
    rows = []
    for key, values in now.items():
        pairs = [a / b for a, b in zip(values, before[key], strict=True) if b]
        ratio = f"{median(pairs):.2f} ({min(pairs):.2f}–{max(pairs):.2f})" if pairs else ""
        rows.append([key, f"{median(before[key]):.4g}", f"{median(values):.4g}", ratio])
    print_table(["", "before", "now", "now / before, medians of pairs"], rows)


if __name__ == "__main__":
    main()
